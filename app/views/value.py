"""Page for marketers: what customers will do and spend, and how good these forecasts are."""

import streamlit as st

from app.panels.value import (
    FORECASTS,
    TEST_NOTE,
    calibration,
    calibration_table,
    forecasts_by_segment,
    segment_bars,
    segments_table,
    test_table,
    used,
)
from app.state import data, session
from app.widgets import page
from app.widgets.tables import show_table
from bankseg_assets.lookup.forecasts import VALUE_MODEL
from bankseg_assets.presentation.markdown import escaped

bundle = page.begin("Value", "What will customers spend, and how sure is that?")
numbers, document = session.numbers(), data.document(VALUE_MODEL)
if not document:
    page.waiting("This version has no forecasts.", "The next batch makes them.")
    st.stop()
known = bundle.direction_known
show, icon = (
    (st.success, ":material/check_circle:")
    if document["reliable"]
    else (st.warning, ":material/warning:")
)
show("\n".join(f"- {escaped(note)}" for note in document["notes"]), icon=icon)

st.subheader("By segment", anchor=False)
found = forecasts_by_segment(data.table("segment_profiles"), bundle.segments)
if found.empty:
    page.nothing("No segment has enough customers to show its forecast.")
else:
    page.chart(
        segment_bars(found, bundle.segments, numbers),
        "The sum of the forecasts of the segment's customers for the 90 days after the snapshot, "
        f"by: {FORECASTS[document['spend_by']].lower()}. Still active, in the table: the mean "
        "probability, of customers with several days of transactions; after a single day it is not "
        "known.",
        segments_table(found, numbers, direction_known=known),
        alt="The forecast of each segment.",
        key="value_segments",
    )

st.subheader("How good were such forecasts?", anchor=False)
tested = test_table(document, numbers, direction_known=known)
if tested.empty:
    st.caption("They were not tested; the reason is above.")
else:
    show_table(tested, alt="Errors of the forecasts and of two baselines")
    st.caption(TEST_NOTE)
    deciles = used(document, "spend")["deciles"]
    page.chart(
        calibration(deciles, numbers),
        "Customers in tenths by their forecast of spending: the mean forecast beside the mean of "
        "what they spent. A good forecast has equal bars.",
        calibration_table(deciles, numbers),
        alt="Mean forecast and mean actual spending of each tenth of the customers.",
        key="value_calibration",
    )
