"""Entry point with the parts common to all pages: navigation, version in use, newer versions.

Start it from the repository's root with `streamlit run app/server.py`. To add a page, add a file to
`views/` and a line to PAGES, with what a role must allow.
"""

import sys
from pathlib import Path
from typing import Literal

import streamlit as st

ROOT = str(Path(__file__).resolve().parent.parent)
# `streamlit run` puts the script's folder on the path, not the current folder.
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from app.panels import list_errors, sign_in  # noqa: E402 - needs the path above
from app.state import session  # noqa: E402 - needs the path above
from app.widgets import links  # noqa: E402 - needs the path above
from app.widgets.footer import footer  # noqa: E402 - needs the path above
from app.widgets.style import style_buttons  # noqa: E402 - needs the path above
from app.widgets.theme import look  # noqa: E402 - needs the path above
from bankseg_assets.access.roles import Action  # noqa: E402 - needs the path above
from bankseg_assets.runtime.settings import load_settings  # noqa: E402 - needs the path above

# A file, because the browser would fetch a named icon from the internet.
ICON = Path(__file__).with_name("icon.svg")
OVERVIEW, CUSTOMER, WATCH_LIST = "Overview", "Find a customer", "Watch list"
needed: dict[str, Action] = {}
"""Path of a page -> what a role must allow for it."""
# Before anything is drawn: the browser shows the previous page until then.
st.set_page_config(page_icon=ICON, layout="wide")
identity, settings = sign_in.identified(), load_settings()


def view(
    name: str,
    action: Action,
    *,
    title: str,
    icon: str = "",
    default: bool = False,
    visibility: Literal["visible", "hidden"] = "visible",
) -> st.Page:
    """Return the page of a view; it is not in the menu of those who may not see it."""
    page = st.Page(
        f"views/{name}.py",
        title=title,
        icon=icon or None,
        default=default,
        visibility=visibility if identity.may(action) else "hidden",
    )
    needed[page.url_path] = action
    return page


PAGES = {
    "Customers": [
        view("overview", Action.SEE, title=OVERVIEW, icon=":material/dashboard:", default=True),
        view("segments", Action.SEE, title="Segments", icon=":material/groups:"),
        view("rfm_grid", Action.SEE, title="RFM grid", icon=":material/grid_on:"),
        view("campaign", Action.MAKE_LISTS, title="Campaign lists", icon=":material/campaign:"),
        view("campaigns", Action.SEE, title="Campaigns", icon=":material/ads_click:"),
        view("value", Action.SEE, title="Value", icon=":material/savings:"),
        view("watch", Action.MAKE_LISTS, title=WATCH_LIST, icon=":material/notifications:"),
        view("changes", Action.SEE, title="Changes", icon=":material/swap_horiz:"),
        view("trends", Action.SEE, title="Trends", icon=":material/show_chart:"),
    ],
    "Branch": [
        view("customer", Action.LOOK_UP, title=CUSTOMER, icon=":material/badge:"),
        view("new_customer", Action.SCORE, title="New customer", icon=":material/person_search:"),
        view("batch", Action.SCORE, title="Score a list", icon=":material/table:"),
    ],
    "Data and model": [
        view("explore", Action.SEE, title="Explore", icon=":material/insights:"),
        view("quality", Action.SEE, title="Quality", icon=":material/verified:"),
        view("check_file", Action.CHECK_FILES, title="Check a file", icon=":material/fact_check:"),
        view("deliveries", Action.SEE_DATA, title="Data", icon=":material/database:"),
        view(
            "approval",
            Action.SEE_DATA,
            title="Approval",
            icon=":material/how_to_reg:",
            visibility="visible" if settings.require_approval else "hidden",
        ),
        view("health", Action.SEE_DATA, title="Health", icon=":material/monitor_heart:"),
        view("audit", Action.READ_AUDIT, title="Audit", icon=":material/history_edu:"),
        view("about", Action.SEE, title="About", icon=":material/info:"),
        view("not_found", Action.SEE, title="Page not found", visibility="hidden"),
    ],
}

st.logo(ICON.with_name("logo.svg"))
left_out = set() if settings.customer_page else {CUSTOMER, WATCH_LIST}
shown = {
    section: [one for one in pages if one.title not in left_out] for section, pages in PAGES.items()
}
page = st.navigation(shown, position="top")
st.set_page_config(page_title=f"{page.title} · Customer segments")  # of the browser's tab
links.enter(page.title)
style_buttons(look())
if not identity.is_known:
    sign_in.show_sign_in(identity, needed[page.url_path])
elif not identity.may(needed[page.url_path]):
    sign_in.show_identity(identity)
    sign_in.show_refusal(identity, needed[page.url_path])
else:
    sign_in.show_identity(identity)
    session.refresh()
    list_errors.keep_edits()  # also of a page that was left
    session.offer(in_full=page.title == OVERVIEW)
    page.run()
    if bundle := session.bundle():
        footer(bundle, session.numbers())
