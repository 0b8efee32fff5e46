"""Page for branch staff: one customer of the release, by ID."""

import streamlit as st

from app.panels.customer import ID_KEY, show_months, show_portrait
from app.state import data, session
from app.state.access import permitted
from app.widgets import page
from bankseg_assets.access.roles import Action
from bankseg_assets.lookup.customer import CUSTOMERS, LookupFailedError, find_customer, not_found
from bankseg_assets.lookup.forecasts import forecast_notes
from bankseg_assets.lookup.months import months_of
from bankseg_assets.lookup.portrait import portrait
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.privacy.look_ups import record_look_up
from bankseg_assets.release.releases import all_releases
from bankseg_assets.runtime.settings import load_settings

RECORDED = "customer_recorded"
"""Key of the session: the customer whose look-up was recorded last."""

bundle = page.begin(
    "Find a customer",
    "Which segment is a customer in, why, and what comes next? Enter the customer's ID.",
)
release, numbers = session.require_release(), session.numbers()
if not data.has(CUSTOMERS):
    page.nothing("This version has no table of customers.")
    st.stop()
# In the session alone: an ID in the URL would stay in the browser's history and in a proxy's log.
typed = st.text_input(
    "Customer ID",
    placeholder="As in the bank's files",
    key=ID_KEY,
    autocomplete="off",
    width=400,
)
if not typed.strip():
    st.info("The customer appears here. The ID is not kept in the address or in a log.")
    st.stop()
try:
    customer = find_customer(release, typed)
    if customer is None:
        st.warning(escaped(not_found(release)), icon=":material/person_off:")
        st.stop()
    assert customer is not None
    if st.session_state.get(RECORDED) != customer.customer_id:
        with permitted(Action.LOOK_UP):
            record_look_up(load_settings().data_dir, customer.customer_id, result="shown")
        st.session_state[RECORDED] = customer.customer_id
    releases = all_releases(release.folder)
    found = portrait(release, bundle, customer, releases)
    show_portrait(found, bundle, data.actions(), forecast_notes(release), numbers)
    # Last, because all transactions are searched: 0.7 s for ten million.
    with st.spinner("Reading the transactions …"):
        months = months_of(release, customer)
    show_months(months, bundle, numbers)
except LookupFailedError as error:
    st.error(str(error), icon=":material/error:")
