"""For marketers: where are the customers at risk?"""

import streamlit as st

from app import data, page, session
from app.rfm import as_table, cross_table, heat_grid

page.begin(
    "RFM grid",
    "Who came lately, who comes often, and where is the money at risk? Good customers who have not "
    "come for long are below on the right.",
)
numbers = session.numbers()
cells = data.table("rfm_grid")
if cells.empty:
    page.waiting(
        "This version has no RFM grid.", "Run the job `models`, then change to the newer version."
    )
    st.stop()

page.chart(
    heat_grid(cells, numbers),
    "Customers in each cell, and the classic group that most of them are in. The darker, the more "
    "money. Cells of fewer than 11 customers are not shown.",
    as_table(cells, numbers),
    alt="Customers by days since the last transaction and by number of transactions.",
    key="rfm_grid",
)
groups = data.table("rfm_groups")
if not groups.empty:
    st.subheader("Classic groups beside the segments", anchor=False)
    st.caption(
        "The groups follow from fixed rules over the scores, the segments from the customers. "
        "Customers in both:"
    )
    st.table(cross_table(groups, numbers), border="horizontal", alt="Groups by segments")
