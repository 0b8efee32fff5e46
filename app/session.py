"""The model of one visitor's session, and what the visitor is told about it."""

import streamlit as st

from app.published import newest_first
from app.serving import Serving, renew
from bankseg_assets.releases import Release, refusal
from bankseg_assets.scoring import Bundle
from bankseg_assets.settings import load_settings

POLL = "5s"  # to list the releases and read a few small files takes about 2 ms


def refresh() -> None:
    """Bring the session to the newest usable model and say so when that changes something."""
    before = _serving()
    after = renew(before, _find)
    st.session_state.serving = after
    if before.bundle and after.bundle and before.bundle.sha256 != after.bundle.sha256:
        st.toast("Another model is in use now", icon=":material/new_releases:")
    if after.problem:
        _explain(after)
    elif after.bundle:
        _say_what_was_refused(after.bundle)


@st.fragment(run_every=POLL)
def watch() -> None:
    """Rerun the page when another model was released since it was drawn."""
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


def _find() -> list[Release]:
    return newest_first(load_settings().published_dir)


def _explain(serving: Serving) -> None:
    fallback = (
        f"Model {serving.bundle.version} goes on answering meanwhile."
        if serving.bundle
        else "There is no earlier model to fall back on."
    )
    st.error(
        f"**The newest model cannot be used.** {serving.problem} {fallback}\n\n"
        "What to do: run `make materialize`; this page mends itself when a good model is out.",
        icon=":material/error:",
    )


def _say_what_was_refused(bundle: Bundle) -> None:
    found = refusal(load_settings().published_dir)
    if found is not None:
        st.warning(
            f"**A newer model was refused.** {' '.join(found.reasons)} "
            f"Model {bundle.version} goes on answering, with the data that it was made from.\n\n"
            "What to do: the checks of the asset `release` in the Dagster UI have the numbers "
            f"(run {found.run_id[:8]}). If the change is wanted, run `release` with `force: true`.",
            icon=":material/gpp_maybe:",
        )


def _how_to_begin() -> None:
    if _serving().problem:
        return
    found = refusal(load_settings().published_dir)
    refused = f" The last one was refused: {' '.join(found.reasons)}" if found else ""
    st.info(
        f"**No model has been released yet.**{refused}\n\n"
        "What to do: run `make materialize`; or, while `make run` is running, drop a file of "
        f"transactions into `{load_settings().landing_dir}`.\n\n"
        "This page fills by itself when the first model is out.",
        icon=":material/hourglass_empty:",
    )
