"""Places of points with intervals in a small drawing (SVG), which needs no script."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bankseg_assets.presentation.axes import axis_ticks

WIDTH, HEIGHT = 640, 280
LEFT, RIGHT, TOP, BOTTOM = 96, 16, 12, 28
"""Margins, for the numbers of the axes."""


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
    ticks = axis_ticks([end for one in points for end in (one.low, one.high, *(one.wide or ()))])
    bottom, top = ticks[0], ticks[-1]

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
    return Plot(tuple(marks), tuple((place(one), text(one)) for one in ticks), place(0.0))
