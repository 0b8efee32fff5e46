"""Describe a known input in words: the value, and whether it is high, low or usual."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bankseg_assets.presentation.formatting import money, number, quantity
from bankseg_assets.scoring.bundle import Bundle

ONE_SEGMENT = "There is only one segment, so every customer belongs to it."
NEAR = 0.1  # relative distance from the median up to which a value is usual


@dataclass(frozen=True)
class _Wording:
    subject: str
    low: str = "low"
    usual: str = "usual"
    high: str = "high"


_WORDINGS = {
    "recency": _Wording("the last transaction", "recent", "as long ago as usual", "long ago"),
    "frequency": _Wording("the number of transactions"),
    "monetary": _Wording("the sum of the amounts"),
    "average_amount": _Wording("the average amount"),
    "average_balance": _Wording("the balance"),
}
_WORDINGS_OF_SPENDING = _WORDINGS | {
    "recency": replace(_WORDINGS["recency"], subject="the last spending transaction"),
    "frequency": _Wording("the number of spending transactions"),
    "monetary": _Wording("the sum of the spending"),
    "average_amount": _Wording("the average amount spent"),
}
"""The same if the direction of amounts is known."""


def phrase(bundle: Bundle, name: str, value: npt.ArrayLike) -> str:
    """Return a clause on a known input, such as "the balance is high (INR 250,000)".

    High and low are relative to the median of all customers, the form's default.
    """
    plain = np.asarray(value).reshape(-1)[0]
    medians = {one.measure: one.default for one in bundle.inputs if one.default is not None}
    wordings = _WORDINGS_OF_SPENDING if bundle.direction_known else _WORDINGS
    if name not in medians or name not in wordings:
        return f"the {bundle.label(name).lower()} is {plain}"
    wording, median = wordings[name], medians[name]
    word = wording.high if plain > median else wording.low
    if abs(plain - median) <= NEAR * abs(median):
        word = wording.usual
    return f"{wording.subject} is {word} ({written(bundle, name, plain)})"


def written(bundle: Bundle, measure: str, value: float) -> str:
    """Format a value of a measure with its unit."""
    unit = {field.measure: field.unit for field in bundle.inputs}.get(measure, "")
    style = bundle.number_format
    if unit == bundle.currency:
        return money(value, unit, style)
    if measure == "frequency" or not unit:
        return number(value, style)  # the surrounding words name what is counted
    return quantity(value, unit, style)
