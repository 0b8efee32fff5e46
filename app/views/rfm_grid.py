"""Page for marketers: the RFM grid and the customers of its cells."""

import streamlit as st

from app.panels import rfm_cell
from app.panels.audience_table import HIDDEN_NOTE, audience_table
from app.panels.downloads import link_to_win_back
from app.panels.rfm import (
    Cell,
    as_table,
    clicked,
    cross_table,
    group_table,
    heat_grid,
    names_of,
    scores,
)
from app.state import data, session
from app.widgets import page
from app.widgets.links import read_link, write_link
from app.widgets.tables import show_side_by_side, show_table
from bankseg_assets.campaigns.audiences import GROUP

RECENCY, FREQUENCY = "rfm_recency", "rfm_frequency"

page.begin_with_data(
    "RFM grid",
    "Which customers are recent, which are frequent, and which are at risk? Formerly frequent "
    "customers without recent transactions are at the bottom right. Click a cell for details.",
)
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

link_to_win_back()
choices = {
    RECENCY: scores(cells, "recency", "days ago"),
    FREQUENCY: scores(cells, "frequency", "transactions"),
}
read_link("rfm_grid", choices)  # scores in the URL mean the same in every version
chosen: Cell | None = None
if all(st.session_state.get(key) in known for key, known in choices.items()):
    chosen = st.session_state[RECENCY], st.session_state[FREQUENCY]
chart_key = f"rfm_grid_{chosen}"  # a new key resets the chart's selection


def select_clicked_cell() -> None:
    """Select the clicked cell."""
    if cell := clicked(st.session_state[chart_key]):
        st.session_state[RECENCY], st.session_state[FREQUENCY] = cell
        st.toast("The cell is selected. Its customers are beside the grid; on a phone, below it.")


grid, details = st.columns([3, 2], gap="large")  # a phone stacks them
with grid:
    page.chart(
        heat_grid(cells, numbers, chosen, direction_known=direction_known),
        f"Rows: days since the {names.last.lower()}. Columns: {names.transactions.lower()}. Each "
        "cell has its customers, and the group that most of them are in with its share: groups "
        "also depend on money, so that a cell has customers of several. Stronger colour means "
        f"more {names.money.lower()}. Grey: hidden, because this cell, or one that could be "
        "calculated from it, has fewer than 11 customers.",
        as_table(cells, numbers, direction_known=direction_known),
        alt=f"Customers by days since the {names.last.lower()} and by number of "
        f"{names.transactions.lower()}.",
        key=chart_key,
        on_select=select_clicked_cell,
    )
with details:
    st.subheader("Customers of a cell", anchor=False)
    for key, label in zip(choices, (names.last, names.transactions), strict=True):
        st.selectbox(
            label,
            list(choices[key]),
            index=None,
            format_func=choices[key].__getitem__,
            placeholder="Choose, or click a cell",
            key=key,
        )
    write_link("rfm_grid", choices)
    if chosen:
        rfm_cell.show_cell(release, bundle, numbers, cells, chosen)

audiences = data.audiences()
groups = [total for total in audiences if total.audience.kind == GROUP]
if groups:
    st.subheader("Groups", anchor=False)
    st.caption("Rules on recency, frequency and money define the groups.")
    show_table(
        audience_table(groups, numbers, title="Group", direction_known=direction_known),
        alt="Groups with customers, money and action",
    )
    if any(total.customers is None for total in groups):
        st.caption(HIDDEN_NOTE)

by_segment = data.table("rfm_groups")
if not by_segment.empty and len(bundle.segments) > 1:
    st.subheader("Groups by segment", anchor=False)
    st.caption("Clustering of the customers defines the segments. Customers in both:")
    show_side_by_side(cross_table(by_segment, numbers), alt="Groups by segment")
