"""The forecasts of a customer, drawn: still active, days with transactions, and spending."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from app.panels.customer_tables import forecast_caption
from app.widgets.tables import show_table
from bankseg_assets.presentation.formatting import probability
from bankseg_assets.presentation.markdown import escaped


def show_forecasts(known: Mapping[str, float], table: pd.DataFrame, notes: Sequence[str]) -> None:
    """Draw forecasts and the notes on them; `table`: of `forecasts_table`, not drawn if empty."""
    if not table.empty:
        alive = known.get("p_alive")
        if alive is not None:
            st.markdown(f"Still active with a probability of **{probability(alive)}**.")
        show_table(table, alt="Forecasts for the days after the snapshot")
    st.caption(escaped(forecast_caption(known, notes)))
