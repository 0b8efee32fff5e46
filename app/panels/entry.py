"""Form for a customer: one optional field per input of the model, read as it is typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from app.panels.typed import (
    Notation,
    TypedError,
    day_of,
    days_before,
    read_amount,
    read_number,
)
from app.widgets.measures import is_money, says
from app.widgets.numbers import Numbers
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.documents import NumberInput
from bankseg_assets.scoring.inputs import Input, asked_of, problem, range_of
from bankseg_assets.scoring.observed import range_in_data

SPENDING_ALONE = "Count spending only, without income such as a salary."
KEY = "input_"
"""Prefix of the fields' keys in the session."""
FIRST_DAY, ACTIVE_DAYS = "first_day", "active_days"
"""Fields of the forecast, which are emptied with the form."""


@dataclass(frozen=True)
class Entered:
    """The known values of the form, and whether another one needs a correction."""

    known: Mapping[str, Any] = field(default_factory=dict)
    has_problem: bool = False


@dataclass(frozen=True)
class Reading:
    """A typed text as a value, in words; or what is wrong with it."""

    value: Any = None
    echo: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Reader:
    """How the texts of a form are read, and values are written."""

    bundle: Bundle
    notation: Notation
    numbers: Numbers

    def read(self, asked: NumberInput, text: str) -> Reading:
        """Return what a text means for an input; an empty text is an unknown value."""
        if not text.strip():
            return Reading()
        try:
            value = self._value(asked, text)
        except TypedError as error:
            return Reading(problem=str(error))
        if wrong := problem(asked, value):
            return Reading(problem=wrong)
        return Reading(value, self._echo(asked, value))

    def is_date(self, asked: Input) -> bool:
        """Return whether an input is typed as the date from which its days count."""
        return asked.measure == "recency" and bool(self.bundle.snapshot_date)

    def label(self, asked: Input) -> str:
        """Return the label of a field, with its unit."""
        if self.is_date(asked):
            spending = "spending " if self.bundle.direction_known else ""
            return f"Date of the last {spending}transaction"
        is_said = not asked.unit or says(asked.label, asked.unit)
        return asked.label if is_said else f"{asked.label} ({asked.unit})"

    def range(self, asked: NumberInput) -> str:
        """Return in words the range that customers have or, if unknown, that is accepted."""
        found = range_in_data(self.bundle, asked.measure)
        if found is None:
            return f"From {range_of(asked)}."
        low, high = found
        if self.is_date(asked):
            snapshot = self.bundle.snapshot_date
            return f"In the data: {day_of(snapshot, high)} to {day_of(snapshot, max(low, 1))}."
        written = self.numbers.number(low), self.numbers.quantity(high, asked.unit)
        return f"In the data: {self.notation.written(' to '.join(written))}."

    def _value(self, asked: NumberInput, text: str) -> float:
        if self.is_date(asked):
            return days_before(self.bundle.snapshot_date, text, self.notation)
        if is_money(asked.measure):
            return read_amount(text, self.notation, self.bundle.currency)
        return int(read_number(text, self.notation, places=0))

    def _echo(self, asked: NumberInput, value: float) -> str:
        if self.is_date(asked):
            ago = self.numbers.quantity(value, "days")
            return f"{day_of(self.bundle.snapshot_date, value)}, {ago} before the snapshot"
        if is_money(asked.measure):
            return self.notation.written(self.numbers.money(value))
        return self.notation.written(self.numbers.quantity(value, asked.unit))


def ask(bundle: Bundle, notation: Notation, numbers: Numbers) -> Entered:
    """Draw the form; each value is read as soon as its field is left."""
    reader = Reader(bundle, notation, numbers)
    st.caption("Leave empty what you do not know.")
    if bundle.direction_known:
        st.caption(SPENDING_ALONE)
    known: dict[str, Any] = {}
    has_problem = False
    for asked in asked_of(bundle):
        reading = _field(reader, asked)
        has_problem |= bool(reading.problem)
        if reading.value is not None:
            known[asked.measure] = reading.value
    find, clear = st.columns(2)
    # Values are read without it; it is what a person looks for after the last field.
    find.button("Find the segment", type="primary", width="stretch")
    clear.button("Next customer", on_click=_clear, args=(asked_of(bundle),), width="stretch")
    return Entered(known, has_problem)


def _field(reader: Reader, asked: Input) -> Reading:
    label, key = reader.label(asked), f"{KEY}{asked.measure}"
    if not isinstance(asked, NumberInput):
        values = reader.bundle.evidence[asked.measure].values
        chosen = st.selectbox(
            label,
            values,
            index=None,
            placeholder="not known",
            key=key,
            persist_state="session",
        )
        return Reading(chosen)
    typed = st.text_input(
        label,
        placeholder="year-month-day" if reader.is_date(asked) else "not known",
        key=key,
        autocomplete="off",  # a browser would suggest the values of other customers
        persist_state="session",
    )
    reading = reader.read(asked, typed)
    if reading.problem:
        st.error(escaped(reading.problem), icon=":material/error:")
    elif reading.echo:
        st.caption(f":material/check: {reading.echo}")
    else:
        st.caption(f"{asked.help}. {reader.range(asked)}")
    return reading


def _clear(inputs: Sequence[Input]) -> None:
    """Empty the form for the next customer."""
    for asked in inputs:
        empty = "" if isinstance(asked, NumberInput) else None
        st.session_state[f"{KEY}{asked.measure}"] = empty
    for name in (FIRST_DAY, ACTIVE_DAYS):
        st.session_state[f"{KEY}{name}"] = ""
