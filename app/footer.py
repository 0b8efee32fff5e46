"""The line under every page: which model answers, and how good it is."""

import streamlit as st

from app.numbers import Numbers
from bankseg_assets.formatting import day, percent
from bankseg_assets.scoring import Bundle


def footer(bundle: Bundle, numbers: Numbers) -> None:
    """Draw the line; one segment has no quality to measure."""
    st.divider()
    parts = [
        f"Model {bundle.version.split('-')[0]}",
        f"snapshot of {day(bundle.snapshot_date)}",
        f"{numbers.count(int(bundle.metrics['n_customers']))} customers",
    ]
    explained = None
    if len(bundle.segments) > 1 and "f1_weighted" in bundle.metrics:
        parts.append(f"F1 on held-out customers {percent(bundle.metrics['f1_weighted'])}")
        explained = (
            "F1 is 100% when customers that the model never saw all get their right segment."
        )
    st.caption(" · ".join(parts), help=explained)
