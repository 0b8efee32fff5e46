"""Inputs of a model: which ones it has, and validation of their values.

The app's form, the API and lists of customers share the error sentences, as users compare them.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from bankseg_assets.presentation.formatting import PLAIN, number, quantity
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.documents import NumberInput, TextInput
from bankseg_assets.scoring.evidence import AGE, MOST_YEARS

Input = NumberInput | TextInput
Column = npt.NDArray[Any]
"""Values of n customers: doubles, NaN if unknown; or texts, None if unknown."""

_COUNTS = ("frequency",)
"""Measures that are whole numbers."""
_LONGEST_SHOWN = 40  # characters of a value that are shown
_MOST_UNKNOWN_NAMES = (
    3  # unknown names that are checked for similar inputs: 100,000 would take seconds
)


def asked_of(bundle: Bundle) -> list[Input]:
    """Return all inputs of this model: measures, then evidence."""
    evidence = [_evidence(name, bundle.label(name)) for name in bundle.evidence]
    style = {"number_format": bundle.number_format}
    return [field.model_copy(update=style) for field in (*bundle.inputs, *evidence)]


def _evidence(name: str, label: str) -> Input:
    if name != AGE:
        return TextInput(measure=name, label=label, help=f"{label} of the customer")
    return NumberInput(
        measure=name,
        label=label,
        unit="years",
        help="At the snapshot date",
        minimum=0,
        maximum=MOST_YEARS,
    )


def refusal(field: Input, value: object) -> str:
    """Return a sentence that says what an input expects and what was found instead."""
    found = shown(value, field.number_format)
    expected = f"from {range_of(field)}" if isinstance(field, NumberInput) else "a text"
    if isinstance(field, NumberInput) and _is_fraction(field, value):
        expected = f"a whole number {expected}"
    return f"{field.label} must be {expected}; found {found}."


def is_count(field: Input) -> bool:
    """Return whether an input is a count, of which fractions are errors."""
    return field.measure in _COUNTS


def range_of(field: NumberInput) -> str:
    """Return the range of a number in words, such as "1 to 500 transactions"."""
    style = field.number_format
    return f"{number(field.minimum, style)} to {quantity(field.maximum, field.unit, style)}"


def problem(field: Input, value: object) -> str:
    """Return what is wrong with a value, in a sentence; empty for a valid one.

    A text is not accepted as a number, even if it reads as one: the notation may differ.
    """
    if not isinstance(field, NumberInput):
        return "" if isinstance(value, str) else refusal(field, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return refusal(field, value)
    is_sound = field.minimum <= value <= field.maximum and not _is_fraction(field, value)
    return "" if is_sound else refusal(field, value)


def _is_fraction(field: NumberInput, value: object) -> bool:
    """Return whether a value of a count is within its range but not whole."""
    is_within = isinstance(value, float) and field.minimum <= value <= field.maximum
    return is_count(field) and is_within and value != round(cast(float, value))


def unknown(field: Input, count: int) -> Column:
    """Return the column of an input that is unknown for all customers."""
    return np.full(count, np.nan if isinstance(field, NumberInput) else None)


def figure(value: float, style: str = PLAIN) -> str:
    """Format a number as found; an integer may have more digits than a double can represent."""
    try:
        return number(value, style)
    except OverflowError:
        return "a number of more than 300 digits"


def shown(value: object, style: str = PLAIN) -> str:
    """Format any value as found, on one line, truncated if long."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return figure(value, style)
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return "nothing" if value is None else "a list or an object"
    text = value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}…"
    return repr(text) if text.isprintable() else ascii(text)


def columns_of(
    inputs: Sequence[Input], customers: Sequence[Mapping[str, object]]
) -> tuple[dict[str, Column], list[str]]:
    """Return the column of each input, and n error sentences, empty for valid customers.

    Null or absent values are unknown. A name that is not an input is an error: ignoring it would
    give the answer for a different customer.
    """
    names = [field.measure for field in inputs]
    asked = list(zip(inputs, names, strict=True))
    columns = {name: unknown(field, len(customers)) for field, name in asked}
    problems = []
    for row, customer in enumerate(customers):
        known = {name: value for name, value in customer.items() if value is not None}
        found = [problem(one, known[name]) for one, name in asked if name in known]
        unknown_names = (name for name in customer if name not in columns)
        found += [no_input(name, names) for name in islice(unknown_names, _MOST_UNKNOWN_NAMES)]
        problems.append(" ".join(filter(None, found)))
        if not problems[-1]:
            for name, value in known.items():
                columns[name][row] = value
    return columns, problems


def no_input(name: str, inputs: Iterable[str]) -> str:
    """Return a sentence that the model has no input of this name, with similar names."""
    inputs = list(inputs)
    close = difflib.get_close_matches(name[:_LONGEST_SHOWN], inputs, n=1)
    hint = f" (is it {close[0]}?)" if close else ""
    return f"{shown(name)} is not an input of the model{hint}; expected {', '.join(inputs)}."
