"""Summary of deliveries and quarantined rows, shown before the first segments exist."""

import streamlit as st

from app.panels.deliveries import excluded_rows, kept_rows, ledger_table, reasons_table
from app.panels.situation import deliveries
from app.widgets.numbers import Numbers
from app.widgets.tables import show_table
from bankseg_assets.release.releases import Release
from bankseg_assets.runtime.settings import load_settings


def show_arrivals(release: Release | None, numbers: Numbers) -> None:
    """Draw the deliveries and the outcome of their rows."""
    arrived = deliveries(load_settings())
    if arrived:
        st.subheader("Delivered files", anchor=False)
        st.dataframe(ledger_table(arrived, numbers), hide_index=True, alt="Deliveries")
    if release and {"cleaned_transactions", "quarantined_transactions"} <= release.versions.keys():
        st.subheader("Accepted and quarantined rows", anchor=False)
        show_table(
            reasons_table(kept_rows(release), excluded_rows(release), numbers),
            alt="Accepted rows, and quarantined rows by reason",
        )
