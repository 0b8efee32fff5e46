"""Page for marketers: customers who changed segment since the previous version."""

import streamlit as st

from app.panels.changes import (
    EXPLAINED,
    KINDS,
    as_table,
    compared,
    names_before,
    sankey,
    shown,
    with_names,
)
from app.state import data, session
from app.widgets import page
from app.widgets.palette import INK, colours
from app.widgets.tables import show_table
from app.widgets.theme import look
from bankseg_assets.release.releases import all_releases
from bankseg_assets.scoring.explain.wording import ONE_SEGMENT

bundle = page.begin(
    "Changes", "Which customers moved to another segment, and why: their behaviour or the model?"
)
flows = data.table("segment_migration")
if flows.empty:
    page.waiting(
        "There is no previous version to compare with yet.",
        "This page shows changes from the second version of the bank's own data on.",
    )
    st.stop()

kind = st.segmented_control(
    "Cause of the change",
    list(KINDS),
    format_func=lambda name: KINDS[name],
    default="both",
    required=True,
    key="moved",
    wrap=True,
    bind="query-params",
)
kind = kind or "both"
release = session.require_release()
stored = {one.name: one for one in all_releases(release.folder)}
previous = stored.get(str(flows["compared_with"].iloc[0]))
before, after = (str(flows[name].iloc[0]) for name in ("from_snapshot", "to_snapshot"))
flows = with_names(flows, names_before(previous), bundle.segment_names)
found = shown(flows, kind)
if found.empty:
    page.nothing("Every group that moved has fewer than 11 customers, and is not shown.")
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
    sankey(found, colours(bundle.segments), session.numbers(), INK[look()]),
    f"{EXPLAINED[kind]} "
    f"{compared(before, after, previous, release)} "
    f"Flows of fewer than 11 customers are not shown, others are rounded to the nearest ten; "
    f"{money} is the sum in the data window of the newer snapshot.",
    as_table(found, session.numbers(), direction_known=bundle.direction_known),
    alt="Customers by previous and current segment.",
    key="sankey",
)
