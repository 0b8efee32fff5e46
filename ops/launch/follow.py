"""Print what the runs of the platform do, as the Dagster web server reports them.

While there is none, the web server is asked only if the database of runs has changed: asking it
every 3 s took 1 % of a core.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from app.panels.last_run import Run, recent_runs
from app.panels.run_words import WAITING, outcome, timing
from bankseg_assets.runtime.settings import Settings
from ops.launch.instance import STORAGE_FOLDERS

LISTED = 8
ENDED, QUEUED = "(ended)", "(queued)"
BUSY_SECONDS, IDLE_SECONDS = 1.0, 3.0


class RunFollower:
    """Prints a line when a run is queued, starts, begins another step, or ends."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._shown: dict[str, str] = {}
        """Run -> the step that was printed last, or QUEUED, or ENDED."""
        self._begun = time.time()
        self._due = 0.0
        self._reported: tuple[int, ...] | None = None
        """The changes of the database after which no run was at work."""

    def poll(self) -> None:
        """Print what is new, at most once a second."""
        if time.monotonic() < self._due:
            return
        changes, is_busy = _changes(self._settings.dagster_home), False
        if changes != self._reported:
            runs = recent_runs(self._settings.dagster_port, LISTED)
            for line in self.lines(runs or []):
                print(line, flush=True)
            is_busy = any(run.is_at_work for run in runs or [])
            # The steps of a run change other databases.
            self._reported = None if is_busy or runs is None else changes
        self._due = time.monotonic() + (BUSY_SECONDS if is_busy else IDLE_SECONDS)

    def lines(self, runs: Sequence[Run]) -> list[str]:
        """Return a line per change since the last call; `runs` are newest first."""
        found = []
        is_busy = any(run.is_at_work and not run.is_waiting for run in runs)
        for run in reversed(runs):
            name = f"{run.job} ({run.run_id[:8]})"
            if run.is_waiting:
                # Each run is queued, most for a second.
                if is_busy and run.run_id not in self._shown:
                    found.append(f"{name}: {WAITING}")
                    self._shown[run.run_id] = QUEUED
            elif run.is_at_work:
                if self._shown.get(run.run_id, QUEUED) == QUEUED:
                    found.append(f"{name}: started. {timing(run, runs)}".rstrip())
                elif run.step and run.step != self._shown[run.run_id]:
                    found.append(f"{name}: {run.step} ({run.done} steps finished)")
                self._shown[run.run_id] = run.step
            elif run.run_id in self._shown or (run.started or 0.0) > self._begun:
                if self._shown.get(run.run_id) != ENDED:
                    found.append(f"{name}: {self._ended(run)}")
                self._shown[run.run_id] = ENDED
        return found

    def _ended(self, run: Run) -> str:
        from bankseg_assets.release.candidates import awaiting
        from bankseg_assets.release.releases import all_releases, current_refusal

        folder = self._settings.published_dir
        return outcome(run, all_releases(folder), current_refusal(folder), awaiting(folder))


def _changes(dagster_home: Path) -> tuple[int, ...]:
    """Return when the database of runs was changed; SQLite writes to its journal first."""
    found = sorted((dagster_home / STORAGE_FOLDERS["runs"]).glob("runs.db*"))
    return tuple(one.stat().st_mtime_ns for one in found if one.exists())
