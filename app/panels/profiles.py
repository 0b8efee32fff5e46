"""Segment profiles: an overview table and a card per segment."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.widgets.charts import has_money_shares, money_index, wrapped
from app.widgets.measures import label, money_name, written
from app.widgets.numbers import Numbers
from app.widgets.palette import OTHER, colour
from app.widgets.tables import show_table
from bankseg_assets.presentation.formatting import number, percent
from bankseg_assets.scoring.documents import Segment

UNKNOWN = "—"
AVERAGE = 100
INDEX_NOTE = "Index: the segment's mean, where 100 is the mean of all customers."
SPENDING_NOTE = (
    "Spending is what customers pay. Income, such as a salary, is shown separately and does not "
    "affect the segments."
)


def overview(segments: Sequence[Segment], *, direction_known: bool = False) -> pd.DataFrame:
    """Return the chart's numbers, one row per segment."""
    money = money_name(direction_known)
    columns = {
        "Segment": [segment.name for segment in segments],
        "Customers": [percent(segment.share_of_customers) for segment in segments],
    }
    if has_money_shares(segments):
        columns |= {
            money: [percent(segment.share_of_money or 0.0) for segment in segments],
            f"{money} per customer (100 = average)": [number(money_index(one)) for one in segments],
        }
    return pd.DataFrame(columns)


def profile(
    segment: Segment,
    numbers: Numbers,
    measures: Mapping[str, float] | None = None,
    *,
    direction_known: bool = False,
) -> pd.DataFrame:
    """Return a row per measure with median and index, and a customer's value if given."""
    rows = [
        {"Measure": label(measure, direction_known=direction_known)}
        | ({} if measures is None else {"Customer": _shown(measure, measures, numbers)})
        | {"Segment median": _shown(measure, segment.medians, numbers)}
        | {"Index": _index(segment, measure)}
        for measure in segment.medians
    ]
    return pd.DataFrame(rows)


def show_comparison(table: pd.DataFrame, segments: Sequence[Segment]) -> None:
    """Draw a customer's values beside the segment's.

    Without the index if there is only one segment, whose mean is that of all customers.
    """
    is_one = len(segments) == 1
    show_table(
        table.drop(columns="Index") if is_one else table,
        alt="The customer's values beside the segment's",
    )
    if not is_one:
        st.caption(INDEX_NOTE)


def index_table(segments: Sequence[Segment], *, direction_known: bool = False) -> pd.DataFrame:
    """Return the index of each measure, one row per measure and one column per segment."""
    measures = dict.fromkeys(name for segment in segments for name in segment.index)
    return pd.DataFrame(
        {
            "Measure": [label(name, direction_known=direction_known) for name in measures],
            **{one.name: [_index(one, name) for name in measures] for one in segments},
        }
    )


def index_bars(segment: Segment, *, direction_known: bool = False) -> go.Figure:
    """Return a bar chart of each measure's index, from the average of all customers (100)."""
    known = {name: value for name, value in segment.index.items() if value is not None}
    bars = go.Bar(
        x=[value - AVERAGE for value in known.values()],
        y=[wrapped(label(name, direction_known=direction_known)) for name in known],
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
    # Leaves space for the number of the longest bar on the left, also on a phone.
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


def rule_sentence(segment: Segment) -> str:
    """Return the segment's rule with its coverage and exclusivity."""
    coverage, exclusivity = segment.coverage or 0.0, segment.exclusivity or 0.0
    return (
        f"**Rule: {segment.rule}.** {percent(coverage)} of the segment meet it; of all customers "
        f"who meet it, {percent(exclusivity)} are in the segment."
    )


def _shown(measure: str, values: Mapping[str, float | None], numbers: Numbers) -> str:
    value = values.get(measure)
    return UNKNOWN if value is None else written(measure, value, numbers)


def _index(segment: Segment, measure: str) -> str:
    value = segment.index.get(measure)
    return UNKNOWN if value is None else number(round(value))
