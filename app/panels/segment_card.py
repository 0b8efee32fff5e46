"""A segment as a card with three numbers, its action and its list; and all the rest of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from app.panels.downloads import csv_button, link_to_list
from app.panels.profiles import INDEX_NOTE, SPENDING_NOTE, index_bars, profile, rule_sentence
from app.panels.segment_name import show_rename
from app.state import data, session
from app.widgets.measures import money_name
from app.widgets.palette import colour
from app.widgets.tables import show_table
from bankseg_assets.campaigns.audiences import Audience
from bankseg_assets.lookup.forecasts import VALUE_MODEL
from bankseg_assets.presentation.formatting import percent
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.documents import Segment
from bankseg_assets.value.baselines import MODEL

ACTIVE_NOTE = "Of those with several days of transactions, {} are probably still active."
REPEATED_NOTE = " if customers go on as so far"
CARD_WIDTH = 540  # two per row on a desktop, one on a phone


@dataclass(frozen=True)
class Card:
    """A segment with its rows of the tables, and its list; None if it is too small for one."""

    segment: Segment
    sizes: Mapping[str, Any]
    action: Mapping[str, Any] | None
    audience: Audience | None


def show_card(release: Release, bundle: Bundle, card: Card) -> None:
    """Draw a card."""
    segment = card.segment
    with st.container(border=True, width=CARD_WIDTH, key=f"segment_card_{segment.segment}"):
        st.subheader(segment.name, anchor=False)
        with st.container(horizontal=True, gap="medium"):
            for title, value, note in three_numbers(card, bundle):
                st.metric(
                    title,
                    value,
                    note or None,
                    delta_color="off",
                    delta_arrow="off",
                    width="content",
                )
        if card.action:
            st.markdown(f":material/campaign: **{card.action['action']}**")
        with st.container(horizontal=True, vertical_alignment="center"):
            if card.audience is not None:
                csv_button(
                    release,
                    bundle,
                    card.audience,
                    "Customers (CSV)",
                    key=f"download_{segment.segment}",
                )
                link_to_list(segment.name, "Campaign list")
            if st.button("Details", key=f"details_{segment.segment}", icon=":material/more_horiz:"):
                show_details(bundle, card)


def three_numbers(card: Card, bundle: Bundle) -> list[tuple[str, str, str]]:
    """Return (title, number, note) of customers, money, and money per customer, as far as known."""
    numbers, sizes = session.numbers(), card.sizes
    money = money_name(bundle.direction_known)
    count, total = sizes.get("customers"), sizes.get("total_monetary")
    if not count or total is None:  # 0 means fewer than 11
        share = card.segment.share_of_customers
        return [("Customers", percent(share), "of all")] if share else []
    share_of_money = card.segment.share_of_money
    is_share = share_of_money is not None and 0 <= share_of_money <= 1
    return [
        ("Customers", numbers.number(count), percent(card.segment.share_of_customers)),
        (
            money,
            numbers.short_money(float(total)),
            percent(share_of_money or 0) if is_share else "",
        ),
        (f"{money} per customer", numbers.money(round(float(total) / count)), ""),
    ]


def show_details(bundle: Bundle, card: Card) -> None:
    """Draw everything about a segment, over the page."""
    st.dialog(card.segment.name, width="large")(_details)(bundle, card)


def _details(bundle: Bundle, card: Card) -> None:
    segment, numbers = card.segment, session.numbers()
    is_one = len(bundle.segments) == 1
    st.markdown(segment.sentence)
    if card.action:
        st.markdown(f":material/campaign: **{card.action['action']}.** {card.action['reason']}")
    if income := income_note(card):
        st.markdown(income)
    if forecast := forecast_note(card):
        st.markdown(forecast)
    if segment.rule:
        st.markdown(rule_sentence(segment))
    table = profile(segment, numbers, direction_known=bundle.direction_known)
    if not is_one and any(value is not None for value in segment.index.values()):
        st.plotly_chart(
            index_bars(segment, direction_known=bundle.direction_known),
            config={"displayModeBar": False},
            alt="A bar per measure, from the average of 100; the table has the same numbers.",
            key=f"index_{segment.segment}",
        )
    show_table(table.drop(columns="Index") if is_one else table, alt="The segment's profile")
    st.caption(
        ("" if is_one else INDEX_NOTE) + (f" {SPENDING_NOTE}" if bundle.direction_known else "")
    )
    if card.sizes.get("people"):
        st.caption(escaped(card.sizes["people"]))
    show_rename(bundle, segment)


def income_note(card: Card) -> str:
    """Return the income of the segment; empty if income is not known separately."""
    if "total_income" not in card.sizes or not session.direction_known():
        return ""
    total = card.sizes["total_income"]  # also 0 if fewer than 11 members have income
    if not total:
        return "Hardly any income."
    return f"**{session.numbers().short_money(float(total))}** of income."


def forecast_note(card: Card) -> str:
    """Return what the segment's customers will spend; empty if it is not known."""
    total, alive = card.sizes.get("total_spend_next_90"), card.sizes.get("mean_p_alive")
    if total is None or pd.isna(total):
        return ""
    active = "" if alive is None or pd.isna(alive) else f" {ACTIVE_NOTE.format(percent(alive))}"
    how = "" if data.document(VALUE_MODEL).get("spend_by") == MODEL else REPEATED_NOTE
    return f"**{session.numbers().short_money(float(total))}** in the next 90 days{how}.{active}"


def stripe(segments: tuple[Segment, ...]) -> str:
    """Return a style sheet that gives each card the colour of its segment."""
    return "\n".join(
        f".st-key-segment_card_{one.segment} {{border-top: 5px solid {colour(one)};}}"
        for one in segments
    )
