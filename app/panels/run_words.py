"""Progress, outcome and duration of runs in words, for pages and the terminal."""

from collections.abc import Iterable, Sequence
from time import time
from typing import TYPE_CHECKING

from app.panels.last_run import Run

if TYPE_CHECKING:  # the launcher imports this module without their dependencies
    from bankseg_assets.release.candidates import Candidate
    from bankseg_assets.release.releases import Refusal, Release

NO_MESSAGE = "It ended without an error message."
AWAITS_APPROVAL = "The model is new: it is released once a reviewer approves it (page Approval)."
STARTING = "Starting; the first step takes some seconds."
WAITING = "In the queue: it starts when no other run is in progress."
MINUTE = 60


def outcome(
    run: Run,
    releases: "Iterable[Release]",
    refused: "Refusal | None",
    candidate: "Candidate | None" = None,
) -> str:
    """Return the outcome of a run in words; `candidate`: the one that awaits approval."""
    if run.is_at_work:
        return progress(run)
    if run.is_cancelled:
        return "Stopped before its end." if run.seconds else "Cancelled in the queue."
    if run.has_failed:
        return f"Failed. {' '.join(run.reasons) or NO_MESSAGE}"
    if refused is not None and refused.run_id == run.run_id:
        return f"Finished, but the new version was refused. {' '.join(refused.reasons)}"
    if candidate is not None and candidate.manifest.run_id == run.run_id:
        return f"Finished. {AWAITS_APPROVAL}"
    made = next((one for one in releases if one.run_id == run.run_id), None)
    return f"Finished: version {made.number} was released." if made else "Finished."


def progress(run: Run) -> str:
    """Return how far an unfinished run is."""
    if run.is_waiting:
        return WAITING
    if not run.done and not run.step:
        return STARTING
    step = f": `{run.step}`" if run.step else ""
    count = f"{run.done} of {run.steps}" if run.steps else f"{run.done}"
    return f"In progress, {count} steps finished{step}."


def timing(run: Run, runs: Sequence[Run], now: float | None = None) -> str:
    """Return how long an unfinished run has taken, and how long its job took last time.

    `runs`: the newest runs, newest first.
    """
    last = next((span(one.seconds) for one in runs if one.succeeded and one.job == run.job), "")
    if run.started is None:
        return f"It took {last} last time." if last else ""
    taken = span((time() if now is None else now) - run.started)
    return f"{taken} so far" + (f"; it took {last} last time." if last else "; its first time.")


def others_waiting(run: Run, runs: Sequence[Run]) -> str:
    """Return which other runs wait in the queue, the oldest first; empty if none do."""
    jobs = [f"`{one.job}`" for one in reversed(runs) if one.is_waiting and one != run]
    return f"In the queue: {', '.join(jobs)}." if jobs else ""


def span(seconds: float) -> str:
    """Return a duration, such as 9 s or 2 min 5 s."""
    whole = max(round(seconds), 0)
    return f"{whole} s" if whole < MINUTE else f"{whole // MINUTE} min {whole % MINUTE} s"
