"""The charts, as plotly figures without data of their own."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from app.widgets.numbers import Numbers
from bankseg_assets.presentation.formatting import percent

TOP, OTHER = "#2a78d6", "#8c96a3"  # both stand out from a white and from a black page
HUE = ["#e3edf8", "#5b9be0"]  # one hue, for colour-blind eyes; light, under dark text
BAR_HEIGHT = 44
LARGE, TICKS = 1000, 6  # numbers from LARGE on are grouped or in words; at most so many on an axis
LINE, NARROW_LINE = 18, 10  # characters; the narrow one is what a tenth of a phone's width holds


def probability_bars(names: Sequence[str], shares: Sequence[float]) -> go.Figure:
    """Return a bar for each segment, the most probable first; each is written at its end."""
    bars = go.Bar(
        x=shares,
        y=[wrapped(name) for name in names],
        orientation="h",
        text=[percent(share) for share in shares],
        textposition="outside",
        cliponaxis=False,
        marker_color=[TOP] + [OTHER] * (len(names) - 1),
        hoverinfo="skip",
    )
    layout = go.Layout(
        height=40 + BAR_HEIGHT * len(names),
        margin={"l": 0, "r": 48, "t": 0, "b": 24},  # the right one holds the longest text
        xaxis={"range": [0, 1], "tickformat": ".0%", "fixedrange": True},
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True},
    )
    return go.Figure(bars, layout)


def segment_map(
    segments: Sequence[Mapping[str, Any]], *, direction_known: bool = False
) -> go.Figure:
    """Return a rectangle for each segment: area by customers, colour by money per customer.

    Without shares of the money all have one colour.
    """
    of_money = f"of<br>the {'spending' if direction_known else 'money'}"
    has_money = has_money_shares(segments)
    values = [money_index(segment) if has_money else 0 for segment in segments]
    rectangles = go.Treemap(
        labels=[f"<b>{wrapped(segment['name'], NARROW_LINE)}</b>" for segment in segments],
        parents=[""] * len(segments),
        values=[segment["share_of_customers"] for segment in segments],
        text=[
            f"{percent(segment['share_of_customers'])} of<br>customers"
            + (f"<br>{percent(segment['share_of_money'])} {of_money}" if has_money else "")
            for segment in segments
        ],
        textinfo="label+text",
        hoverinfo="label+text",
        textfont={"size": 13, "color": "#111111"},
        marker={
            # The root, or one rich segment would make all the others look alike.
            "colors": [value**0.5 for value in values],
            "colorscale": HUE,
            "cmin": 0,
            "pad": dict.fromkeys("tlrb", 0),
        },
        root_color="rgba(0,0,0,0)",
        tiling_pad=2,
        pathbar_visible=False,
    )
    return go.Figure(rectangles, go.Layout(height=320, margin={"l": 0, "r": 0, "t": 0, "b": 0}))


def has_money_shares(segments: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the segments' shares of the money mean anything.

    They do not where refunds outweigh purchases in one of them, or all amounts are zero.
    """
    shares = [segment["share_of_money"] for segment in segments]
    return all(share is not None and 0 <= share <= 1 for share in shares) and any(shares)


def money_index(segment: Mapping[str, Any]) -> int:
    """Return the money per customer of a segment, where 100 is the average of all customers.

    0 for a segment that is too small for its size to be shown.
    """
    if not segment["share_of_customers"]:
        return 0
    index = 100 * segment["share_of_money"] / segment["share_of_customers"]
    return round(float(index))


def number_axis(title: str, values: Sequence[float], numbers: Numbers) -> dict[str, Any]:
    """Return an axis whose large numbers are written as the bank writes them.

    Plotly knows thousands and millions alone: "600k" of what others call 6 lakh.
    """
    axis: dict[str, Any] = {"title": title, "fixedrange": True}
    low, high = min([0, *values]), max([0, *values])
    if max(high, -low) < LARGE:
        return axis
    step = _round_step((high - low) / TICKS)
    ticks = [step * place for place in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return axis | {"tickvals": ticks, "ticktext": [numbers.short(tick) for tick in ticks]}


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, ... that is not under `least`."""
    size = 10 ** math.floor(math.log10(least))
    return next(float(size * factor) for factor in (1, 2, 5, 10) if size * factor >= least)


def wrapped(name: str, line: int = LINE) -> str:
    """Return a name in lines of so many characters."""
    return "<br>".join(textwrap.wrap(name, line))
