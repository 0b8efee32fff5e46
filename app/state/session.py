"""The release that a session shows, and messages about it.

A session keeps its first release, so that figures on all pages are consistent and an answer does
not change during a conversation; a newer release is offered, not forced.
"""

import streamlit as st

from app.panels import situation
from app.panels.unreleased import unreleased
from app.state.access import may
from app.widgets.numbers import Numbers
from bankseg_assets.access.roles import Action
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.candidates import awaiting
from bankseg_assets.release.releases import Release, current_refusal
from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.current_model import Serving, renamed, renew
from bankseg_assets.scoring.published_model import newest_first

POLL = "5s"  # listing the releases and reading a few small files takes about 2 ms


def refresh() -> None:
    """Assign the newest release if the session has none or its release was removed.

    Names that the bank gives to segments are renewed in each release.
    """
    before = st.session_state.serving = renamed(_serving())
    if before.release is None or not _exists(before.release):
        after = renew(Serving(), _find)
        if before.bundle and after.bundle is None:
            after = Serving(before.bundle, None, after.problem or "It was removed.")
        st.session_state.serving = after
        if before.bundle and after.release:
            st.toast("The version you used was removed; this is a newer one.")
    if _serving().problem:
        _show_problem(_serving())


@st.fragment(run_every=POLL)
def offer(*, in_full: bool = False) -> None:
    """Show whether a newer version is available or was refused, with a button to switch.

    The reasons of a refusal are shown `in_full` on one page, and as a badge on the others.
    """
    serving = _serving()
    if in_full and serving.bundle and may(Action.APPROVE):
        _show_candidate()
    newest = renew(serving, _find)
    if newest is serving:
        if serving.bundle:
            _show_refusal(serving.bundle, in_full=in_full)
        return
    if serving.bundle is None:
        st.rerun()  # interrupts no one: the page was empty
    if newest.release is serving.release:
        if newest.bundle is not serving.bundle:  # a segment was renamed
            st.rerun()
        if newest.problem:
            _show_problem(newest)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            "A newer version of the segments is available. This page keeps the current one until "
            "you switch.",
            icon=":material/new_releases:",
        )
        if st.button("Show the newer version", key="adopt"):
            st.session_state.serving = newest
            st.rerun()


def bundle() -> Bundle | None:
    """Return the model in use; None before the first."""
    return _serving().bundle


def shown() -> Release | None:
    """Return the session's release; before the first release, the newest data."""
    serving = _serving()
    if serving.release or serving.bundle:
        return serving.release
    return unreleased(load_settings())


def require_release() -> Release:
    """Return the session's release; without one, show how to get one and stop the page."""
    require_bundle()
    found = _serving().release
    if found is None:
        st.stop()
    return found


def numbers() -> Numbers:
    """Return the bank's number and currency format."""
    found = shown()
    return Numbers(found.currency, found.number_format) if found else Numbers()


def direction_known() -> bool:
    """Return whether the model in use distinguishes spending from income."""
    found = bundle()
    return found is not None and found.direction_known


def require_bundle() -> Bundle:
    """Return the model in use; without one, show how to get one and stop the page."""
    found = bundle()
    if found is None:
        show_missing_model()
        st.stop()
    return found


def show_missing_model(*, in_full: bool = False) -> None:
    """Show why there is no model and what to do, unless a broken release was reported."""
    if not _serving().problem:
        situation.show(load_settings(), in_full=in_full)


def _serving() -> Serving:
    serving: Serving = st.session_state.setdefault("serving", Serving())
    return serving


def _exists(release: Release) -> bool:
    return all(release.path(asset).is_dir() for asset in release.versions)


def _find() -> list[Release]:
    return newest_first(load_settings().published_dir)


def _show_problem(serving: Serving) -> None:
    fallback = (
        f"Model {serving.bundle.version} stays in use meanwhile."
        if serving.bundle
        else "There is no earlier model to fall back on."
    )
    st.error(
        f"**The newest model cannot be used.** {serving.problem} {fallback}\n\n"
        "What to do: run `make materialize`; this page updates when a working model is released.",
        icon=":material/error:",
    )


def _show_candidate() -> None:
    if awaiting(load_settings().published_dir):
        st.info("A new model awaits your approval.", icon=":material/how_to_reg:")
        st.page_link("views/approval.py", label="Compare it with the model in use")


def _show_refusal(bundle: Bundle, *, in_full: bool) -> None:
    found = current_refusal(load_settings().published_dir)
    if found is None:
        return
    if not in_full:
        st.badge(
            "A newer version was refused",
            icon=":material/gpp_maybe:",
            color="orange",
            help="The page Overview says why, and what to do.",
        )
        return
    reasons = "\n".join(f"- {escaped(reason)}" for reason in found.reasons)
    st.warning(
        f"**A newer version was refused.**\n{reasons}\n\n"
        f"Model {bundle.version} stays in use, with the data that it was made from. The "
        "checks of the asset `release` in the Dagster UI have the numbers "
        f"(run {found.run_id[:8]}).",
        icon=":material/gpp_maybe:",
    )
