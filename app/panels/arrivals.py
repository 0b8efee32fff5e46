"""What arrived and what was quarantined, in short: all there is before the first segments."""

import streamlit as st

from app.panels.deliveries import kept_rows, ledger_table, reasons_table, set_aside
from app.panels.situation import deliveries
from app.widgets.numbers import Numbers
from app.widgets.tables import show_table
from bankseg_assets.release.releases import Release
from bankseg_assets.runtime.settings import load_settings


def show_arrivals(release: Release | None, numbers: Numbers) -> None:
    """Draw the deliveries and what became of their rows."""
    arrived = deliveries(load_settings())
    if arrived:
        st.subheader("What arrived", anchor=False)
        st.dataframe(ledger_table(arrived, numbers), hide_index=True, alt="Deliveries")
    if release and {"cleaned_transactions", "quarantined_transactions"} <= release.versions.keys():
        st.subheader("What became of the rows", anchor=False)
        show_table(
            reasons_table(kept_rows(release), set_aside(release), numbers),
            alt="Rows that were kept, and rows that were quarantined with the reason",
        )
