"""Materialize every asset in this process and show progress: `python -m ops.launch.materialize`.

The run is recorded in the instance, so the Dagster UI lists it with its events.
"""

import argparse
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from uuid import uuid4

from bankseg_assets.runtime.java import JavaNotFoundError
from bankseg_assets.runtime.settings import SettingsError, load_settings
from bankseg_assets.runtime.spark import spark_config, start_early
from ops.exit_codes import FAILED, INTERRUPTED, reports
from ops.launch.instance import prepare_instance, process_environment
from ops.launch.preflight import (
    BusyError,
    PreflightError,
    check_contract,
    check_disk,
    check_machine,
    data_lock,
    find_java,
)

# Importing Dagster takes two seconds; the checks of the machine run before.
if TYPE_CHECKING:
    from dagster import DagsterInstance, DagsterRun, JobDefinition

JOB = "refresh"
REFIT_JOB = "refit"
DEFINITIONS = "bankseg_assets.definitions"


@reports(SettingsError, PreflightError, JavaNotFoundError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job; return 0 if every asset was materialized and no check failed."""
    options = _parser().parse_args(arguments)
    # Dagster ends a run cleanly only on Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = load_settings()
        check_machine(settings)
        check_contract(settings)
        with ExitStack() as stack:
            sole = _lock(stack, settings.data_dir)
            check_disk(settings.data_dir)
            java_home = find_java(settings, os.environ)
            os.environ.update(process_environment(settings, java_home, os.environ))
            prepare_instance(settings.dagster_home)
            log = settings.logs_dir / "materialize.log"
            terminal = stack.enter_context(_output_to(log))
            # Java starts in the time of Dagster's imports, on the other core.
            start_early(settings, spark_config(settings))
            return _materialize(options, terminal, log, sole=sole)
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ops.launch.materialize", description="Run a batch."
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="release despite failed gates; the release records them",
    )
    parser.add_argument(
        "--refit",
        action="store_true",
        help="fit the models on all customers, instead of keeping those of the release in use",
    )
    parser.add_argument("--module", default=DEFINITIONS, help="module with `defs` (%(default)s)")
    return parser


def _lock(stack: ExitStack, data_dir: Path) -> bool:
    """Acquire the data folder's lock; return False if another process holds it.

    A batch may run while the platform serves, as long as no other run is in progress.
    """
    try:
        stack.enter_context(data_lock(data_dir, "make materialize"))
    except BusyError:
        return False
    return True


@contextmanager
def _output_to(log: Path) -> Iterator[TextIO]:
    """Redirect stdout and stderr, including Java's, to `log`; yield the original stdout."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as terminal, log.open("wb") as file:
        saved = os.dup(2)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield terminal
        finally:
            os.dup2(terminal.fileno(), 1)
            os.dup2(saved, 2)
            os.close(saved)


def _materialize(options: argparse.Namespace, terminal: TextIO, log: Path, *, sole: bool) -> int:
    from dagster import DagsterInstance

    try:
        job = import_module(options.module).defs.resolve_job_def(
            REFIT_JOB if options.refit else JOB
        )
    except Exception as error:
        traceback.print_exc()
        print(f"{options.module} cannot be loaded: {error}. See {log}.", file=terminal)
        return FAILED
    with DagsterInstance.get() as instance:
        if sole:
            fail_interrupted_runs(instance)
        if unfinished_runs(instance):
            raise BusyError(
                "Another run is in progress. Wait until it ends, or cancel it in the Dagster UI."
            )
        return run_batch(job, instance, terminal, log, force=options.force)


def run_batch(
    job: "JobDefinition",
    instance: "DagsterInstance",
    out: TextIO,
    log: Path,
    *,
    force: bool = False,
) -> int:
    """Run `job` in this process and print its progress; return the exit code."""
    from ops.launch.progress import Progress

    started = time.monotonic()
    run_id = str(uuid4())
    progress = Progress(out)
    instance.add_event_listener(run_id, progress)
    result = job.execute_in_process(
        run_config=forced_config(job) if force else None,
        instance=instance,
        run_id=run_id,
        raise_on_error=False,
    )
    if progress.interrupted:
        return INTERRUPTED
    if result.success and not progress.faults:
        seconds = time.monotonic() - started
        print(f"{progress.asset_count} assets materialized in {seconds:.1f} s.", file=out)
        return 0
    print("", *progress.faults, sep="\n", file=out)
    print(f"Details are in run {run_id[:8]} in the Dagster UI, and in {log}.", file=out)
    return FAILED


def forced_config(job: "JobDefinition") -> dict[str, Any]:
    """Return the job's configuration with a forced release.

    A configuration given to a run replaces the job's own, so it is extended.
    """
    own: Mapping[str, Any] = job.run_config or {}
    return {**own, "ops": {**own.get("ops", {}), "release": {"config": {"force": True}}}}


def fail_interrupted_runs(instance: "DagsterInstance") -> None:
    """Mark runs of killed processes as failed; they would occupy the queue's only slot.

    Call only where no code server may be starting a run.
    """
    from ops.launch.run_launcher import run_process

    for run in unfinished_runs(instance):
        if not run_process(instance, run.run_id):
            instance.report_run_failed(run, "The process of this run ended before the run did.")


def unfinished_runs(instance: "DagsterInstance") -> "list[DagsterRun]":
    """Return the runs that have started or are about to."""
    from dagster import DagsterRunStatus, RunsFilter

    statuses = [
        DagsterRunStatus.NOT_STARTED,
        DagsterRunStatus.STARTING,
        DagsterRunStatus.STARTED,
        DagsterRunStatus.CANCELING,
    ]
    return list(instance.get_runs(RunsFilter(statuses=statuses)))


if __name__ == "__main__":
    sys.exit(main())
