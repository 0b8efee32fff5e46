"""The line under every page: which model answers, and how good it is."""

import streamlit as st

from app.numbers import Numbers
from bankseg_assets.formatting import day, percent
from bankseg_assets.scoring import Bundle


def footer(bundle: Bundle, numbers: Numbers) -> None:
    """Draw the line."""
    st.divider()
    st.caption(
        f"Model {bundle.version.split('-')[0]} · snapshot of {day(bundle.snapshot_date)} · "
        f"{numbers.number(bundle.metrics['n_customers'])} customers · "
        f"F1 on held-out customers {percent(bundle.metrics['f1_weighted'])}",
        help="F1 is 100% when customers that the model never saw all get their right segment.",
    )
