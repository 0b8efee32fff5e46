"""Plotly charts shared by several pages."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from app.widgets.numbers import Numbers
from app.widgets.palette import HUE, HUE_ON_DARK, INK, ON_HUE, OTHER, TOP
from bankseg_assets.presentation.formatting import percent, probability
from bankseg_assets.scoring.documents import Segment

BAR_HEIGHT = 44
LARGE, TICKS = 1000, 6  # numbers >= LARGE are grouped or in words; at most TICKS per axis
LINE, NARROW_LINE = 18, 10  # characters; NARROW_LINE fits into a tenth of a phone's width


def probability_bars(names: Sequence[str], shares: Sequence[float]) -> go.Figure:
    """Return a bar chart of the segments' probabilities, in descending order, with labels."""
    bars = go.Bar(
        x=shares,
        y=[wrapped(name) for name in names],
        orientation="h",
        text=[probability(share) for share in shares],
        textposition="outside",
        cliponaxis=False,
        marker_color=[TOP] + [OTHER] * (len(names) - 1),
        hoverinfo="skip",
    )
    layout = go.Layout(
        height=40 + BAR_HEIGHT * len(names),
        margin={"l": 0, "r": 48, "t": 0, "b": 24},  # the right margin holds the longest text
        xaxis={"range": [0, 1], "tickformat": ".0%", "fixedrange": True},
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True},
    )
    return go.Figure(bars, layout)


def segment_map(
    segments: Sequence[Segment], *, direction_known: bool = False, is_dark: bool = False
) -> go.Figure:
    """Return a treemap of the segments: area by customers, colour by money per customer.

    `is_dark`: whether the page is. Without shares of the money all have the same colour.
    """
    of_money = f"of<br>the {'spending' if direction_known else 'money'}"
    has_money = has_money_shares(segments)
    values = [money_index(segment) if has_money else 0 for segment in segments]
    rectangles = go.Treemap(
        labels=[f"<b>{wrapped(segment.name, NARROW_LINE)}</b>" for segment in segments],
        parents=[""] * len(segments),
        values=[segment.share_of_customers for segment in segments],
        text=[
            f"{percent(segment.share_of_customers)} of<br>customers"
            + (f"<br>{percent(segment.share_of_money or 0.0)} {of_money}" if has_money else "")
            for segment in segments
        ],
        sort=False,  # the order of the segments is the same on every page
        textinfo="label+text",
        hoverinfo="label+text",
        textfont={"size": 13, "color": INK["dark"] if is_dark else ON_HUE},
        marker={
            # The square root, or one rich segment would make all others look alike.
            "colors": [value**0.5 for value in values],
            "colorscale": HUE_ON_DARK if is_dark else HUE,
            "cmin": 0,
            "pad": dict.fromkeys("tlrb", 0),
        },
        root_color="rgba(0,0,0,0)",
        tiling_pad=2,
        pathbar_visible=False,
    )
    return go.Figure(rectangles, go.Layout(height=320, margin={"l": 0, "r": 0, "t": 0, "b": 0}))


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
    step = _round_step((high - low) / TICKS)
    ticks = [step * place for place in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return axis | {"tickvals": ticks, "ticktext": [numbers.short(tick) for tick in ticks]}


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, ... that is at least `least`."""
    size = 10 ** math.floor(math.log10(least))
    return next(float(size * factor) for factor in (1, 2, 5, 10) if size * factor >= least)


def wrapped(name: str, line: int = LINE) -> str:
    """Return a name wrapped into lines of at most `line` characters."""
    return "<br>".join(textwrap.wrap(name, line))
