"""The segments' profiles: one table of all, and one card each."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.charts import money_index
from app.formatting import number, percent
from app.measures import label, written

UNKNOWN = "—"
CARD_WIDTH = 360  # three in a row on a desk, one on a phone
INDEX_NOTE = "Index: the segment's mean, where 100 is the mean of all customers."


def overview(segments: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the numbers of the chart, a row for each segment."""
    rows = [
        {
            "Segment": segment["name"],
            "Customers": percent(segment["share_of_customers"]),
            "Money": percent(segment["share_of_money"]),
            "Money index": number(money_index(segment)),
        }
        for segment in segments
    ]
    return pd.DataFrame(rows)


def profile(
    segment: Mapping[str, Any], currency: str, measures: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return a row for each measure: its median and index, beside a customer's value if given."""
    rows = [
        {"Measure": label(measure)}
        | ({} if measures is None else {"Customer": _shown(measure, measures, currency)})
        | {"Segment median": _shown(measure, segment["medians"], currency)}
        | {"Index": _index(segment, measure)}
        for measure in segment["medians"]
    ]
    return pd.DataFrame(rows)


def show_card(segment: Mapping[str, Any], currency: str) -> None:
    """Draw what to know of one segment."""
    with st.container(border=True, width=CARD_WIDTH):
        st.subheader(segment["name"], anchor=False)
        st.markdown(segment["sentence"])
        st.markdown(
            f"**{percent(segment['share_of_customers'])}** of customers, "
            f"**{percent(segment['share_of_money'])}** of the money"
        )
        st.table(profile(segment, currency), border="horizontal", alt="The segment's profile")


def _shown(measure: str, values: Mapping[str, float | None], currency: str) -> str:
    value = values.get(measure)
    return UNKNOWN if value is None else written(measure, value, currency)


def _index(segment: Mapping[str, Any], measure: str) -> str:
    value = segment["index"].get(measure)
    return UNKNOWN if value is None else number(round(value))
