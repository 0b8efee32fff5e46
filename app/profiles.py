"""The segments' profiles: one table of all, and one card each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts import OTHER, money_index, money_share, wrapped
from app.measures import label, written
from app.numbers import Numbers
from app.palette import colour
from bankseg_assets.formatting import number, percent

UNKNOWN = "—"
AVERAGE = 100
INDEX_NOTE = "Index: the segment's mean, where 100 is the mean of all customers."


def overview(segments: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the numbers of the chart, a row for each segment."""
    rows = [
        {
            "Segment": segment["name"],
            "Customers": percent(segment["share_of_customers"]),
            "Money": _known(money_share(segment), percent),
            "Money per customer (100 = average)": _known(money_index(segment), number),
        }
        for segment in segments
    ]
    return pd.DataFrame(rows)


def profile(
    segment: Mapping[str, Any], numbers: Numbers, measures: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return a row for each measure: its median and index, beside a customer's value if given."""
    rows = [
        {"Measure": label(measure)}
        | ({} if measures is None else {"Customer": _shown(measure, measures, numbers)})
        | {"Segment median": _shown(measure, segment["medians"], numbers)}
        | {"Index": _index(segment, measure)}
        for measure in segment["medians"]
    ]
    return pd.DataFrame(rows)


def index_bars(segment: Mapping[str, Any]) -> go.Figure:
    """Return a bar for each measure from the average of all customers, which is 100."""
    known = {name: value for name, value in segment["index"].items() if value is not None}
    bars = go.Bar(
        x=[value - AVERAGE for value in known.values()],
        y=[wrapped(label(name)) for name in known],
        base=AVERAGE,
        orientation="h",
        text=[number(round(value)) for value in known.values()],
        textposition="outside",
        cliponaxis=False,
        marker_color=colour(segment),
        hoverinfo="skip",
    )
    furthest = max([abs(value - AVERAGE) for value in known.values()], default=AVERAGE)
    reach = 1.35 * max(furthest, AVERAGE)
    # Beyond the longest bar to the left is room for its number, on a phone too.
    low = min([*known.values(), AVERAGE]) - reach / 3
    layout = go.Layout(
        height=40 + 38 * len(known),
        margin={"l": 0, "r": 0, "t": 0, "b": 20},
        xaxis={
            "range": [low, AVERAGE + reach],
            "fixedrange": True,
            "showticklabels": False,
        },
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True},
        shapes=[
            {
                **{"type": "line", "x0": AVERAGE, "x1": AVERAGE, "y0": 0, "y1": 1},
                **{"yref": "paper", "line": {"color": OTHER, "width": 2}},
            }
        ],
    )
    return go.Figure(bars, layout)


def _known(value: float | None, write: Callable[[float], str]) -> str:
    return UNKNOWN if value is None else write(value)


def rule_sentence(segment: Mapping[str, Any]) -> str:
    """Return the segment's rule, and how exactly it describes the segment."""
    return (
        f"**Rule: {segment['rule']}.** It holds for {percent(segment['coverage'])} of the segment; "
        f"of all customers whom it holds for, {percent(segment['exclusivity'])} are in the segment."
    )


def _shown(measure: str, values: Mapping[str, float | None], numbers: Numbers) -> str:
    value = values.get(measure)
    return UNKNOWN if value is None else written(measure, value, numbers)


def _index(segment: Mapping[str, Any], measure: str) -> str:
    return _known(segment["index"].get(measure), lambda index: number(round(index)))
