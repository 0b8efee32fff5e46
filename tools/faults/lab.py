"""Platforms for fault injection: prepared once, copied per repetition, and compared."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from bankseg_assets.runtime.settings import Settings
from ops.demo.transactions import write_demo_transactions
from ops.launch.instance import prepare_instance, process_environment
from ops.launch.preflight import find_java
from tools.faults.reader import ReadCounts, reading
from tools.faults.scenario import FaultError, Outcome
from tools.faults.state import EVERYTHING, State, differences, newest_state

ROOT = Path(__file__).parents[2]
FIRST_ROWS = 3_000  # enough for a model that passes its gates
LATER_ROWS = 40  # so few that the next model passes the gates as well
BATCH_SECONDS = 300.0
EVERYTHING_JOB = ("--job", "refit")
REFRESH = ("--job", "refresh")
INGEST = ("--job", "ingestion")
TAKE = (*INGEST, "--asset", "raw_transactions")  # no Spark: seconds
_UNFINISHED = [
    status
    for status in dg.DagsterRunStatus
    if status
    not in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
]


@dataclass(frozen=True)
class Platform:
    """A data folder with the commands that run on it."""

    data_dir: Path

    @property
    def settings(self) -> Settings:
        """The settings of this platform."""
        return Settings(data_dir=self.data_dir)

    @property
    def published(self) -> Path:
        """The folder of published versions."""
        return self.settings.published_dir

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the platform's processes."""
        java = _java_home()
        here = {"BANKSEG_DATA_DIR": str(self.data_dir), "PYTHONPATH": str(ROOT)}
        return process_environment(self.settings, java, os.environ) | here

    def deliver(self, source: Path, name: str = "") -> Path:
        """Deliver a file by a rename, with an age at which it is ingested at once."""
        target = self.settings.landing_dir / (name or source.name)
        draft = target.with_name(f".{target.name}")
        shutil.copyfile(source, draft)
        then = time.time() - 3600
        os.utime(draft, (then, then))
        return draft.replace(target)

    def start_batch(self, *options: str) -> "subprocess.Popen[bytes]":
        """Start a batch in a separate process."""
        self.settings.logs_dir.mkdir(parents=True, exist_ok=True)
        with (self.settings.logs_dir / "batch.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tools.faults.batch", *options],
                env=self.environ,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def batch(self, *options: str) -> int:
        """Run a batch to its end; return its exit code."""
        with self.start_batch(*options) as process:
            return process.wait(BATCH_SECONDS)

    def rerun(self, *options: str) -> float:
        """Run a batch that must succeed; return its seconds."""
        started = time.monotonic()
        if code := self.batch(*options):
            raise FaultError(f"the rerun ended with {code}:\n{self.log_tail()}")
        return time.monotonic() - started

    def log_tail(self) -> str:
        """Return the end of the batches' log."""
        log = self.settings.logs_dir / "batch.log"
        return log.read_text(encoding="utf-8", errors="replace")[-1500:] if log.exists() else ""

    def state(self, assets: Iterable[str] = EVERYTHING) -> State:
        """Return the published state."""
        return newest_state(self.published, assets)

    def unfinished_runs(self) -> list[str]:
        """Return the runs that have not ended."""
        with dg.DagsterInstance.from_config(str(self.settings.dagster_home)) as instance:
            runs = instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED))
        return [f"{run.job_name} {run.run_id[:8]} {run.status.value}" for run in runs]


