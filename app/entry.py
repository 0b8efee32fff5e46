"""The form: one field for each input that the model lists."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.formatting import number, quantity
from app.measures import is_money, says
from bankseg_assets.scoring import Bundle, InputError

Entered = Mapping[str, float | None]


def ask(bundle: Bundle) -> Entered | None:
    """Draw the form; return what was submitted last, None before the first time.

    A model that asks for other measures than were submitted needs a new submission.
    """
    with st.form("customer"):
        typed = {field["measure"]: _field(field) for field in bundle.inputs}
        if st.form_submit_button("Find the segment", type="primary", width="stretch"):
            st.session_state.submitted = typed
    submitted: Entered | None = st.session_state.get("submitted")
    return submitted if submitted and submitted.keys() == typed.keys() else None


def within_ranges(inputs: Sequence[Mapping[str, Any]], entered: Entered) -> dict[str, float]:
    """Return the values; raise InputError with a sentence for each one outside its range."""
    problems = [
        f"{field['label']} must be from {_range(field)}; found {_found(entered[field['measure']])}."
        for field in inputs
        if not _within(field, entered[field["measure"]])
    ]
    if problems:
        raise InputError(" ".join(problems))
    return {measure: value for measure, value in entered.items() if value is not None}


def _field(field: Mapping[str, Any]) -> float | None:
    measure, label, unit = field["measure"], field["label"], field["unit"]
    kind, form = (float, "%.2f") if is_money(measure) else (int, "%d")
    # The range is checked on submission, not by the field: a field with bounds refuses a value
    # outside them and hands over the one before it, so that the answer is of another customer.
    value: float | None = st.number_input(
        label if says(label, unit) else f"{label} ({unit})",
        value=kind(field["default"]),
        step=kind(field["step"]),
        format=form,
        key=f"input_{measure}",
        persist_state="session",
    )
    st.caption(f"{field['help']}. From {_range(field)}.")
    return value


def _within(field: Mapping[str, Any], value: float | None) -> bool:
    return value is not None and field["minimum"] <= value <= field["maximum"]


def _range(field: Mapping[str, Any]) -> str:
    return f"{number(field['minimum'])} to {quantity(field['maximum'], field['unit'])}"


def _found(value: float | None) -> str:
    return "nothing" if value is None else number(value)
