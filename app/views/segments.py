"""For marketers and managers: who are our customers, and who brings the money?"""

import streamlit as st

from app import session
from app.charts import segment_map
from app.profiles import INDEX_NOTE, overview, show_card

st.title("Segments")
st.markdown("Who are our customers, and who brings the money?")
bundle = session.require_bundle()

st.plotly_chart(
    segment_map(bundle.segments),
    config={"displayModeBar": False},
    alt="A rectangle for each segment; the table below has the same numbers.",
)
st.caption(
    "Area: share of all customers. The darker, the more money per customer: the money index, where "
    "100 is the average of all customers."
)
st.table(overview(bundle.segments), border="horizontal", alt="Size and money of each segment")

st.caption(INDEX_NOTE)
with st.container(horizontal=True):
    for segment in bundle.segments:
        show_card(segment, bundle.currency)
