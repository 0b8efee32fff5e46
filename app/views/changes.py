"""Page for marketers: who moved from one segment to another since the previous version?"""

import streamlit as st

from app.panels.changes import EXPLAINED, KINDS, as_table, sankey, shown
from app.state import data, session
from app.widgets import page
from app.widgets.palette import colours
from app.widgets.tables import show_table
from bankseg_assets.presentation.formatting import day
from bankseg_assets.scoring.explain.wording import ONE_SEGMENT

INK = {"light": "#262730", "dark": "#fafafa"}  # names are drawn on the grey flows

bundle = page.begin(
    "Changes", "Who moved from one segment to another, by themselves or by the model?"
)
flows = data.table("segment_migration")
if flows.empty:
    page.waiting(
        "There is nothing to compare with yet.",
        "This page fills with the second version that is made from the bank's own data.",
    )
    st.stop()

kind = st.segmented_control(
    "What moved",
    list(KINDS),
    format_func=lambda name: KINDS[name],
    default="both",
    required=True,
    key="moved",
    bind="query-params",
)
kind = kind or "both"
before, after = (str(flows[name].iloc[0]) for name in ("from_snapshot", "to_snapshot"))
found = shown(flows, kind)
if found.empty:
    page.nothing("No flow has 11 customers or more, and smaller ones are not shown.")
    st.stop()
if len(bundle.segments) == 1 and not found["moved"].any():
    page.nothing(f"{ONE_SEGMENT} No one has moved.")
    show_table(
        as_table(found, session.numbers(), direction_known=bundle.direction_known),
        alt="Customers before and after",
    )
    st.stop()
money = "spending" if bundle.direction_known else "money"
page.chart(
    sankey(found, colours(bundle.segments), INK[st.context.theme.type or "light"]),
    f"{EXPLAINED[kind]} Snapshots of {day(before)} and {day(after)}. Flows of fewer than 11 "
    f"customers are not shown, others to the nearest ten; {money} is what they spent in the window "
    "of the newer snapshot.",
    as_table(found, session.numbers(), direction_known=bundle.direction_known),
    alt="Customers from the segments before to the segments after.",
    key="sankey",
)
