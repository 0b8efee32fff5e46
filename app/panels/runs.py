"""Recent runs with their outcome in words, and a button that starts one."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from app.panels.last_run import Run, recent_runs, shown_run
from app.panels.run_words import others_waiting, outcome, progress, span, timing
from app.state.access import may, permitted
from app.state.dagster_client import DagsterError, RunInProgressError, address, launch
from app.state.dagster_links import dagster_links
from app.widgets.tables import show_table
from bankseg_assets.access.checks import RefusedError
from bankseg_assets.access.roles import Action
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.privacy.audit import Event, acting, note
from bankseg_assets.release.candidates import (
    KNOWN_BY_TAG,
    STARTED_BY_TAG,
    Candidate,
    awaiting,
)
from bankseg_assets.release.releases import Refusal, Release, all_releases, current_refusal
from bankseg_assets.runtime.settings import load_settings

LISTED = 8  # runs
POLL = "5s"
POLL_SECONDS = 5


def as_table(
    runs: Sequence[Run],
    releases: Sequence[Release],
    refused: Refusal | None,
    candidate: Candidate | None = None,
) -> pd.DataFrame:
    """Return a row per run, newest first."""
    return pd.DataFrame(
        [
            {
                "Started (UTC)": _time(run.started),
                "Job": run.job,
                "Took": _duration(run),
                "Outcome": outcome(run, releases, refused, candidate),
            }
            for run in runs
        ]
    )


def start_button() -> None:
    """Draw the button that starts a run after a confirmation, unless setting or role forbid it."""
    if not load_settings().run_button or not may(Action.RUN):
        return
    if st.button("Materialize now …", icon=":material/play_arrow:", key="materialize"):
        confirm()


@st.fragment(run_every=POLL)
def show_runs() -> None:
    """Draw the recent runs; the list is renewed while the page is open."""
    settings = load_settings()
    runs = _recent(settings.dagster_port)
    if runs is None:
        st.info(
            f"Dagster does not answer at {address(settings.dagster_port)}, so runs are not listed. "
            "`make run` starts it.",
            icon=":material/cloud_off:",
        )
        return
    newest = shown_run(runs)
    if newest is None:
        st.caption("No run has been started yet.")
        return
    releases, refused = (
        all_releases(settings.published_dir),
        current_refusal(settings.published_dir),
    )
    candidate = awaiting(settings.published_dir)
    link = dagster_links().run(newest.run_id, "Run")
    text = f"{link}: {escaped(outcome(newest, releases, refused, candidate))}"
    if newest.is_at_work:
        texts = (progress(newest), timing(newest, runs), others_waiting(newest, runs))
        st.progress(newest.share, text=f"{link}: {' '.join(filter(None, texts))}")
    elif newest.is_cancelled:
        st.info(text, icon=":material/cancel:")
    elif newest.has_failed:
        st.error(text, icon=":material/error:")
    elif refused is not None and refused.run_id == newest.run_id:
        st.warning(text, icon=":material/gpp_maybe:")
    else:
        st.success(text, icon=":material/check_circle:")
    with st.expander("Recent runs", expanded=newest.has_failed):
        show_table(
            as_table(runs, releases, refused, candidate), alt="Recent runs with their outcome"
        )


@st.dialog("Rebuild everything?")
def confirm() -> None:
    """Ask whether to start a run; start it if so, and report the result."""
    st.markdown(
        "This starts the job `refresh`: it ingests the landing folder and makes a new version of "
        "all results, which takes minutes. New files are ingested without it. The version in use "
        "stays until the new one has passed its checks."
    )
    with st.container(horizontal=True):
        wanted = st.button("Start the run", type="primary", key="materialize_yes")
        if st.button("Cancel", key="materialize_no"):
            st.rerun()
    if not wanted:
        return
    settings = load_settings()
    try:
        with permitted(Action.RUN), st.spinner("Dagster is asked to start the run …"):
            starter = acting()
            tags = {STARTED_BY_TAG: starter.name, KNOWN_BY_TAG: starter.known_by}
            run = launch(settings.dagster_port, tags=tags)
            note(settings.audit_dir, Event("run started", on=run, result="queued"))
    except RefusedError as error:
        st.error(escaped(str(error)), icon=":material/lock:")
    except RunInProgressError as error:
        st.warning(str(error), icon=":material/hourglass_top:")
    except DagsterError as error:
        st.error(str(error), icon=":material/error:")
    else:
        st.success(f"The run {run[:8]} has been started; the page Data shows its progress.")
        _recent.clear()


@st.cache_data(ttl=POLL_SECONDS, show_spinner=False)
def _recent(port: int) -> list[Run] | None:
    return recent_runs(port, LISTED)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def _duration(run: Run) -> str:
    return "" if run.started is None or run.ended is None else span(run.seconds)
