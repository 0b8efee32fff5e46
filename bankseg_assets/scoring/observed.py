"""Ranges of the measures that customers of a release have, and values outside them."""

import math
from collections.abc import Mapping
from typing import Any

from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets.release.measure_bins import MONEY, bin_edges
from bankseg_assets.scoring.bundle import DERIVED, Bundle

Range = tuple[float, float]
LARGEST_SHARE_LEFT_OUT = 0.01
_DIGITS = 2  # of the ends of a range of money


def observed_ranges(distributions: Mapping[str, Mapping[int, int]]) -> dict[str, Range]:
    """Return measure -> range that customers have, from measure -> bin -> customers.

    The end of a range is a value that eleven customers reach or exceed, because an extreme value
    is a single customer's. Where eleven are over 1 % of the customers, it is the power of ten
    beyond the extreme value, which the limits of the form show too.
    """
    found = {}
    for measure, counts in distributions.items():
        known = {place: count for place, count in counts.items() if count > 0}
        if not known:
            continue
        rest = SMALLEST_CELL - 1
        if rest > LARGEST_SHARE_LEFT_OUT * sum(known.values()):
            first, last = min(known), max(known)
            ends = bin_edges(measure, first)[0], bin_edges(measure, last)[1]
            found[measure] = _magnitude(ends[0], upwards=False), _magnitude(ends[1], upwards=True)
            continue
        first, last = (_beyond(known, rest, downwards=downwards) for downwards in (True, False))
        low, high = bin_edges(measure, first)[0], bin_edges(measure, last)[1]
        if measure in MONEY:
            low, high = _rounded(low, upwards=False), _rounded(high, upwards=True)
        found[measure] = low, high
    return found


def _beyond(counts: Mapping[int, int], rest: int, *, downwards: bool) -> int:
    """Return the outermost bin beyond which, with itself, there are more than `rest` customers."""
    found = 0
    for place in sorted(counts, reverse=not downwards):
        found += counts[place]
        if found > rest:
            break
    return place


def _magnitude(value: float, *, upwards: bool) -> float:
    """Return a power of ten (or zero) beyond a value."""
    if (value > 0) is not upwards or value == 0:
        return 0.0
    return math.copysign(10.0 ** math.ceil(math.log10(max(abs(value), 1.0))), value)


def _rounded(value: float, *, upwards: bool) -> float:
    """Return a value with two digits, rounded outwards."""
    if not value:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - _DIGITS + 1)
    # Dividing may end a hair above a whole number.
    steps = round(value / unit, 6)
    return round((math.ceil(steps) if upwards else math.floor(steps)) * unit, _DIGITS)


def range_in_data(bundle: Bundle, measure: str) -> Range | None:
    """Return the range of an input that customers have, or None if unknown."""
    field = next((one for one in bundle.inputs if one.measure == measure), None)
    found = bundle.observed.get(measure)
    if field is None or found is None:
        return None
    low, high = max(found[0], field.minimum), min(found[1], field.maximum)
    return (low, high) if low <= high else None


def outside(bundle: Bundle, known: Mapping[str, Any]) -> dict[str, tuple[float, Range]]:
    """Return measure -> value and range, of known values outside the range of the data.

    The averages of known values are included. `known`: the inputs of one customer.
    """
    values = {name: float(known[name]) for name in bundle.measures if name in known}
    ranges = {name: ends for name in values if (ends := range_in_data(bundle, name))}
    for name, (numerator, denominator) in DERIVED.items():
        # The average adds nothing if a part of it is outside its own range.
        if {numerator, denominator} <= values.keys() and name in bundle.observed:
            values[name] = values[numerator] / max(values[denominator], 1.0)
            ranges[name] = bundle.observed[name]
    found = {
        name: (values[name], ends)
        for name, ends in ranges.items()
        if values[name] < ends[0] or values[name] > ends[1]
    }
    return {
        name: one
        for name, one in found.items()
        if name not in DERIVED or not found.keys() & set(DERIVED[name])
    }
