"""Page for marketers: segments, recommended actions and customer lists."""

from typing import Any

import streamlit as st

from app.panels.heat import segment_heat
from app.panels.profiles import index_table
from app.panels.segment_card import Card, show_card, show_details, stripe
from app.state import data, session
from app.state.access import may
from app.widgets import page
from app.widgets.links import SEGMENT as NUMBER
from app.widgets.links import arrived_by
from app.widgets.style import style
from app.widgets.theme import look
from bankseg_assets.access.roles import Action
from bankseg_assets.campaigns.audiences import SEGMENT
from bankseg_assets.presentation.phrases import window_note
from bankseg_assets.scoring.explain.wording import ONE_SEGMENT

bundle = page.begin("Segments", "Which customers should I target, and how?")
release = session.require_release()


def rows_of(asset: str) -> dict[int, dict[str, Any]]:
    """Return segment -> row of a small table of the release."""
    found = data.table(asset)
    return {} if found.empty else {int(row["segment"]): dict(row) for _, row in found.iterrows()}


profiles, actions = rows_of("segment_profiles"), rows_of("recommended_actions")
audiences = {
    total.audience.segment: total.audience
    for total in data.audiences()
    if total.audience.kind == SEGMENT and total.customers
}
cards = {
    str(one.segment): Card(
        one, profiles.get(one.segment, {}), actions.get(one.segment), audiences.get(one.segment)
    )
    for one in bundle.segments
}
if len(cards) == 1:
    page.nothing(ONE_SEGMENT)
elif any(value is not None for one in bundle.segments for value in one.index.values()):
    page.chart(
        segment_heat(bundle.segments, look=look(), direction_known=bundle.direction_known),
        "Index: the mean of the segment, where 100 is the mean of all customers. Blue is above "
        "it, orange below.",
        index_table(bundle.segments, direction_known=bundle.direction_known),
        alt="Index of each segment and measure.",
        key="segment_heat",
    )
style(stripe(bundle.segments))
with st.container(horizontal=True):
    for card in cards.values():
        show_card(release, bundle, card)
if may(Action.MAKE_LISTS):
    st.caption(
        "Each list has one customer in ten marked `held_out_of_campaign`. Do not contact these, "
        "and compare them with the others afterwards to measure the campaign's effect."
    )
overview = (data.document("eda_report").get("overview") or [{}])[0]
if note := window_note(overview):
    st.caption(note)
if (link := arrived_by(NUMBER)) and link[NUMBER] in cards:
    show_details(bundle, cards[link[NUMBER]])
