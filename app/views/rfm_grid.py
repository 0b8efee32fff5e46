"""Page for marketers: the RFM grid and the customers of its cells."""

from operator import contains

import streamlit as st

from app.panels import rfm_cell
from app.panels.audience_table import HIDDEN_NOTE, audience_table
from app.panels.downloads import link_to_win_back
from app.panels.rfm import (
    CUSTOMERS,
    EACH,
    MONEY,
    SHOWN,
    Cell,
    as_table,
    boxes,
    cross_table,
    group_table,
    names_of,
    scores,
)
from app.panels.rfm_boxes import CHOSEN, show_boxes
from app.state import data, session
from app.state.access import may
from app.widgets import page
from app.widgets.links import arrived_by, list_address
from app.widgets.tables import show_side_by_side, show_table, show_two_lines
from app.widgets.theme import look
from bankseg_assets.access.roles import Action
from bankseg_assets.campaigns.audiences import GROUP

RECENCY, FREQUENCY = "rfm_recency", "rfm_frequency"

page.begin_with_data("RFM grid", "Which customers are recent, which are frequent, who is at risk?")
numbers, bundle = session.numbers(), session.bundle()
if bundle is None:
    if data.has("rfm_table"):
        show_table(group_table(data.group_counts("rfm_table"), numbers), alt="Classic groups")
        st.caption("Customers by classic RFM group, which fixed rules on the scores define.")
    st.stop()
release = session.require_release()
direction_known = bundle.direction_known
names = names_of(direction_known)
cells = data.table("rfm_grid")
if cells.empty:
    page.waiting(
        "This version has no RFM grid.", "Run the job `refresh`, then switch to the newer version."
    )
    st.stop()

choices = {
    RECENCY: scores(cells, "recency", "days ago"),
    FREQUENCY: scores(cells, "frequency", "transactions"),
}
if link := arrived_by(*choices):  # scores in a link mean the same in every version
    scored = [int(link[key]) if link[key].isdigit() else None for key in choices]
    st.session_state[CHOSEN] = tuple(scored)
wanted = st.session_state.get(CHOSEN, ())
is_known = len(wanted) == len(choices) and all(map(contains, choices.values(), wanted))
chosen: Cell | None = wanted if is_known else None
titles = {
    CUSTOMERS: "Customers",
    MONEY: names.money,
    EACH: f"{names.money} per customer",
}
with st.container(horizontal=True, vertical_alignment="bottom"):
    shows = st.segmented_control(
        "Show in each cell",
        SHOWN,
        format_func=titles.__getitem__,
        default=CUSTOMERS,
        required=True,
        key="rfm_shows",
        wrap=True,
    )
    link_to_win_back()
shows = shows or CUSTOMERS
drawn, details = st.columns([3, 2], gap="large")  # a phone stacks them
with drawn:
    show_boxes(
        boxes(cells, numbers, shows=shows, look=look(), direction_known=direction_known),
        list(scores(cells, "recency").values()),
        list(scores(cells, "frequency").values())[::-1],
        chosen,
        look(),
    )
    st.caption(f"Rows: days since the {names.last.lower()}. Columns: {names.transactions.lower()}.")
with details:
    if chosen:
        recency, frequency = chosen
        st.subheader(f"{choices[FREQUENCY][frequency]}, {choices[RECENCY][recency]}", anchor=False)
        rfm_cell.show_cell(release, bundle, numbers, cells, chosen)
    else:
        st.subheader("Customers of a cell", anchor=False)
        st.markdown(
            "Choose a cell for its customers, money, segments and list. Formerly frequent "
            "customers without recent transactions are at the bottom right."
        )
unit = "" if shows == CUSTOMERS else f" Amounts are in {bundle.currency}."
st.caption(
    f"Stronger colour: more {titles[shows].lower()}.{unit} Below the figure is the group that "
    "most customers of the cell are in, with its share: groups also depend on money, so that a "
    "cell has customers of several. Grey: hidden, because this cell, or one that could be "
    "calculated from it, has fewer than 11 customers."
)
with st.expander("Show as a table"):
    show_table(as_table(cells, numbers, direction_known=direction_known), alt="The grid")

audiences = data.audiences()
groups = [total for total in audiences if total.audience.kind == GROUP]
listed = {
    total.audience.name: list_address(total.audience.name)
    for total in groups
    if total.money and may(Action.MAKE_LISTS)
}
if groups:
    st.subheader("Groups", anchor=False)
    st.caption(
        "Rules on recency, frequency and money define the groups."
        + (" A name links to its list." if listed else "")
    )
    show_two_lines(
        audience_table(groups, numbers, title="Group", direction_known=direction_known),
        alt="Groups with customers, money and action",
        links=listed,
    )
    if any(total.customers is None for total in groups):
        st.caption(HIDDEN_NOTE)

by_segment = data.table("rfm_groups")
if not by_segment.empty and len(bundle.segments) > 1:
    st.subheader("Groups by segment", anchor=False)
    st.caption("Clustering of the customers defines the segments. Customers in both:")
    segment_names = {segment.segment: segment.name for segment in bundle.segments}
    show_side_by_side(cross_table(by_segment, segment_names, numbers), alt="Groups by segment")
