"""The frame around every page: navigation, the model in use, and the watch for a newer one.

Start it from the repository's root with `streamlit run app/main.py`. A new page is a file in
`views/` and a line in PAGES.
"""

import sys
from pathlib import Path

import streamlit as st

ROOT = str(Path(__file__).resolve().parent.parent)
# `streamlit run` puts the script's folder on the path, not the folder it is started from.
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from app import session  # noqa: E402 - needs the path above
from app.footer import footer  # noqa: E402 - needs the path above

PAGES = [
    st.Page(
        "views/new_customer.py",
        title="New customer",
        icon=":material/person_search:",
        default=True,
    ),
    st.Page("views/segments.py", title="Segments", icon=":material/groups:"),
]

# A file, because the browser would fetch a named icon for its tab from the internet.
ICON = Path(__file__).with_name("icon.svg")
st.set_page_config(page_title="Customer segments", page_icon=ICON, layout="wide")
page = st.navigation(PAGES, position="top")
session.refresh()
session.watch()
page.run()
if bundle := session.bundle():
    footer(bundle)
