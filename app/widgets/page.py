"""Common parts of pages: title, question, snapshot, badges, and charts with tables."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.state import session, status
from app.widgets.files import file_button
from app.widgets.notes import notes
from app.widgets.style import style
from app.widgets.tables import show_table
from bankseg_assets.access.roles import Action
from bankseg_assets.presentation.formatting import day
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle

REPORT_HEIGHT = 720  # pixels
SNAPSHOT_NOTE = (
    "The snapshot is the day after the newest transaction: days since the last transaction are "
    "counted to it. Each batch that passes its checks makes a version."
)


def begin(title: str, question: str) -> Bundle:
    """Draw the head of a page and return the model; stop the page if there is none."""
    head = _title(title, question)
    bundle, release = session.require_bundle(), session.require_release()
    _about(head, bundle, release, in_full=False)
    return bundle


def begin_with_data(title: str, question: str, *, in_full: bool = False) -> Release | None:
    """Draw the head of a page that needs no model; return the release, or unreleased data.

    Before the first release it shows the status; returns None if there is no data.
    `in_full`: the page shows every note on the data and the next step itself.
    """
    head = _title(title, question)
    bundle, release = session.bundle(), session.shown()
    if bundle is None:
        session.show_missing_model(in_full=in_full)
        if release is not None:
            st.caption("The newest data, not released yet.")
        return release
    _about(head, bundle, session.require_release(), in_full=in_full)
    return release


def chart(
    figure: go.Figure,
    caption: str,
    table: pd.DataFrame,
    *,
    alt: str,
    key: str,
    on_select: Callable[[], None] | Literal["ignore"] = "ignore",
) -> None:
    """Draw a chart with a description and the same numbers as a table.

    `on_select` is called when a point is clicked; the selection is in the session under `key`.
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
    with st.expander("Show as a table"):
        show_table(table, alt=alt)


def report_buttons(label: str, page: Path | None, file_name: str) -> None:
    """Draw buttons that show a report's HTML page and download it; none without a page.

    It is read when a button is pressed: it has 5 MB.
    """
    if page is None:
        return
    with st.container(horizontal=True):
        if st.button(label, icon=":material/description:", key=f"open_{file_name}"):
            st.dialog(label, width="large")(_show_report)(page, label)
        file_button("Download (HTML)", Action.SEE, page.read_bytes, file_name, key=file_name)


def _show_report(page: Path, alt: str) -> None:
    # Reports have dark text, also on a dark page.
    style(".st-key-report iframe {background: #ffffff; color-scheme: light;}")
    with st.container(key="report"):
        st.iframe(page, height=REPORT_HEIGHT, alt=alt)


def waiting(what: str, todo: str) -> None:
    """Show that there is nothing yet, and what creates it."""
    st.info(f"**{what}** {todo}", icon=":material/hourglass_empty:")


def nothing(what: str) -> None:
    """Show why there is no chart."""
    st.info(what, icon=":material/info:")


def _title(title: str, question: str) -> DeltaGenerator:
    """Draw title and question; return their line, in which snapshot and badges follow."""
    head = st.container(horizontal=True, vertical_alignment="center", gap="small")
    head.title(title, anchor=False, width="content")
    head.markdown(question, width="content")
    return head


def _about(head: DeltaGenerator, bundle: Bundle, release: Release, *, in_full: bool) -> None:
    snapshot = f"Snapshot of {day(bundle.snapshot_date)} · version {release.number}"
    found = notes(bundle, release)
    head.caption(snapshot, width="content", help=SNAPSHOT_NOTE)
    status.show(
        release,
        [] if in_full else status.limits(len(found)),
        direction_known=session.direction_known(),
        head=head,
    )
