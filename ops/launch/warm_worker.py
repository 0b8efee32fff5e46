"""A run worker that is started before there is a run: `python -m ops.launch.warm_worker`.

Most of a small delivery's time is the start of Python, Java and Spark, and compiling what they use.
This process does that while the platform is idle (`training_batch`), waits for a run, executes it
as Dagster's own worker does, and ends; the launcher starts the next one. So a run inherits nothing
of another, and while no worker is ready a run starts in the usual way. Decision 0029 has the
measurements.

With `--first`, for the first run of an empty platform, it starts Python and Java beside the servers
and trains nothing.
"""

import argparse
import gc
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from bankseg_assets.runtime.scratch import private_folder
from bankseg_assets.runtime.settings import Settings, SettingsError, load_settings
from bankseg_assets.runtime.spark import (
    delivered_bytes,
    spark_config,
    start_early,
    wait_until_started,
)
from ops.exit_codes import FAILED, INTERRUPTED, report, reports
from ops.launch import class_archive
from ops.launch.handover import STARTED, WORKER_SOCKET, Request, listening
from ops.launch.materialize import DEFINITIONS, unfinished_runs
from ops.launch.sources import fingerprint

if TYPE_CHECKING:
    from dagster._core.definitions.reconstruct import ReconstructableRepository

IDLE_POLL_SECONDS = 5.0
LOWER_PRIORITY = 5  # the training must not slow the servers down; nor need the run
NOT_READY = "the worker is not ready yet"
TOO_LARGE = "the data are too large for a warm worker"
# About ten million rows. More take minutes, of which a start is little, and the parallel collector
# instead of the one that gives memory back.
LARGE_BYTES = 700 << 20
CHANGED = "the code or the settings have changed since the worker started"


@reports(SettingsError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare, wait for a run, and execute it; return 0 when this worker is no longer needed."""
    is_first = _parser().parse_args(arguments).first
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    worker = WarmWorker(load_settings())
    try:
        worker.listen(Path(os.environ[WORKER_SOCKET]))
        if is_first:
            repository = worker.start()
        else:
            os.nice(LOWER_PRIORITY)
            worker.wait_until_useful()
            repository = worker.prepare()
        worker.execute_one(repository)
    except KeyboardInterrupt:
        return 0 if worker.gave_way else INTERRUPTED
    except Exception as error:
        code = report(f"the warm worker failed: {error}", FAILED)
        # Nothing needs a first worker: the run starts as any other.
        return 0 if worker.gave_way or is_first else code
    return 0


class WarmWorker:
    """A process with a warm Spark session that executes one run.

    A run that arrives earlier is refused, and the preparation ends: the run needs the processors.
    """

    def __init__(self, settings: Settings) -> None:
        self.gave_way = False
        self._settings = settings
        self._sources = fingerprint(settings)
        self.ready = Event()
        self.requests: Queue[Request] = Queue()

    def listen(self, path: Path) -> None:
        """Accept one run, in a thread."""
        Thread(target=self._accept, args=(path,), name="handover", daemon=True).start()

    def wait_until_useful(self) -> None:
        """Wait until no run is in progress and the data are not too large; make Java's archive."""
        from dagster import DagsterInstance

        with DagsterInstance.get() as instance:
            while delivered_bytes(self._settings) > LARGE_BYTES or unfinished_runs(instance):
                time.sleep(IDLE_POLL_SECONDS)
        if class_archive.is_missing(self._settings):
            # Without it, everything works; the module has printed why it could not be made.
            subprocess.run([sys.executable, "-m", class_archive.__name__], check=False)

    def start(self) -> "ReconstructableRepository":
        """Start Spark, and load the definitions meanwhile."""
        start_early(self._settings, spark_config(self._settings))
        repository = _definitions()
        wait_until_started()
        self.ready.set()
        return repository

    def prepare(self) -> "ReconstructableRepository":
        """Start Spark, train, and load the definitions."""
        from bankseg_assets.defs.resources import SparkResource
        from ops.launch.training_batch import train

        spark = SparkResource(
            spark_config=spark_config(self._settings, waits=True), stop_after_run=False
        )
        folder = private_folder(self._settings.scratch_dir) / "training"
        train(spark, folder)
        shutil.rmtree(folder)
        repository = _definitions()
        _give_memory_back()
        self.ready.set()
        return repository

    def execute_one(self, repository: "ReconstructableRepository") -> None:
        """Wait for a run and execute it to its end."""
        from dagster import deserialize_value
        from dagster._grpc.impl import start_run_in_subprocess
        from dagster._grpc.types import ExecuteExternalJobArgs

        request = self.requests.get()
        arguments = deserialize_value(request.run, ExecuteExternalJobArgs)
        job = repository.get_reconstructable_job(arguments.job_origin.job_name)
        start_run_in_subprocess(  # type: ignore[no-untyped-call]
            request.run, job, _Answering(request), multiprocessing.Event()
        )

    def _accept(self, path: Path) -> None:
        with listening(path) as requests:
            for request in requests:
                refusal = self._refusal()
                if not refusal:
                    self.requests.put(request)
                    return
                self.gave_way = True
                request.answer(refusal)
                os.kill(os.getpid(), signal.SIGTERM)

    def _refusal(self) -> str:
        if not self.ready.is_set():
            return NOT_READY
        if delivered_bytes(self._settings) > LARGE_BYTES:
            return TOO_LARGE
        try:
            is_current = fingerprint(load_settings()) == self._sources
        except (SettingsError, OSError):
            is_current = False
        return "" if is_current else CHANGED


class _Answering:
    """The queue through which Dagster's worker reports to its code server."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._answered = False

    def put(self, event: Any) -> None:
        """Pass the first event on: the run has started, or why it cannot."""
        if not self._answered:
            self._answered = True
            self._request.answer(getattr(event, "message", STARTED))


def _definitions() -> "ReconstructableRepository":
    """Return the definitions, loaded."""
    from dagster._core.definitions.reconstruct import ReconstructableRepository

    repository = ReconstructableRepository.for_module(DEFINITIONS, "defs")
    repository.get_definition()
    return repository


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ops.launch.warm_worker", description="Keep Spark ready for the next run."
    )
    parser.add_argument(
        "--first", action="store_true", help="start without training, for the first run"
    )
    return parser


def _give_memory_back() -> None:
    from pyspark.sql import SparkSession

    session = SparkSession.active()
    session.catalog.clearCache()
    gc.collect()
    session.sparkContext._jvm.java.lang.System.gc()  # type: ignore[union-attr]


if __name__ == "__main__":
    sys.exit(main())
