"""For data engineers: what came in, and what was set aside?"""

import pyarrow.parquet as pq
import streamlit as st

from app import page, session
from app.dagster import DagsterError, address, launch
from app.deliveries import ledger_table, reasons_table, set_aside, waterfall, why_rejected
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.markdown import escaped
from bankseg_assets.settings import load_settings

page.begin("Data", "What came in, what was kept, and what was set aside, with its reason?")
release, settings, numbers = session.require_release(), load_settings(), session.numbers()

if {"cleaned_transactions", "quarantined_transactions"} <= release.versions.keys():
    kept = sum(
        pq.read_metadata(path).num_rows
        for path in release.files("cleaned_transactions")
        if path.suffix == ".parquet"
    )
    aside = set_aside(release)
    page.chart(
        waterfall(kept, aside, numbers),
        "Every row that came is kept, set aside with a reason, or a duplicate of one that is kept. "
        "`python -m ops.quarantine > rows.csv` writes what was set aside, to correct and drop in "
        "again.",
        reasons_table(kept, aside, numbers),
        alt="Rows in, rows set aside by reason, rows kept.",
        key="waterfall",
    )

st.subheader("Deliveries", anchor=False)
if settings.ledger_path.exists():
    deliveries = Ledger(settings.ledger_path).deliveries()
    rejected = sum(one.status == "rejected" for one in deliveries)
    st.caption(f"Files that were seen: {len(deliveries)}. Rejected: {rejected}.")
    st.dataframe(ledger_table(deliveries, numbers), hide_index=True, alt="Deliveries")
    for reason in why_rejected(deliveries):
        st.caption(f":material/error: {escaped(reason)}")
else:
    page.waiting("No file has been delivered.", f"Drop one into `{settings.landing_dir}`.")

st.subheader("Make everything anew", anchor=False)
dagster = address(settings.dagster_port)
st.markdown(
    f"This version was made by the run [{release.run_id[:8]}]({dagster}/runs/{release.run_id}). "
    f"New files are taken by themselves; {dagster} shows what is going on."
)
if st.button("Materialize now", icon=":material/play_arrow:", key="materialize"):
    try:
        run = launch(settings.dagster_port)
        st.success(f"Dagster has started the run [{run[:8]}]({dagster}/runs/{run}).")
    except DagsterError as error:
        st.error(str(error), icon=":material/error:")
