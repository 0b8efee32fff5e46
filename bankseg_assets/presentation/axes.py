"""Axes of charts: round ticks, and a range around some values."""

import math
from collections.abc import Sequence

TICKS = 5
STEPS = (1, 2, 5, 10)
SPACE = 0.15
"""Above and below a line, of the difference of its ends."""
LEAST_RANGE = 0.05
"""Of the largest value: a change of less is drawn almost flat."""


def round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, ... that is at least `least`."""
    size = 10 ** math.floor(math.log10(least))
    return next(float(size * one) for one in STEPS if size * one >= least)


def axis_ticks(values: Sequence[float]) -> list[float]:
    """Return about five round numbers around some values and zero, at least two.

    >>> axis_ticks([-12.0, 31.0]), axis_ticks([])
    ([-20.0, -10.0, 0.0, 10.0, 20.0, 30.0, 40.0], [-1.0, 0.0, 1.0])
    """
    low, high = min([0.0, *values]), max([0.0, *values])
    if low == high:
        return [-1.0, 0.0, 1.0]
    step = round_step((high - low) / TICKS)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [float(f"{step * place:.12g}") for place in range(first, last + 1)]


def line_range(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the axis of a small line with its own scale.

    >>> line_range([100.0, 200.0]), line_range([0.0])
    ((85.0, 215.0), (-1.0, 1.0))
    """
    low, high = min(values), max(values)
    space = max(SPACE * (high - low), LEAST_RANGE * max(abs(low), abs(high))) or 1.0
    return low - space, high + space
