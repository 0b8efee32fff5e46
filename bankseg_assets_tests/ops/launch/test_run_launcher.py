"""Tests of the run's health check with real processes and Dagster's own events."""

import os
import signal
import subprocess
from collections.abc import Iterator
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.events import EngineEventData
from dagster._core.launcher import WorkerStatus

from bankseg_assets_tests.ops.launch.test_processes import eventually
from ops.launch import run_launcher
from ops.launch.processes import started_at
from ops.launch.run_launcher import WatchedRunLauncher, run_process

pytestmark = pytest.mark.subprocess


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        yield sleeper
        sleeper.kill()


def add_run(instance: dg.DagsterInstance, pid: int | None) -> dg.DagsterRun:
    """Record a started run whose process has reported its number."""
    run = instance.add_run(dg.DagsterRun("toy", str(uuid4()), status=dg.DagsterRunStatus.STARTED))
    if pid is not None:
        instance.report_engine_event("Started process", run, EngineEventData.in_process(pid))
    instance.report_engine_event("Something else", run)
    return run


def health(instance: dg.DagsterInstance, run: dg.DagsterRun) -> WorkerStatus:
    watched = WatchedRunLauncher()
    watched.register_instance(instance)
    assert watched.supports_check_run_worker_health
    return watched.check_run_worker_health(run).status


def test_run_is_healthy_until_its_process_dies(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes]
) -> None:
    run = add_run(instance, process.pid)
    assert health(instance, run) == WorkerStatus.RUNNING
    process.kill()
    # Also before the zombie is reaped.
    assert eventually(lambda: health(instance, run) == WorkerStatus.NOT_FOUND)
    process.wait()
    assert health(instance, run) == WorkerStatus.NOT_FOUND


def test_stopped_process_counts_as_alive(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes]
) -> None:
    run = add_run(instance, process.pid)
    process.send_signal(signal.SIGSTOP)
    assert health(instance, run) == WorkerStatus.RUNNING


def test_reused_process_number_is_detected(
    instance: dg.DagsterInstance,
    process: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = add_run(instance, process.pid)
    born = started_at(process.pid)
    assert born is not None
    monkeypatch.setattr(run_launcher, "started_at", lambda _pid: born + 3600)
    assert health(instance, run) == WorkerStatus.NOT_FOUND


def test_run_without_a_reported_process_is_healthy(
    instance: dg.DagsterInstance,
) -> None:
    assert health(instance, add_run(instance, None)) == WorkerStatus.RUNNING


def test_in_process_run_reports_its_number(instance: dg.DagsterInstance) -> None:
    found: list[int | None] = []

    @dg.op
    def look(context: dg.OpExecutionContext) -> None:
        found.append(run_process(context.instance, context.run_id))

    @dg.job(executor_def=dg.in_process_executor)
    def toy() -> None:
        look()

    toy.execute_in_process(instance=instance)
    assert found == [os.getpid()]


def test_run_without_code_server_can_be_cancelled(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes]
) -> None:
    run = add_run(instance, process.pid)
    watched = WatchedRunLauncher()
    watched.register_instance(instance)
    assert watched.terminate(run.run_id)
    assert process.wait(5) == -signal.SIGINT
    assert not watched.terminate(run.run_id)
