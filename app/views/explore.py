"""Page for analysts: charts of the EDA report."""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from app.panels.explore import (
    TABLES,
    as_table,
    axis_title,
    bars,
    called,
    density,
    gaps,
    knows_direction,
    measures_of,
    never_delivered,
    transposed,
)
from app.panels.heat import correlation_heat
from app.state import data, session
from app.widgets import page
from app.widgets.palette import colour
from app.widgets.tables import show_table
from app.widgets.theme import look
from app.widgets.words import words
from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets.scoring.bundle import project

page.begin_with_data("Explore", "What is in the data?")
bundle, tables, style = session.bundle(), data.document("eda_report"), session.numbers()
if not tables:
    if bundle:
        page.waiting("This version has no EDA report.", "Run the job `refresh`.")
    st.stop()

page.report_buttons("The whole report", data.report_page("eda_report"), "eda_report.html")
known_here = knows_direction(tables)
if known_here:
    st.caption("Spending only: income, such as salaries, is excluded from everything below.")
    if tables["directions"]:
        show_table(as_table(tables["directions"], style), alt="Spending and income")
        st.caption("Transactions and amounts by direction; income is rounded to two digits.")
name_of = partial(called, direction_known=known_here)
table_of = partial(as_table, numbers=style, direction_known=known_here)
available = [name for name in TABLES if tables.get(name)]
if available:
    left, right = st.columns(2)
    name = left.selectbox(
        "Look at",
        available,
        format_func=lambda table: TABLES[table][0],
        key="table",
        bind="query-params",
    )
    possible = measures_of(tables[name])
    measure = right.selectbox("Count", possible, format_func=name_of, key=f"measure_{name}")
    if len(tables[name]) == 1:
        st.caption("Only one value has 11 customers or more, so there is no chart.")
        show_table(table_of(tables[name]), alt=TABLES[name][0])
    else:
        page.chart(
            bars(tables[name], name, measure, style, direction_known=known_here),
            f"{name_of(measure)} by {TABLES[name][0].lower()}. Values of fewer than 11 "
            "customers are left out.",
            table_of(tables[name]),
            alt=f"{name_of(measure)} by {TABLES[name][0].lower()}",
            key="bars",
        )
else:
    page.nothing(
        "There is no chart: every value has fewer than 11 customers, and is hidden to protect "
        "their privacy."
    )
if found := gaps(tables.get("transactions_by_day") or ()):
    st.caption(f":material/warning: {found}")
if absent := never_delivered(tables):
    st.caption(f"Not in the data, or always empty: {absent}.")

first, second = st.columns(2, gap="large")
for column, title, key in (
    (first, "Missing values", "missing_values"),
    (second, "Outliers, kept and flagged", "outliers"),
):
    if tables.get(key):
        with column:
            st.subheader(title, anchor=False)
            show_table(table_of(tables[key]), alt=title)
if pairs := tables.get("correlations"):
    st.subheader("Correlations", anchor=False)
    page.chart(
        correlation_heat(pairs, words, look=look()),
        "Pearson's correlation of each pair, from -1 to 1. Blue: both rise together; orange: one "
        "falls as the other rises; near 0: no linear relation.",
        table_of(pairs),
        alt="Correlations",
        key="correlations",
    )
if tables.get("quantiles"):
    st.subheader("Quantiles", anchor=False)
    quantiles = transposed(table_of(tables["quantiles"]))
    show_table(quantiles.rename(columns={"Measure": "Quantile"}), alt="Quantiles")
    st.caption(
        f"In {style.currency}. p5: 5% of the transactions have at most this amount; p50 is the "
        "median."
    )

if bundle is None or bundle.means.shape[1] == 1:  # a map needs two components
    st.stop()
members = data.sample("customer_segments", [*bundle.measures, "segment"])
if len(members) >= SMALLEST_CELL:
    st.subheader("Map of the customers", anchor=False)
    known = {one: members[one].to_numpy(dtype=np.float64) for one in bundle.measures}
    segments = sorted(bundle.segments, key=lambda segment: segment.segment)
    names = [segment.name for segment in segments]
    numbers = members["segment"].to_numpy(dtype=np.int64)
    shares = pd.Series(numbers).map(dict(enumerate(names))).value_counts(normalize=True)
    page.chart(
        density(
            project(bundle, known),
            numbers,
            names,
            [colour(one) for one in segments],
            [axis_title(bundle, 0, "First"), axis_title(bundle, 1, "Second")],
        ),
        "A sample of the customers on the first two principal components. A dot stands for 11 "
        "customers or more; its colour is their most common segment.",
        shares.map(lambda share: f"{share:.1%}").rename("Share of the sample").reset_index(),
        alt="Customers by their first two components, coloured by segment.",
        key="map",
    )
