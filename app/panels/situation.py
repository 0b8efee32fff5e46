"""Status of a platform without a release: deliveries, batch, and next step."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from app.panels.last_run import Run, last_run
from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.releases import Refusal, current_refusal
from bankseg_assets.runtime.settings import Settings

POLL_SECONDS = 5
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


def show(settings: Settings, *, in_full: bool) -> None:
    """Draw the situation; failures are shown `in_full` on one page, others link to it."""
    found = situation(
        settings.landing_dir.as_posix(),
        deliveries(settings),
        current_refusal(settings.published_dir),
        _last_run(settings.dagster_port),
        f"http://127.0.0.1:{settings.dagster_port}",
    )
    if not found.is_wrong:
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
    run: Run | None,
    dagster: str,
) -> Situation:
    """Return the most urgent situation."""
    rejected = [one for one in arrived if one.status == "rejected"]
    if run and run.is_at_work:
        return Situation(
            f"A batch is in progress: {_files(arrived)}.",
            f"wait; {dagster}/runs/{run.run_id} shows the progress.",
        )
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
        return Situation(
            "The last batch failed, and will fail again until the cause is fixed:",
            f"{dagster}/runs/{run.run_id} has the details. Fix the cause, then run "
            "`make materialize`.",
            run.reasons or ("It was stopped, or ended without an error message.",),
            is_wrong=True,
        )
    if arrived:
        return Situation(
            f"{_files(arrived)}; no segments have been made from them yet.",
            f"run `make materialize`, or look at {dagster}/runs.",
        )
    return Situation(
        "No file has been delivered.",
        "run `make materialize`; or, while `make run` is running, drop a file of transactions "
        f"into `{landing}`.",
    )


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
def _last_run(port: int) -> Run | None:
    return last_run(port)
