"""Charts of a campaign: its funnel, and its effect with intervals over time."""

from collections.abc import Callable, Sequence
from functools import partial

import plotly.graph_objects as go

from app.widgets.charts import wrapped
from app.widgets.numbers import Numbers
from app.widgets.palette import OTHER, TOP
from bankseg_assets.campaigns.campaign import Measure
from bankseg_assets.campaigns.effect_text import MEASURE_NAMES, each_text
from bankseg_assets.campaigns.funnel import Step
from bankseg_assets.campaigns.results import Look
from bankseg_assets.presentation.axes import axis_ticks
from bankseg_assets.presentation.formatting import day

BAR_HEIGHT = 40
PALE_TOP = "rgba(42, 120, 214, 0.45)"
"""TOP, on a white and on a black page."""


def funnel_chart(steps: Sequence[Step], numbers: Numbers) -> go.Figure:
    """Return a bar for each step; those who are left out or held out are pale."""
    bars = go.Bar(
        x=[one.customers or 0 for one in steps],
        y=[wrapped(one.name) for one in steps],
        orientation="h",
        text=[numbers.part(one.customers) for one in steps],
        textposition="outside",
        cliponaxis=False,
        marker_color=[TOP if one.is_kept else OTHER for one in steps],
        hoverinfo="skip",
    )
    most = max((one.customers or 0 for one in steps), default=0)
    layout = go.Layout(
        height=20 + BAR_HEIGHT * len(steps),
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        bargap=0.3,
        # The text of the longest bar has space beside it, also on a phone.
        xaxis={"range": [0, 1.35 * max(most, 1)], "visible": False, "fixedrange": True},
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True},
    )
    return go.Figure(bars, layout)


def effect_chart(looks: Sequence[Look], measure: Measure, numbers: Numbers) -> go.Figure:
    """Return the difference of a customer until each look, with its intervals.

    Thick: the 95 % interval of the day. Thin: the one that decides, of the looks that may decide.
    """
    text = partial(each_text, measure, currency=numbers.currency, style=numbers.style)
    planned = [one for one in looks if one.is_planned]
    deciding = [(one.decision_low, one.decision_high) for one in planned]
    daily = [(one.effect.low, one.effect.high) for one in looks]
    thin = _intervals(planned, "Interval that decides", deciding)
    thin.update(
        marker={"symbol": "line-ns", "size": 9, "line": {"width": 1.5, "color": OTHER}},
        error_y={"thickness": 1.5, "width": 6, "color": OTHER},
    )
    thick = _intervals(looks, "95% interval of the day", daily)
    thick.update(
        marker={"size": 9, "color": TOP},
        error_y={"thickness": 5, "width": 0, "color": PALE_TOP},
        customdata=[[text(low), text(high)] for low, high in daily],
        text=[text(one.effect.difference) for one in looks],
        hoverinfo=None,
        hovertemplate="%{x}: %{text} (%{customdata[0]} to %{customdata[1]})<extra></extra>",
    )
    layout = go.Layout(
        height=340,
        margin={"l": 0, "r": 0, "t": 24, "b": 24},
        xaxis={"type": "category", "fixedrange": True, "automargin": True},
        yaxis=_axis([end for ends in (*deciding, *daily) for end in ends], text)
        | {"title": f"{MEASURE_NAMES[measure]}, per customer"},
        legend={"orientation": "h", "y": 1.15},
    )
    figure = go.Figure([thin, thick], layout)
    figure.add_hline(y=0, line_width=1.5, line_color=OTHER)
    return figure


def _intervals(looks: Sequence[Look], name: str, ends: Sequence[tuple[float, float]]) -> go.Scatter:
    values = [one.effect.difference for one in looks]
    return go.Scatter(
        # Day and month; the table has the year.
        x=[day(one.day).rsplit(" ", 1)[0] for one in looks],
        y=values,
        name=name,
        mode="markers",
        marker={"color": OTHER},
        hoverinfo="skip",
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [high - value for value, (_, high) in zip(values, ends, strict=True)],
            "arrayminus": [value - low for value, (low, _) in zip(values, ends, strict=True)],
        },
    )


def _axis(ends: Sequence[float], text: Callable[[float], str]) -> dict[str, object]:
    """Return an axis in the measure's unit, with zero on it."""
    axis: dict[str, object] = {"fixedrange": True, "automargin": True}
    ticks = axis_ticks(ends)
    return axis | {
        "range": [ticks[0], ticks[-1]],
        "tickvals": ticks,
        "ticktext": [text(one) for one in ticks],
    }
