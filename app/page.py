"""What every page has: a title, its question, the snapshot, badges; charts with their tables."""

from collections.abc import Callable
from typing import Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import session, status
from app.tables import show_table
from bankseg_assets.formatting import day
from bankseg_assets.scoring import Bundle


def begin(title: str, question: str) -> Bundle:
    """Draw the head of a page and return the model; ends the page here where there is none."""
    st.title(title, anchor=False)
    st.markdown(question)
    bundle = session.require_bundle()
    release = session.require_release()
    version = release.name.split("-")[0].lstrip("0")
    demo = " · demo data: it describes nobody" if release.is_demo else ""
    st.caption(f"Snapshot of {day(bundle.snapshot_date)} · version {version}{demo}")
    status.show(release)
    return bundle


def chart(
    figure: go.Figure,
    caption: str,
    table: pd.DataFrame,
    *,
    alt: str,
    key: str,
    on_select: Callable[[], None] | Literal["ignore"] = "ignore",
) -> None:
    """Draw a chart, what it says in words, and the same numbers as a table.

    `on_select` is called when a point is clicked; what was clicked is in the session under `key`.
    """
    st.plotly_chart(
        figure,
        config={"displayModeBar": False},
        alt=alt,
        key=key,
        on_select=on_select,
        selection_mode="points",
    )
    st.caption(caption)
    with st.expander("The same as a table"):
        show_table(table, alt=alt)


def waiting(what: str, todo: str) -> None:
    """Say that there is nothing to show yet, and what brings it."""
    st.info(f"**{what}** {todo}", icon=":material/hourglass_empty:")
