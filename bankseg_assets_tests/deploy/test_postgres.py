"""The demo data become a release with Dagster's instance in PostgreSQL.

Code server and daemon are started with the commands of deploy/compose.yaml, without containers.
Takes minutes: part of `make cluster`, not of `make test`.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.storage.tags import GRPC_INFO_TAG, MAX_RETRIES_TAG

from bankseg_assets.release.releases import current_release
from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.deploy.folder import DEPLOY
from bankseg_assets_tests.deploy.postgres import binaries, postgres
from ops.launch.processes import ProcessTree
from tools.cluster.batches import ROOT, deliver
from tools.cluster.waiting import HOST, free_port, listens, wait_for

pytestmark = pytest.mark.cluster

RUNS_SECONDS = 480.0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """DAGSTER_HOME as in a container, and a database for the instance."""
    pytest.importorskip("dagster_postgres", reason="dagster-postgres is not installed: make dev")
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed: apt-get install postgresql")
    folder = tmp_path / "dagster_home"
    folder.mkdir()
    shutil.copy(DEPLOY / "dagster.yaml", folder)
    with postgres(programs) as database:
        here = {"DAGSTER_HOME": folder, "BANKSEG_DATA_DIR": tmp_path / "data", "PYTHONPATH": ROOT}
        here["DAGSTER_RUN_LOGS"] = tmp_path / "data" / "dagster_home" / "storage"
        for name, value in (database.environ | here).items():
            monkeypatch.setenv(name, str(value))
        yield folder


def test_postgres_instance_releases_and_ends_lost_runs(home: Path, tmp_path: Path) -> None:
    deliver(tmp_path / "data")
    port = free_port()
    workspace = (DEPLOY / "workspace.yaml").read_text("utf-8")
    workspace = workspace.replace("host: code-server", f"host: {HOST}")
    (home / "workspace.yaml").write_text(workspace.replace("4000", str(port)), "utf-8")
    module = (sys.executable, "-m")
    code = ("--module-name", "bankseg_assets.definitions", "--host", HOST, "--port", str(port))
    with ProcessTree() as processes, dg.DagsterInstance.get() as instance:
        lost = _lost_run(instance, port)
        code_server = processes.start(
            "code-server",
            [*module, "dagster", "api", "grpc", *code],
            environ=os.environ,
            log=tmp_path / "code.log",
        )
        wait_for(code_server, lambda: listens(port))
        daemon = processes.start(
            "daemon",
            [*module, "dagster._daemon", "run", "--workspace", home / "workspace.yaml"],
            environ=os.environ,
            log=tmp_path / "daemon.log",
        )
        seen: dict[str, list[str]] = {}
        deadline = time.monotonic() + RUNS_SECONDS
        while not _is_done(instance, seen):
            assert not daemon.is_dead, daemon.tail()
            assert time.monotonic() < deadline, f"{seen}\n{daemon.tail()}\n{code_server.tail()}"
            time.sleep(0.2)
        runs = {run.run_id: run for run in instance.get_runs()}
        events = instance.all_logs(_of_job(runs, "refresh").run_id)
    print(json.dumps(seen, indent=1))
    # The queue is in the database, and no run was lost.
    assert dg.DagsterEventType.RUN_ENQUEUED in {
        entry.dagster_event.event_type for entry in events if entry.dagster_event
    }
    assert runs.pop(lost).status == dg.DagsterRunStatus.FAILURE
    assert {run.status for run in runs.values()} == {dg.DagsterRunStatus.SUCCESS}
    made = {e.asset_key.path[-1] for e in map(_materialized, events) if e and e.asset_key}
    assert {"customer_segments", "nb_classifier", "release"} <= made
    assert current_release(Settings(data_dir=tmp_path / "data").published_dir)
    assert list(home.rglob("*.db")) == []  # no SQLite database


def _lost_run(instance: dg.DagsterInstance, port: int) -> str:
    """Record a run that a replaced container had started."""
    tags = {GRPC_INFO_TAG: json.dumps({"host": HOST, "port": port}), MAX_RETRIES_TAG: "0"}
    run = dg.DagsterRun("refit", str(uuid4()), status=dg.DagsterRunStatus.STARTED, tags=tags)
    return instance.add_run(run).run_id


def _is_done(instance: dg.DagsterInstance, seen: dict[str, list[str]]) -> bool:
    """Record new events; return whether the models exist and no run is in progress."""
    runs = instance.get_runs()
    for run in runs:
        statuses = seen.setdefault(f"{run.job_name} {run.run_id[:8]}", [])
        if run.status.value not in statuses:
            statuses.append(run.status.value)
    jobs = {run.job_name for run in runs}
    return "refresh" in jobs and all(run.is_finished for run in runs)


def _of_job(runs: dict[str, dg.DagsterRun], job: str) -> dg.DagsterRun:
    return next(run for run in runs.values() if run.job_name == job)


def _materialized(entry: dg.EventLogEntry) -> dg.DagsterEvent | None:
    event = entry.dagster_event
    return event if event is not None and event.is_step_materialization else None
