"""The last failed run, recorded for people and programs that do not ask Dagster."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from bankseg_assets.storage.documents import Document, replace_json

FILE = "last_failure.json"
REMIND_AFTER = timedelta(days=1)
"""A failure that repeats, as one with the same cause does every hour, is reported once a day."""


class Failure(Document):
    """A failed run; `at`: UTC. `times`: how often it has failed for these reasons in a row."""

    run_id: str
    job: str
    at: str
    reasons: tuple[str, ...]
    times: int = 1
    reported_at: str = ""
    """When people were alerted to it."""
    recovered_at: str = ""
    """When its job succeeded, or a release was made; empty until then."""


def last_failure(folder: Path) -> Failure | None:
    """Return the last failure; None if no run has failed."""
    try:
        return Failure.model_validate(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def note_failure(folder: Path, found: Failure) -> tuple[Failure, bool]:
    """Record a failure; return it with its count, and whether people should be alerted."""
    before = last_failure(folder)
    if before is not None and before.run_id == found.run_id:  # the event is processed again
        return before, before.reported_at == before.at
    is_same = (
        before is not None
        and not before.recovered_at
        and (before.job, before.reasons) == (found.job, found.reasons)
    )
    if before is not None and is_same:
        age = datetime.fromisoformat(found.at) - datetime.fromisoformat(before.reported_at)
        is_news = age >= REMIND_AFTER
        reported_at = found.at if is_news else before.reported_at
        found = found.model_copy(update={"times": before.times + 1, "reported_at": reported_at})
    else:
        is_news = True
        found = found.model_copy(update={"reported_at": found.at})
    _write(folder, found)
    return found, is_news


def note_success(folder: Path, job: str, at: str, *, released: bool) -> None:
    """Record that a job works again."""
    found = last_failure(folder)
    if found is None or found.recovered_at or not (released or found.job == job):
        return
    if at > found.at:  # the success of an earlier run may be reported late
        _write(folder, found.model_copy(update={"recovered_at": at}))


def _write(folder: Path, found: Failure) -> None:
    replace_json(folder / FILE, found.model_dump())
