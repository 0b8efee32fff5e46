"""Page for marketers: segments, recommended actions and customer lists."""

from typing import Any

import streamlit as st

from app.panels.downloads import csv_button, link_to_list
from app.panels.profiles import INDEX_NOTE, SPENDING_NOTE, index_bars, profile, rule_sentence
from app.state import data, session
from app.widgets import page
from app.widgets.tables import show_table
from bankseg_assets.campaigns.audiences import SEGMENT
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.scoring.documents import Segment
from bankseg_assets.scoring.explain.wording import ONE_SEGMENT

CARD_WIDTH = 540  # two per row on a desktop, one on a phone

bundle = page.begin("Segments", "Which customers should I target, and how?")
release = session.require_release()
numbers = session.numbers()
names = {segment.name: segment for segment in bundle.segments}
is_one = len(names) == 1
chosen: list[str] = []
if is_one:
    page.nothing(ONE_SEGMENT)
else:
    chosen = st.multiselect(
        "Segments to show",
        list(names),
        key="segments",
        bind="query-params",
        placeholder="All segments",
    )


def rows_of(asset: str) -> dict[int, dict[str, Any]]:
    """Return segment -> row of a small table of the release."""
    found = data.table(asset)
    return {} if found.empty else {int(row["segment"]): dict(row) for _, row in found.iterrows()}


profiles, actions = rows_of("segment_profiles"), rows_of("recommended_actions")
audiences = {
    total.audience.name: total.audience
    for total in data.audiences()
    if total.audience.kind == SEGMENT and total.customers
}


def draw_profile(segment: Segment) -> None:
    """Draw the segment's profile compared with the average customer."""
    table = profile(segment, numbers, direction_known=bundle.direction_known)
    if is_one:
        show_table(table.drop(columns="Index"), alt="The segment's profile")
        return
    if any(value is not None for value in segment.index.values()):
        st.caption("Index: the average customer is 100.")
        st.plotly_chart(
            index_bars(segment, direction_known=bundle.direction_known),
            config={"displayModeBar": False},
            alt="A bar per measure, from the average of 100; the table has the same numbers.",
            key=f"index_{segment.segment}",
        )
    with st.expander("Show as a table"):
        show_table(table, alt="The segment's profile")


def sums(row: dict[str, Any]) -> str:
    """Return the segment's size and money, separated into spending and income if known."""
    size = f"**{numbers.number(row['customers'])}** customers"
    money = f"**{numbers.short_money(row['total_monetary'])}**"
    if not bundle.direction_known:
        return f"{size}, {money}"
    total = row["total_income"]  # also 0 if fewer than 11 members have income
    income = f"**{numbers.short_money(total)}** of income" if total else "hardly any income"
    return f"{size}, {money} of spending, {income}"


def card(segment: Segment) -> None:
    """Draw a segment's description, recommended action and customer list."""
    number = segment.segment
    row, action = profiles.get(number, {}), actions.get(number)
    with st.container(border=True, width=CARD_WIDTH):
        st.subheader(segment.name, anchor=False)
        if row.get("customers"):  # the sentence has the shares; 0 means fewer than 11
            st.markdown(sums(row))
        st.markdown(segment.sentence)
        if action:
            st.markdown(f":material/campaign: **{action['action']}.** {action['reason']}")
        if segment.rule:
            st.markdown(rule_sentence(segment))
        draw_profile(segment)
        if row.get("people"):
            st.caption(escaped(row["people"]))
        if segment.name in audiences:
            link_to_list(segment.name, "Campaign list: top customers, Excel or CSV")
            csv_button(
                release,
                bundle,
                audiences[segment.name],
                "Customers of this segment (CSV)",
                key=f"download_{number}",
            )


note = "" if is_one else f"{INDEX_NOTE} "
if bundle.direction_known:
    note += f"{SPENDING_NOTE} "
st.caption(
    f"{note}Each list has one customer in ten marked `held_out_of_campaign`. Do not contact these, "
    "and compare them with the others afterwards to measure the campaign's effect."
)
with st.container(horizontal=True):
    for name in chosen or names:
        card(names[name])
