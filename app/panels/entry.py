"""Form for a customer: one optional field per input of the model."""

from typing import Any

import streamlit as st

from app.widgets.measures import is_money, says
from bankseg_assets.contracts.currencies import decimals
from bankseg_assets.scoring.bundle import Bundle, InputError
from bankseg_assets.scoring.documents import NumberInput
from bankseg_assets.scoring.inputs import Input, asked_of, problem, range_of

SPENDING_ALONE = "Count spending only, without income such as a salary."

Entered = dict[str, Any]
"""Input -> value; None if unknown."""


def ask(bundle: Bundle) -> Entered | None:
    """Draw the form; return the last submission, None before the first.

    A model with other inputs than those submitted needs a new submission.
    """
    with st.form("customer"):
        st.caption("Leave empty what you do not know.")
        if bundle.direction_known:
            st.caption(SPENDING_ALONE)
        typed = {field.measure: _field(bundle, field) for field in asked_of(bundle)}
        if st.form_submit_button("Find the segment", type="primary", width="stretch"):
            st.session_state.submitted = typed
    submitted: Entered | None = st.session_state.get("submitted")
    return submitted if submitted is not None and submitted.keys() == typed.keys() else None


def known(bundle: Bundle, entered: Entered) -> dict[str, Any]:
    """Return the known values. Raises InputError, one sentence per value outside its range."""
    given = {name: value for name, value in entered.items() if value is not None}
    fields = {field.measure: field for field in asked_of(bundle)}
    problems = [found for name, value in given.items() if (found := problem(fields[name], value))]
    if problems:
        raise InputError(" ".join(problems))
    return given


def _field(bundle: Bundle, field: Input) -> Any:
    measure, label = field.measure, field.label
    if not isinstance(field, NumberInput):
        values = bundle.evidence[measure].values
        return st.selectbox(
            label,
            values,
            index=None,
            placeholder="not known",
            key=f"input_{measure}",
            persist_state="session",
        )
    unit = field.unit
    # At least two decimals, also for yen, because averages are entered.
    places = max(decimals(bundle.currency), 2)
    kind, form = (float, f"%.{places}f") if is_money(measure) else (int, "%d")
    # The range is checked on submission: a field with bounds would reject a value outside them and
    # return the previous value, so that the answer would be for another customer.
    value: float | None = st.number_input(
        label if says(label, unit) else f"{label} ({unit})",
        value=None,
        step=kind(field.step),
        format=form,
        placeholder="not known",
        key=f"input_{measure}",
        persist_state="session",
    )
    st.caption(f"{field.help}. From {range_of(field)}.")
    return value
