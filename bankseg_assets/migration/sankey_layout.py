"""Layout of a Sankey diagram: nodes in three columns, with two kinds of flow between them.

Heights are displayed counts: rounded to ten, and zero for fewer than 11, as the width of a band
would disclose them. Positions increase downwards from the top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bankseg_assets.migration.flows import CUSTOMER, GONE, MODEL, Flow, of_kind
from bankseg_assets.presentation.disclosure import rounded_count

GAP = 0.06  # gap between two nodes, as a share of the customers in a column


@dataclass(frozen=True)
class Node:
    """A segment in one of the columns, or the new or gone customers there (None)."""

    column: int
    segment: int | None
    name: str
    top: float
    height: float
    customers: int
    money: Decimal


@dataclass(frozen=True)
class Band:
    """A flow to the next column; `start` and `end` are its top positions in the two columns."""

    column: int
    flow: Flow
    start: float
    end: float
    height: float


@dataclass(frozen=True)
class Sankey:
    """The nodes and bands to draw."""

    nodes: tuple[Node, ...]
    bands: tuple[Band, ...]


def sankey(found: Sequence[Flow]) -> Sankey:
    """Lay out the flows: moves by customers between the first two columns, then by the model.

    Gone customers end in the second column; flows and nodes without height are omitted.
    """
    stages = [
        [flow for flow in of_kind(found, kind) if _height(flow) and flow.from_name != GONE]
        for kind in (CUSTOMER, MODEL)
    ]
    gap = GAP * max((sum(map(_height, stage)) for stage in stages), default=0)
    nodes = [
        node
        for column, (arriving, leaving) in enumerate(zip([[], *stages], [*stages, []], strict=True))
        for node in _column(column, arriving, leaving, gap)
    ]
    tops = {(node.column, node.segment): node.top for node in nodes}
    bands = []
    starts, ends = dict(tops), dict(tops)
    for column, stage in enumerate(stages):
        for flow in stage:
            start, end = (column, flow.from_segment), (column + 1, flow.to_segment)
            bands.append(Band(column, flow, starts[start], ends[end], _height(flow)))
            starts[start] += _height(flow)
            ends[end] += _height(flow)
    return Sankey(tuple(nodes), tuple(bands))


def _column(
    column: int, arriving: Sequence[Flow], leaving: Sequence[Flow], gap: float
) -> list[Node]:
    """Return the nodes of a column from top to bottom: segments by number, then the others."""
    names = {flow.to_segment: flow.to_name for flow in arriving}
    names |= {flow.from_segment: flow.from_name for flow in leaving}
    nodes = []
    top = 0.0
    for segment in sorted(names, key=lambda key: (key is None, key)):
        sides = (
            [flow for flow in arriving if flow.to_segment == segment],
            [flow for flow in leaving if flow.from_segment == segment],
        )
        # In the middle both sides have the same customers, except flows that are too small.
        height, customers, money = max(
            (sum(map(_height, side)), sum(f.customers for f in side), sum(f.money for f in side))
            for side in sides
        )
        nodes.append(Node(column, segment, names[segment], top, height, customers, Decimal(money)))
        top += height + gap
    return nodes


def _height(flow: Flow) -> int:
    return rounded_count(flow.customers)
