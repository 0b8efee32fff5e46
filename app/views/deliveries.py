"""Page for data engineers: delivered files and quarantined rows."""

import streamlit as st

from app.panels.deliveries import (
    balance,
    excluded_rows,
    kept_rows,
    ledger_table,
    reason_bars,
    reasons_table,
    rejection_reasons,
)
from app.panels.quarantine import show_quarantine
from app.panels.runs import show_runs, start_button
from app.panels.situation import deliveries
from app.state import session
from app.state.dagster_links import dagster_links
from app.widgets import page
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.runtime.settings import load_settings

release = page.begin_with_data(
    "Data", "Which files were delivered, how many rows were kept, and why were others not?"
)
settings, numbers = load_settings(), session.numbers()

if release and {"cleaned_transactions", "quarantined_transactions"} <= release.versions.keys():
    kept, excluded = kept_rows(release), excluded_rows(release)
    st.subheader(balance(kept, excluded, numbers), anchor=False)
    if excluded:
        page.chart(
            reason_bars(excluded, numbers),
            "Every delivered row is kept, quarantined with a reason, or a duplicate of a kept row.",
            reasons_table(kept, excluded, numbers),
            alt="Rows that were not kept, by reason.",
            key="reasons",
        )
    else:
        st.caption("Every delivered row was kept.")
    show_quarantine(release, excluded, settings, numbers)

st.subheader("Deliveries", anchor=False)
arrived = deliveries(settings)
if arrived:
    rejected = sum(one.status == "rejected" for one in arrived)
    st.caption(f"Files delivered: {len(arrived)}. Rejected: {rejected}.")
    st.dataframe(ledger_table(arrived, numbers), hide_index=True, alt="Deliveries")
    for reason in rejection_reasons(arrived):
        st.caption(f":material/error: {escaped(reason)}")
else:
    page.waiting("No file has been delivered.", f"Drop one into `{settings.landing_dir}`.")

st.subheader("Runs", anchor=False)
made = f"This version was made by {dagster_links().run(release.run_id)}. " if release else ""
st.markdown(f"{made}New files are ingested automatically.")
start_button()
show_runs()
