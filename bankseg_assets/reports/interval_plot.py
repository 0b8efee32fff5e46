"""Places of points with intervals in a small drawing (SVG), which needs no script."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 280
LEFT, RIGHT, TOP, BOTTOM = 96, 16, 12, 28
"""Margins, for the numbers of the axes."""
TICKS = 5
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Point:
    """A value with its interval, and a wider one if there is one."""

    label: str
    value: float
    low: float
    high: float
    wide: tuple[float, float] | None = None


@dataclass(frozen=True)
class Mark:
    """A point in the drawing, in pixels from its top left corner."""

    label: str
    x: float
    y: float
    low: float
    high: float
    wide: tuple[float, float] | None


@dataclass(frozen=True)
class Plot:
    """Points and the lines of the axis, in pixels; `zero`: the height of no effect."""

    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    zero: float


def interval_plot(points: Sequence[Point], text: Callable[[float], str]) -> Plot:
    """Return where points, intervals and ticks are drawn; zero is always visible."""
    ends = [end for one in points for end in (one.low, one.high, *(one.wide or ()))]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    if low == high:
        low, high = -1.0, 1.0
    step = round_step((high - low) / TICKS)
    bottom, top = math.floor(low / step) * step, math.ceil(high / step) * step

    def place(value: float) -> float:
        return round(TOP + (top - value) / (top - bottom) * (HEIGHT - TOP - BOTTOM), 1)

    room = (WIDTH - LEFT - RIGHT) / max(len(points), 1)
    marks = (
        Mark(
            label=one.label,
            x=round(LEFT + room * (number + 0.5), 1),
            y=place(one.value),
            low=place(one.low),
            high=place(one.high),
            wide=None if one.wide is None else (place(one.wide[0]), place(one.wide[1])),
        )
        for number, one in enumerate(points)
    )
    ticks = (bottom + step * number for number in range(round((top - bottom) / step) + 1))
    return Plot(tuple(marks), tuple((place(one), text(one)) for one in ticks), place(0.0))


def round_step(least: float) -> float:
    """Return the smallest round number that is at least `least`.

    >>> round_step(0.03), round_step(180)
    (0.05, 200.0)
    """
    size: float = 10 ** math.floor(math.log10(least))
    return next(round(size * factor, 12) for factor in STEPS if size * factor >= least * 0.999999)
