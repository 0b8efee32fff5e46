"""A candidate beside the release in use, as tables, and the decision on it."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import streamlit as st

from app.panels.quality import METRICS
from app.state.access import may, permitted, who
from app.widgets.numbers import Numbers
from bankseg_assets.access.checks import RefusedError
from bankseg_assets.access.roles import Action
from bankseg_assets.presentation.disclosure import is_small
from bankseg_assets.presentation.formatting import day
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.candidates import (
    AUTOMATIC,
    MAX_REASON,
    ApprovalError,
    Candidate,
    Decision,
    approve,
    decline,
)
from bankseg_assets.release.releases import Release
from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.storage.version_store import VersionStore

IN_USE, NEW = "In use", "New"
NONE = "–"  # noqa: RUF001
DECIDED = "approval_decided"
"""Key of the session: what was decided, to show after the page is drawn again."""


def figures(in_use: Bundle | None, new: Bundle, numbers: Numbers) -> pd.DataFrame:
    """Return a row per figure of the model in use and of the new one."""
    rows: dict[str, Callable[[Bundle], str]] = {
        "Segments": lambda one: numbers.number(len(one.segments)),
        "Customers": lambda one: numbers.count(int(one.metrics.get("n_customers", 0))),
        "Customers of the smallest segment": lambda one: _smallest(one, numbers),
        "Snapshot": lambda one: day(one.snapshot_date),
        "Fitted on the customers of": lambda one: day(
            one.fitted_snapshot_date or one.snapshot_date
        ),
    }
    table = [
        {"": title, IN_USE: text(in_use) if in_use else NONE, NEW: text(new)}
        for title, text in rows.items()
    ]
    table += [
        {"": title, IN_USE: _metric(in_use, name), NEW: _metric(new, name)}
        for name, (title, _) in METRICS.items()
        if name in new.metrics or (in_use is not None and name in in_use.metrics)
    ]
    return pd.DataFrame(table)


def gates(release: Release) -> pd.DataFrame:
    """Return the checks of a candidate."""
    return pd.DataFrame(
        [{"Gate": gate.sentence, "Verdict": gate.verdict} for gate in release.gates]
    )


def origin(candidate: Candidate, *, in_use: Release | None) -> str:
    """Return who made the candidate, when, and what it was compared with."""
    maker, manifest = candidate.made_by, candidate.manifest
    by = f"automatically ({maker.name})" if maker.known_by == AUTOMATIC else f"by {maker.name}"
    text = f"Fitted {by}, at {manifest.created_at}, in the run {manifest.run_id[:8]}."
    if in_use and candidate.compared_with != in_use.name:
        text += (
            f" The release in use has changed since: version {in_use.number} was made at "
            f"{in_use.created_at}. Moves and drift are those since the earlier one; after an "
            "approval, start a run, which applies the model to the newest files."
        )
    return text


def decided_table(found: Sequence[Decision]) -> pd.DataFrame:
    """Return the decisions, newest first."""
    return pd.DataFrame(
        [
            {
                "At": one.at,
                "Decision": "approved" if one.is_approved else "declined",
                "By": one.by,
                "Reason": one.reason,
                "Candidate": one.candidate,
            }
            for one in reversed(found)
        ]
    )


def decide(candidate: Candidate) -> None:
    """Draw the form of the decision, for those who may decide."""
    if not may(Action.APPROVE):
        st.caption("A reviewer who did not start the run approves or declines the model.")
        return
    maker = candidate.made_by
    if maker.known_by != AUTOMATIC and maker.name == who().actor.name:
        st.info("You started the run that fitted this model, so someone else must decide.")
        return
    with st.form("decision", border=False):
        reason = st.text_input(
            "Reason",
            key="approval_reason",
            max_chars=MAX_REASON,
            help="For the audit log, without customer data.",
        )
        with st.container(horizontal=True):
            approved = st.form_submit_button(
                "Approve and release", type="primary", icon=":material/check:"
            )
            declined = st.form_submit_button("Decline", icon=":material/close:")
    if not approved and not declined:
        return
    try:
        with permitted(Action.APPROVE):
            st.session_state[DECIDED] = _decided(candidate, reason, is_approved=approved)
    except (ApprovalError, RefusedError) as error:
        st.error(escaped(str(error)), icon=":material/error:")
    except (OSError, sqlite3.OperationalError) as error:
        st.error(
            f"The decision could not be stored ({type(error).__name__}): this server may only read "
            "the data folder. Decide where it can be written, with `bankseg approve` or `bankseg "
            "decline`.",
            icon=":material/error:",
        )
    else:
        st.rerun()


def _decided(candidate: Candidate, reason: str, *, is_approved: bool) -> str:
    settings, reviewer = load_settings(), who().actor
    store = VersionStore(settings.published_dir, settings.keep_versions)
    if not is_approved:
        decline(store, reviewer, reason, candidate.name)
        return "The model was declined; the one in use stays."
    found = approve(store, reviewer, reason, candidate.name)
    return f"The model was approved: version {found.number} is in use."


def _smallest(one: Bundle, numbers: Numbers) -> str:
    count = one.metrics.get("n_customers", 0) * one.metrics.get("smallest_share", 0)
    return numbers.count(round(count)) if count or is_small(round(count)) else NONE


def _metric(one: Bundle | None, name: str) -> str:
    found: Mapping[str, float] = one.metrics if one else {}
    return f"{found[name]:z.4f}" if found.get(name) is not None else NONE
