"""Footer of every page: the model in use and its quality."""

import streamlit as st

from app.widgets.numbers import Numbers
from bankseg_assets.presentation.formatting import day
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.quality import quality


def footer(bundle: Bundle, numbers: Numbers) -> None:
    """Draw the footer; a single segment has no quality metrics."""
    st.divider()
    parts = [
        f"Model {bundle.version.split('-')[0]}",
        *(
            [f"fitted on the customers of {day(bundle.fitted_snapshot_date)}"]
            if bundle.fitted_snapshot_date not in ("", bundle.snapshot_date)
            else []
        ),
        f"snapshot of {day(bundle.snapshot_date)}",
        f"{numbers.count(int(bundle.metrics['n_customers']))} customers",
    ]
    measured = quality(bundle)
    st.caption(
        " · ".join([*parts, measured] if measured else parts),
        help="F1 is 100% if all these customers get the correct segment." if measured else None,
    )
