"""Status of a platform without a release: deliveries, batch, and next step."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from app.panels.last_run import Run, recent_runs, shown_run
from app.panels.run_words import progress, timing
from app.state.dagster_links import DagsterLinks, dagster_links
from bankseg_assets.landing.files import list_landing, printable
from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.candidates import awaiting
from bankseg_assets.release.releases import Refusal, current_refusal
from bankseg_assets.runtime.settings import Settings

POLL_SECONDS = 2
LISTED = 8  # runs: the last one of the same job says how long one takes
MAX_REASONS = 3
NO_SEGMENTS = "There are no segments yet."


@dataclass(frozen=True)
class Situation:
    """What happened in one sentence, reasons, and the next step."""

    what: str
    todo: str
    reasons: tuple[str, ...] = ()
    is_wrong: bool = False
    """Whether something failed and is not only in progress."""
    share: float | None = None
    """How much of a run is finished, from 0 to 1."""


@st.fragment(run_every=POLL_SECONDS)
def show(settings: Settings, *, in_full: bool) -> None:
    """Draw the situation; failures are shown `in_full` on one page, others link to it."""
    found = situation(
        settings.landing_dir.as_posix(),
        deliveries(settings),
        current_refusal(settings.published_dir),
        _recent_runs(settings.dagster_port),
        dagster_links(),
        [file.name for file in list_landing(settings.landing_dir)],
        awaits_approval=awaiting(settings.published_dir) is not None,
    )
    if found.share is not None:
        st.info(_text(found), icon=":material/hourglass_top:")
        st.progress(found.share)
    elif not found.is_wrong:
        st.info(_text(found), icon=":material/hourglass_empty:")
    elif in_full:
        st.warning(_text(found), icon=":material/warning:")
    else:
        st.info(
            f"**{NO_SEGMENTS}** The page Overview says why, and what to do.",
            icon=":material/hourglass_empty:",
        )


def _text(found: Situation) -> str:
    reasons = "".join(f"\n- {escaped(reason)}" for reason in found.reasons)
    return (
        f"**{NO_SEGMENTS}** {found.what}{reasons}\n\nWhat to do: {found.todo}\n\n"
        "This page updates when the first version is released."
    )


def deliveries(settings: Settings) -> list[Delivery]:
    """Return the deliveries without creating a ledger."""
    if not settings.ledger_path.exists():
        return []
    try:
        return Ledger(settings.ledger_path).deliveries()
    except sqlite3.Error:
        return []


def situation(
    landing: str,
    arrived: Sequence[Delivery],
    refused: Refusal | None,
    runs: Sequence[Run] | None,
    dagster: DagsterLinks,
    landed: Sequence[str] = (),
    *,
    awaits_approval: bool = False,
) -> Situation:
    """Return the most urgent situation.

    `runs`: the newest, newest first; None if Dagster does not answer. `landed`: names of files.
    `awaits_approval`: whether the first model is made and not approved yet.
    """
    run = shown_run(runs or ())
    known = {one.file_name for one in arrived}
    waiting = sorted(name for name in landed if name not in known)
    if runs and run and run.is_at_work:
        return _at_work(run, runs, "" if arrived else _listed(waiting), dagster)
    rejected = [one for one in arrived if one.status == "rejected"]
    if refused and not (run and run.has_failed and run.run_id != refused.run_id):
        return Situation(
            "The first version was refused, so no results are shown:",
            "follow the reasons above; the page Data shows what was quarantined and why. A "
            f"corrected file in `{landing}` starts the next batch.",
            refused.reasons,
            is_wrong=True,
        )
    if arrived and len(rejected) == len(arrived):
        return Situation(
            f"{_files(arrived)} and {'was' if len(arrived) == 1 else 'all were'} rejected:",
            f"correct the file, or the contract that describes it, and drop it into `{landing}` "
            "again.",
            tuple(_last_reasons(rejected)),
            is_wrong=True,
        )
    if run and run.has_failed:
        return _failed(run, dagster)
    if waiting and runs is not None:
        found = f"{_listed(waiting)} arrived; a batch starts within half a minute."
        seen = dagster.page("Automation", "/automation")
        return Situation(found, f"wait; {seen} shows what the sensors see.")
    return _at_rest(landing, arrived, dagster, awaits_approval=awaits_approval)


def _failed(run: Run, dagster: DagsterLinks) -> Situation:
    details = f"{dagster.run(run.run_id)} has the details."
    if run.is_cancelled:
        return Situation(
            "The last batch was stopped before its end.",
            f"start it with `make materialize`, or wait: it is repeated within an hour. {details}",
            is_wrong=True,
        )
    return Situation(
        "The last batch failed, and will fail again until the cause is fixed:",
        f"{details} Fix the cause, then run `make materialize`.",
        run.reasons or ("It was stopped, or ended without an error message.",),
        is_wrong=True,
    )


def _at_work(run: Run, runs: Sequence[Run], files: str, dagster: DagsterLinks) -> Situation:
    of_what = f" of {files}" if files else ""
    return Situation(
        f"The first batch{of_what} makes them now. {progress(run)} {timing(run, runs)}",
        f"wait; {dagster.run(run.run_id)} shows each step.",
        share=run.share,
    )


def _at_rest(
    landing: str, arrived: Sequence[Delivery], dagster: DagsterLinks, *, awaits_approval: bool
) -> Situation:
    if awaits_approval:
        return Situation(
            "The first model is made, and awaits approval.",
            "a reviewer decides on the page Approval, or with `bankseg approve`.",
        )
    if arrived:
        return Situation(
            f"{_files(arrived)}; no segments have been made from them yet.",
            f"run `make materialize`, or look at {dagster.page('Runs', '/runs')}.",
        )
    return Situation(
        "No file has been delivered.",
        f"run `make run`, and drop a file of transactions into `{landing}`.",
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{escaped(printable(name))}`" for name in names[:MAX_REASONS])
    more = len(names) - MAX_REASONS
    return f"{shown} and {more} more" if more > 0 else shown


def _files(arrived: Sequence[Delivery]) -> str:
    if not arrived:
        return "no file was recorded so far"
    return "1 file arrived" if len(arrived) == 1 else f"{len(arrived)} files arrived"


def _last_reasons(rejected: Iterable[Delivery]) -> list[str]:
    newest = sorted(rejected, key=lambda one: one.taken_at, reverse=True)
    return [
        one.reason if one.file_name in one.reason else f"{one.file_name}: {one.reason}"
        for one in newest[:MAX_REASONS]
    ]


@st.cache_data(ttl=POLL_SECONDS, show_spinner=False)
def _recent_runs(port: int) -> list[Run] | None:
    return recent_runs(port, LISTED)
