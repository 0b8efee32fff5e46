"""Entry point with the parts common to all pages: navigation, version in use, newer versions.

Start it from the repository's root with `streamlit run app/server.py`. To add a page, add a file to
`views/` and a line to PAGES.
"""

import sys
from pathlib import Path

import streamlit as st

ROOT = str(Path(__file__).resolve().parent.parent)
# `streamlit run` puts the script's folder on the path, not the current folder.
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from app.panels import list_errors  # noqa: E402 - needs the path above
from app.state import session  # noqa: E402 - needs the path above
from app.widgets import links  # noqa: E402 - needs the path above
from app.widgets.footer import footer  # noqa: E402 - needs the path above
from app.widgets.style import style_buttons  # noqa: E402 - needs the path above
from app.widgets.theme import look  # noqa: E402 - needs the path above
from bankseg_assets.runtime.settings import load_settings  # noqa: E402 - needs the path above

OVERVIEW, CUSTOMER, WATCH_LIST = "Overview", "Find a customer", "Watch list"
PAGES = {
    "Customers": [
        st.Page("views/overview.py", title=OVERVIEW, icon=":material/dashboard:", default=True),
        st.Page("views/segments.py", title="Segments", icon=":material/groups:"),
        st.Page("views/rfm_grid.py", title="RFM grid", icon=":material/grid_on:"),
        st.Page("views/campaign.py", title="Campaign lists", icon=":material/campaign:"),
        st.Page("views/value.py", title="Value", icon=":material/savings:"),
        st.Page("views/watch.py", title=WATCH_LIST, icon=":material/notifications:"),
        st.Page("views/changes.py", title="Changes", icon=":material/swap_horiz:"),
    ],
    "Branch": [
        st.Page("views/customer.py", title=CUSTOMER, icon=":material/badge:"),
        st.Page("views/new_customer.py", title="New customer", icon=":material/person_search:"),
        st.Page("views/batch.py", title="Score a list", icon=":material/table:"),
    ],
    "Data and model": [
        st.Page("views/explore.py", title="Explore", icon=":material/insights:"),
        st.Page("views/quality.py", title="Quality", icon=":material/verified:"),
        st.Page("views/check_file.py", title="Check a file", icon=":material/fact_check:"),
        st.Page("views/deliveries.py", title="Data", icon=":material/database:"),
        st.Page("views/about.py", title="About", icon=":material/info:"),
        st.Page("views/not_found.py", title="Page not found", visibility="hidden"),
    ],
}

# A file, because the browser would fetch a named icon from the internet.
ICON = Path(__file__).with_name("icon.svg")
st.set_page_config(page_icon=ICON, layout="wide")
st.logo(ICON.with_name("logo.svg"))
left_out = set() if load_settings().customer_page else {CUSTOMER, WATCH_LIST}
shown = {
    section: [one for one in pages if one.title not in left_out] for section, pages in PAGES.items()
}
page = st.navigation(shown, position="top")
st.set_page_config(page_title=f"{page.title} · Customer segments")  # of the browser's tab
links.enter(page.title)
style_buttons(look())
session.refresh()
list_errors.keep_edits()  # also of a page that was left
session.offer(in_full=page.title == OVERVIEW)
page.run()
if bundle := session.bundle():
    footer(bundle, session.numbers())
