"""Places of the segments on the two sides of a flow diagram, so that no labels overlap."""

from collections.abc import Sequence
from dataclasses import dataclass

FLOWS = 300
"""Pixels of all customers together."""
FONT, LINE = 13, 17
"""Pixels of the labels' font, and of a line: Plotly's lines are 1.3 times the font."""
GAP = 8
"""Pixels between two segments, or their labels."""
LABELLED = 15
"""Segments on a side that have a label, the largest; more would need a page of their own."""
UNLABELLED = 4
"""Pixels of a segment without a label, at least: the pointer finds it."""


@dataclass(frozen=True)
class FlowLayout:
    """Heights and places in pixels; `middles`: of each segment, a list for each side."""

    height: float
    middles: tuple[list[float], ...]
    pad: float
    """Plotly's space between nodes: it leaves FLOWS pixels to the side with the most of them."""


def lay_out(sides: Sequence[Sequence[tuple[int, int]]]) -> FlowLayout:
    """Place segments from top to bottom, each with (customers, lines of its label) on its side.

    Each has the height of its customers, and at least that of its label.

    >>> lay_out([[(300, 1)], [(290, 1), (10, 2)]])
    FlowLayout(height=332.0, middles=([166.0], [145.0, 315.0]), pad=32.0)
    """
    total = max(sum(customers for customers, _ in side) for side in sides)
    rooms = [
        [max(customers * FLOWS / max(total, 1), _label_height(lines)) for customers, lines in side]
        for side in sides
    ]
    heights = [sum(side) + GAP * (len(side) - 1) for side in rooms]
    height = max(heights)
    most = max(map(len, sides))
    return FlowLayout(
        height,
        tuple(_middles(side, (height - own) / 2) for side, own in zip(rooms, heights, strict=True)),
        (height - FLOWS) / (most - 1) if most > 1 else 0.0,
    )


def labelled(sizes: Sequence[int]) -> list[bool]:
    """Return which segments of a side have a label.

    >>> labelled([20, *([30] * 15)]).index(False)
    0
    """
    largest = sorted(range(len(sizes)), key=lambda place: -sizes[place])[:LABELLED]
    return [place in largest for place in range(len(sizes))]


def _label_height(lines: int) -> int:
    return LINE * lines if lines else UNLABELLED


def _middles(rooms: Sequence[float], top: float) -> list[float]:
    found = []
    for room in rooms:
        found.append(top + room / 2)
        top += room + GAP
    return found
