"""Page for branch staff: one customer of the release, by ID."""

import streamlit as st

from app.panels.customer import ID_KEY, show_months, show_portrait
from app.state import data, session
from app.widgets import page
from bankseg_assets.lookup.customer import CUSTOMERS, LookupFailedError, find_customer, not_found
from bankseg_assets.lookup.forecasts import forecast_notes
from bankseg_assets.lookup.months import months_of
from bankseg_assets.lookup.portrait import portrait
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.releases import all_releases

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
    st.info("The customer appears here. The ID is neither logged nor kept in the address.")
    st.stop()
try:
    customer = find_customer(release, typed)
    if customer is None:
        st.warning(escaped(not_found(release)), icon=":material/person_off:")
        st.stop()
    releases = all_releases(release.folder)
    found = portrait(release, bundle, customer, releases)
    show_portrait(found, bundle, data.actions(), forecast_notes(release), numbers)
    # Last, because all transactions are searched: 0.7 s for ten million.
    with st.spinner("Reading the transactions …"):
        months = months_of(release, customer)
    show_months(months, bundle, numbers)
except LookupFailedError as error:
    st.error(str(error), icon=":material/error:")
