"""Page for managers: segments, groups, first months and deliveries over all versions."""

from functools import partial

import streamlit as st

from app.panels.trend_cards import Card, cards_of, show_cards
from app.panels.trends import (
    MOST_ROWS,
    bars,
    cohort_heat,
    cohort_table,
    deliveries_table,
    figures_table,
)
from app.state import data, session
from app.widgets import page
from app.widgets.files import file_button
from app.widgets.measures import money_name
from app.widgets.palette import LOSS, OTHER, TOP, colours
from app.widgets.theme import look
from bankseg_assets.access.roles import Action
from bankseg_assets.campaigns.trend_series import refits, series, whole
from bankseg_assets.campaigns.trend_tables import csv_of, xlsx_of
from bankseg_assets.campaigns.trend_words import left_out, measure_titles, with_arrivals
from bankseg_assets.presentation.disclosure import shown_count
from bankseg_assets.reports.trend_page import trend_page
from bankseg_assets.scoring.segment_names import names_by_id, read_names

KINDS = {"segment": "Segments", "group": "RFM groups"}

bundle = page.begin("Trends", "How do segments develop, who stays active, and what came in?")
release, numbers = session.require_release(), session.numbers()
found, not_comparable = data.trend()
others = left_out(not_comparable, numbers.currency)
if not found or found[-1].whole.customers is None:
    page.waiting("This version has no figures.", "Fewer than 11 customers are not shown.")
    st.stop()
names = names_by_id(bundle, read_names(release.folder))
money = money_name(bundle.direction_known)
measures = measure_titles(found, money)

with st.container(horizontal=True):
    kind = st.segmented_control(
        "Show",
        list(KINDS),
        format_func=lambda name: KINDS[name],
        default="segment",
        required=True,
        key="trend_kind",
        wrap=True,
        bind="query-params",
    )
    measure = st.segmented_control(
        "Figure",
        list(measures),
        format_func=lambda name: measures[name],
        default="customers",
        required=True,
        key="trend_measure",
        wrap=True,
        bind="query-params",
    )
kind, measure = kind or "segment", measure or "customers"
if len(found) == 1:
    page.waiting("This is the first version.", "Lines begin with the second one.")
shown = [whole(found), *series(found, "group" if kind == "group" else "segment", names)]
show_cards(cards_of(shown, measure, found, numbers, colours(bundle.segments)))
about = [others] if others else []
if len(found) > 1:
    about += [
        f"{len(found)} versions. Each line has its own scale; changes are since its first version."
    ]
    if refits(found):
        about.append(
            "Dotted lines: a new model, by which customers may move without having changed."
        )
about.append("Figures of fewer than 11 customers are not shown, nor what would reveal them.")
st.caption(" ".join(about))
if len(found) > 1:
    with st.expander("Show as a table"):
        table = figures_table(shown, measure, found, numbers)
        st.dataframe(table, hide_index=True, alt=f"{measures[measure]} in each version")

if cohorts := series(found, "cohort"):
    st.subheader("Who stays active, by the month of the first transaction", anchor=False)
    cut = len(cohorts) - MOST_ROWS
    page.chart(
        cohort_heat(cohorts, found, look=look()),
        f"Share of the customers with a transaction in the last {found[-1].active_days} days "
        "before the snapshot. The first month of the data also has customers who came before it."
        + (f" The newest {MOST_ROWS} months; the table has all {len(cohorts)}." if cut > 0 else ""),
        cohort_table(cohorts, measures, numbers),
        alt="Share of active customers by the month of their first transaction and by version.",
        key="cohorts",
    )

known, without_first = with_arrivals(found)
if any(arrived.files for _, arrived in known):
    st.subheader("What came in", anchor=False)
    drawn = known[1:] if without_first else known
    rows = {
        "Rows accepted": ([one.accepted for _, one in drawn], TOP),
        "Rows quarantined": ([one.quarantined for _, one in drawn], LOSS),
        "Duplicates": ([one.duplicates for _, one in drawn], OTHER),
    }
    versions = [one for one, _ in drawn]
    show_cards(
        [
            Card(
                f"rows_{place}",
                title,
                shown_count(counts[-1], numbers.style),
                "",
                f"in version {versions[-1].number}",
                partial(bars, counts, versions, numbers, colour=colour)
                if len(versions) > 1 and any(count != 0 for count in counts)
                else None,
            )
            for place, (title, (counts, colour)) in enumerate(rows.items())
        ]
    )
    st.caption(
        "Rows of the files that were new in a version."
        + (
            f" Version {known[0][0].number} had all earlier files and is only in the table: "
            f"{shown_count(known[0][1].accepted, numbers.style)} rows were accepted."
            if without_first
            else ""
        )
    )
    with st.expander("Show as a table"):
        table = deliveries_table(known, numbers)
        st.dataframe(table, hide_index=True, alt="What came in with each version")

st.subheader("All figures as a file", anchor=False)
report = partial(trend_page, found, names, style=numbers.style, money=money, note=others)
formats = (
    ("Excel (XLSX)", "xlsx", partial(xlsx_of, found, names)),
    ("CSV", "csv", partial(csv_of, found, names)),
    ("Report (HTML)", "html", report),
)
with st.container(horizontal=True):
    for label, ending, made in formats:
        file_name = f"trends_{bundle.snapshot_date}.{ending}"
        file_button(label, Action.SEE, made, file_name, key=f"download_trends_{ending}")