class Lab:
    """Delivered files, prepared platforms and references, each created on first use."""

    def __init__(self, folder: Path, seeds: int) -> None:
        self._folder = folder
        self._made: dict[str, Platform] = {}
        self._states: dict[str, State] = {}
        self._running: dict[str, Any] = {}
        self.files = _delivered_files(folder / "files", seeds + 2)

    def fresh(self) -> Platform:
        """Return a platform without deliveries."""
        platform = Platform(self._folder / f"platform-{time.monotonic_ns()}")
        platform.settings.landing_dir.mkdir(parents=True)
        prepare_instance(platform.settings.dagster_home)
        return platform

    def serving(self, n_files: int = 1, job: str = "refit") -> Platform:
        """Return a copy of a platform that ingested the first files, each in a separate run."""
        key = f"serving-{n_files}-{job}"
        if key not in self._made:
            platform = self.serving(n_files - 1, job) if n_files > 1 else self.fresh()
            platform.deliver(self.files[n_files - 1])
            platform.rerun("--job", job)
            self._made[key] = platform
        copy = Platform(self._folder / f"platform-{time.monotonic_ns()}")
        # A JVM that has just ended may still be deleting its scratch folder.
        scratch = shutil.ignore_patterns(copy.settings.scratch_dir.name)
        shutil.copytree(self._made[key].data_dir, copy.data_dir, symlinks=True, ignore=scratch)
        return copy

    def undisturbed(self, n_files: int, *options: str) -> State:
        """Return the state of a platform that gets the first files all at once."""

        def deliver(platform: Platform) -> None:
            for file in self.files[:n_files]:
                platform.deliver(file)

        return self.reference(f"{n_files} {options}", deliver, *options)

    def refitted(self, n_before: int, n_files: int) -> State:
        """Return the state of `serving(n_before)` after further files and a run that refits.

        Numbers and names of segments follow the release in use, so that a reference needs the same
        releases before it.
        """
        key = f"{n_before} then {n_files} refitted"
        if key not in self._states:
            platform = self.serving(n_before)
            for file in self.files[n_before:n_files]:
                platform.deliver(file)
            platform.rerun(*EVERYTHING_JOB)
            self._states[key] = platform.state()
            self.discard(platform)
        return self._states[key]

    def refreshed(self, n_files: int) -> State:
        """Return the state of a platform with the models of the first file, and all files."""

        def deliver(platform: Platform) -> None:
            platform.deliver(self.files[0])
            platform.rerun(*REFRESH)
            for file in self.files[1:n_files]:
                platform.deliver(file)

        return self.reference(f"{n_files} refreshed", deliver, *REFRESH)

    def reference(self, key: str, deliver: Callable[[Platform], object], *options: str) -> State:
        """Return the state of an undisturbed platform; cached under `key`."""
        if key not in self._states:
            platform = self.fresh()
            deliver(platform)
            platform.rerun(*options)
            self._states[key] = platform.state()
            self.discard(platform)
        return self._states[key]

    def running(self, key: str, start: Callable[[Platform], Any]) -> Any:
        """Return the result of `start` on a serving platform; shared by a scenario's seeds."""
        if key not in self._running:
            self._running[key] = start(self.serving(1))
        return self._running[key]

    def stop(self, key: str) -> None:
        """Stop the server of a scenario, if one was started."""
        if running := self._running.pop(key, None):
            running.stop()
            self.discard(running.platform)

    def discard(self, platform: Platform) -> None:
        """Delete the folder of a platform that is no longer used."""
        shutil.rmtree(platform.data_dir, ignore_errors=True)

    @contextmanager
    def watched(self, platform: Platform, outcome: Outcome):  # type: ignore[no-untyped-def]
        """Run a reader on a platform and add its counts to the outcome."""
        with reading(platform.published) as counts:
            yield counts
        _add_reads(counts, outcome)


def compare(platform: Platform, wanted: State, assets: Iterable[str], outcome: Outcome) -> Outcome:
    """Check that readers were served, no run is unfinished, and tables and models are equal."""
    wanted = {asset: wanted[asset] for asset in assets}
    faults = []
    if different := differences(platform.state(wanted), wanted):
        faults.append(f"differs: {different}")
    if hanging := platform.unfinished_runs():
        faults.append(f"unfinished: {', '.join(hanging)}")
    if outcome.torn or outcome.refused:
        faults.append(f"{outcome.torn} torn and {outcome.refused} refused of {outcome.reads} reads")
    outcome.holds = not faults
    outcome.detail = "; ".join([*faults, outcome.detail]) if faults else outcome.detail
    return outcome


def _add_reads(counts: ReadCounts, outcome: Outcome) -> None:
    outcome.reads += counts.reads
    outcome.torn += counts.torn
    outcome.refused += counts.refused
    if counts.why:
        outcome.detail = f"{outcome.detail} {counts.why}".strip()


@cache
def _java_home() -> Path | None:
    return find_java(Settings(data_dir=ROOT / "data"), os.environ)


def _delivered_files(folder: Path, n_files: int) -> list[Path]:
    """Split demo transactions into files with IDs that are not demo IDs."""
    folder.mkdir(parents=True)
    whole = folder / "whole"
    write_demo_transactions(whole, rows=FIRST_ROWS + (n_files - 1) * LATER_ROWS, seed=11)
    header, *rows = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    ends = [FIRST_ROWS + n * LATER_ROWS for n in range(n_files)]
    files = []
    for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        path = folder / f"bank_{number:02d}.csv"
        path.write_text(header + "".join(rows[start:end]), encoding="utf-8")
        files.append(path)
    return files
