"""A lock that every run holds shared, and an erasure exclusively.

The kernel releases it however the process ends. On the version store's file system.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_FILE = ".erasure.lock"


class RunInProgressError(RuntimeError):
    """A run uses the versions, so that no file may be rewritten; the message says what to do."""


@contextmanager
def held_by_run(published_dir: Path) -> Iterator[None]:
    """Hold the lock as a run, beside other runs; waits while an erasure is in progress."""
    published_dir.mkdir(parents=True, exist_ok=True)
    with (published_dir / LOCK_FILE).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def held_by_erasure(published_dir: Path) -> Iterator[None]:
    """Hold the lock alone. Raises RunInProgressError."""
    published_dir.mkdir(parents=True, exist_ok=True)
    with (published_dir / LOCK_FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunInProgressError(
                "A run, a copy of a release or another erasure is in progress. Wait until it ends, "
                "or cancel it in the Dagster UI, and try again. Nothing was changed."
            ) from None
        yield
