"""Plotly charts shared by several pages."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from app.widgets.numbers import Numbers
from app.widgets.palette import colour
from bankseg_assets.presentation.axes import round_step
from bankseg_assets.presentation.formatting import percent, probability
from bankseg_assets.scoring.documents import Segment

BAR_HEIGHT = 44
LARGE, TICKS = 1000, 6  # numbers >= LARGE are grouped or in words; at most TICKS per axis
PALE = 0.45  # opacity of the first bar of a pair
LINE = 18  # characters


def probability_bars(segments: Sequence[Segment], shares: Sequence[float]) -> go.Figure:
    """Return a bar chart of the segments' probabilities, in their colours, with labels."""
    bars = go.Bar(
        x=shares,
        y=[wrapped(segment.name) for segment in segments],
        orientation="h",
        text=[probability(share) for share in shares],
        textposition="outside",
        cliponaxis=False,
        marker_color=[colour(segment) for segment in segments],
        hoverinfo="skip",
    )
    layout = go.Layout(
        height=40 + BAR_HEIGHT * len(segments),
        margin={"l": 0, "r": 48, "t": 0, "b": 24},  # the right margin holds the longest text
        xaxis={"range": [0, 1], "tickformat": ".0%", "fixedrange": True},
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True},
    )
    return go.Figure(bars, layout)


def paired_bars(segments: Sequence[Segment], *, direction_known: bool = False) -> go.Figure:
    """Return each segment's share of the customers above its share of the money.

    Without shares of the money, only the customers have bars.
    """
    kinds = [("customers", [segment.share_of_customers for segment in segments])]
    if has_money_shares(segments):
        money = "the spending" if direction_known else "the money"
        kinds.append((money, [segment.share_of_money or 0.0 for segment in segments]))
    bars = [
        go.Bar(
            name=name,
            x=shares,
            y=[wrapped(segment.name) for segment in segments],
            orientation="h",
            text=[f"{percent(share)} of {name}" for share in shares],
            textposition="outside",
            cliponaxis=False,
            marker_color=[colour(segment) for segment in segments],
            marker_opacity=PALE if name == "customers" and len(kinds) > 1 else 1,
            hoverinfo="skip",
        )
        for name, shares in kinds
    ]
    longest = max(max(shares) for _, shares in kinds)
    layout = go.Layout(
        height=20 + BAR_HEIGHT * len(segments) * (1 + len(kinds)) // 2,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        bargap=0.28,
        bargroupgap=0.08,
        showlegend=False,
        # The text of the longest bar has space beside it, also on a phone.
        xaxis={"range": [0, 1.9 * max(longest, 0.01)], "visible": False, "fixedrange": True},
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True},
    )
    return go.Figure(bars, layout)


def has_money_shares(segments: Sequence[Segment]) -> bool:
    """Return whether the segments' shares of the money are meaningful.

    They are not if refunds exceed purchases in a segment, or if all amounts are zero.
    """
    shares = [segment.share_of_money for segment in segments]
    return all(share is not None and 0 <= share <= 1 for share in shares) and any(shares)


def money_index(segment: Segment) -> int:
    """Return a segment's money per customer as an index, with all customers at 100.

    0 for a segment that is too small to show its size.
    """
    if not segment.share_of_customers:
        return 0
    index = 100 * (segment.share_of_money or 0.0) / segment.share_of_customers
    return round(index)


def number_axis(title: str, values: Sequence[float], numbers: Numbers) -> dict[str, Any]:
    """Return an axis with large numbers in the bank's format.

    Plotly supports only thousands and millions: "600k" where others write 6 lakh.
    """
    axis: dict[str, Any] = {"title": title, "fixedrange": True}
    low, high = min([0, *values]), max([0, *values])
    if max(high, -low) < LARGE:
        return axis
    step = round_step((high - low) / TICKS)
    ticks = [step * place for place in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return axis | {"tickvals": ticks, "ticktext": [numbers.short(tick) for tick in ticks]}


def wrapped(name: str, line: int = LINE) -> str:
    """Return a name wrapped into lines of at most `line` characters."""
    return "<br>".join(textwrap.wrap(name, line, break_long_words=False))
