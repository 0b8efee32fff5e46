"""Page for links that lead nowhere."""

import streamlit as st

from app.state.access import may
from app.widgets.page import waiting
from bankseg_assets.access.roles import Action

st.title("This page does not exist", anchor=False)
link = st.query_params.get("link", "")
if link:
    st.code(link, language=None)
waiting(
    "The link is of an older version, or mistyped.",
    "The menu at the top lists all pages; these are asked for most:",
)
LINKS = (
    ("views/overview.py", "Overview: size and value of the segments", ":material/dashboard:"),
    ("views/segments.py", "Segments: whom to target, and how", ":material/groups:"),
)
TO_SCORE = (
    "views/new_customer.py",
    "New customer: which segment, and why",
    ":material/person_search:",
)
for page, title, icon in (*LINKS, *([TO_SCORE] if may(Action.SCORE) else [])):
    st.page_link(page, label=title, icon=icon)
