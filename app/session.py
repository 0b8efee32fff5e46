"""The model of one visitor's session, and what the visitor is told about it."""

from pathlib import Path

import streamlit as st
from dagster import DagsterInstance

from app.published import Publication, RecordError, newest_publication, open_instance
from app.serving import Serving, renew
from bankseg_assets.scoring import Bundle
from bankseg_assets.settings import load_settings

POLL = "5s"  # asking Dagster's SQLite for one event takes about 10 ms


def refresh() -> None:
    """Bring the session to the newest usable model and say so when that changes something."""
    before = _serving()
    after = renew(before, _find)
    st.session_state.serving = after
    if before.bundle and after.bundle and before.bundle.sha256 != after.bundle.sha256:
        st.toast("A new model is out", icon=":material/new_releases:")
    if after.problem:
        _explain(after)


@st.fragment(run_every=POLL)
def watch() -> None:
    """Rerun the page when another model was published since it was drawn."""
    serving = _serving()
    if renew(serving, _find) is not serving:
        st.rerun()


def bundle() -> Bundle | None:
    """Return the model in use; None before the first one."""
    return _serving().bundle


def require_bundle() -> Bundle:
    """Return the model in use, or say how to get one and end the page here."""
    found = bundle()
    if found is None:
        _how_to_begin()
        st.stop()
    return found


def _serving() -> Serving:
    serving: Serving = st.session_state.setdefault("serving", Serving())
    return serving


def _find() -> Publication | None:
    home = load_settings().dagster_home
    # Opening an instance would create its folder; that is Dagster's to do.
    if not home.is_dir():
        return None
    try:
        return newest_publication(_instance(home))
    except RecordError:
        # The folder may have been replaced since it was opened: open it anew at the next try.
        _instance.clear()
        raise


@st.cache_resource(show_spinner=False)
def _instance(home: Path) -> DagsterInstance:
    return open_instance(home)


def _explain(serving: Serving) -> None:
    fallback = (
        f"Model {serving.bundle.version} goes on answering meanwhile."
        if serving.bundle
        else "There is no earlier model in this session to fall back on."
    )
    st.error(
        f"**The newest model cannot be used.** {serving.problem} {fallback}\n\n"
        "What to do: run `make materialize`; this page mends itself when a good model is out.",
        icon=":material/error:",
    )


def _how_to_begin() -> None:
    if _serving().problem:
        return
    st.info(
        "**No model has been published yet.**\n\n"
        "What to do: run `make materialize`; or, while `make run` is running, drop a file of "
        f"transactions into `{load_settings().landing_dir}`.\n\n"
        "This page fills by itself when the first model is out.",
        icon=":material/hourglass_empty:",
    )
