"""Page for marketers and advisers: customers who may be about to leave."""

from functools import partial

import pandas as pd
import streamlit as st

from app.panels.watch import FIRST, customers_table, quality_table, steps_table
from app.state import data, session
from app.state.access import permitted
from app.widgets import page
from app.widgets.files import file_button
from app.widgets.tables import show_table, show_two_lines
from bankseg_assets.access.roles import Action
from bankseg_assets.campaigns.watched import WATCH_LIST, record_watch_list, watched_customers
from bankseg_assets.lookup.forecasts import VALUE_MODEL
from bankseg_assets.presentation.csv_export import to_csv
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.lists.errors import ListError

RECORDED = "watch_list_recorded"

bundle = page.begin("Watch list", "Who may be about to leave, why, and what is at risk?")
release, numbers = session.require_release(), session.numbers()
test = data.document(VALUE_MODEL).get("attrition")
if not test or not data.has(WATCH_LIST):
    page.waiting("This version has no watch list.", "The next batch makes it.")
    st.stop()


def csv_of(of: Release, rows: pd.DataFrame) -> bytes:
    """Return the list as CSV, recorded in the audit log."""
    record_watch_list(of, len(rows), "downloaded")
    return to_csv(rows)


is_tested = test["by"] in test["precision"] and test["by"] != "recency"
show, icon = (
    (st.success, ":material/check_circle:") if is_tested else (st.warning, ":material/warning:")
)
show(escaped(test["note"]), icon=icon)
try:
    rows = watched_customers(release)
except ListError as error:
    st.error(str(error))
    st.stop()
if rows.empty:
    page.nothing("No customer's silence, spending or balance is unusual.")
    st.stop()
if not (steps := steps_table(rows, numbers)).empty:
    show_table(steps, alt="Customers and money at risk by next step")
file_button(
    f"The list: {numbers.count(len(rows))} customers (CSV)",
    Action.MAKE_LISTS,
    partial(csv_of, release, rows),
    f"watch-list_{bundle.snapshot_date}.csv",
    key="download_watch_list",
    is_primary=True,
)
st.subheader("The first customers", anchor=False)
shown = customers_table(rows, numbers)
show_two_lines(shown, alt="Customers with reason, money at risk and next step")
if st.session_state.get(RECORDED) != release.name:  # once for each version
    with permitted(Action.MAKE_LISTS):
        record_watch_list(release, len(shown), "shown")
    st.session_state[RECORDED] = release.name
st.caption(
    f"The {FIRST} with most money at risk: usual spending in 90 days, times the risk. Customers "
    "who object to marketing are left out."
)
st.subheader("How good is the ranking?", anchor=False)
if (quality := quality_table(test)).empty:
    st.caption("It could not be tested; the reason is above.")
else:
    show_table(quality, alt="Precision and lift of each ranking")
    st.caption(
        f"Customers with a rhythm of transactions at two thirds of the span: "
        f"{numbers.count(test['customers'])}, of whom {test['left']:.0%} had no transaction in the "
        "last third. Of the customers at the top of each ranking: the share who left, and how many "
        "times as many as of all."
    )
