"""Tests of the event log: events of a run are there for other processes, and after a kill."""

import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from bankseg_assets_tests.ops.launch.test_processes import eventually
from ops.launch.event_log import QuickEventLog
from ops.launch.instance import prepare_instance

WRITER = """
import os, signal, sys
import dagster as dg
instance = dg.DagsterInstance.from_config(sys.argv[1])
instance.report_runless_asset_event(dg.AssetMaterialization("release", metadata={"rows": 7}))
os.kill(os.getpid(), signal.SIGKILL)
"""


def instance_in(home: Path) -> dg.DagsterInstance:
    prepare_instance(home)
    return dg.DagsterInstance.from_config(str(home))


@pytest.mark.parametrize("name", ["home", "a 'b' \"c\" ü: #d"])
def test_events_are_where_dagster_has_them(tmp_path: Path, name: str) -> None:
    """An instance that Dagster's own storage wrote continues."""
    with instance_in(tmp_path / name) as instance:
        storage = instance.event_log_storage
        assert isinstance(storage, QuickEventLog)
        assert Path(storage.path_for_shard("index")).parent == tmp_path / name / "history" / "runs"


@pytest.mark.subprocess
def test_run_is_seen_by_another_instance(tmp_path: Path) -> None:
    @dg.asset
    def table() -> None: ...

    with instance_in(tmp_path) as instance, instance_in(tmp_path) as other:
        found = [dg.materialize([table], instance=instance).run_id for _ in range(3)]
        for run in found:
            assert len(other.all_logs(run)) == len(instance.all_logs(run)) > 5
        event = other.get_latest_materialization_event(dg.AssetKey("table"))
        assert event is not None
        assert event.run_id == found[-1]


@pytest.mark.subprocess
def test_run_is_followed_by_another_instance(tmp_path: Path) -> None:
    """As the page of a run does: SQLite writes to another file first."""
    seen: list[str] = []

    @dg.asset
    def first() -> None: ...

    @dg.asset(deps=[first])
    def second() -> None:
        assert eventually(lambda: "first" in seen)

    with instance_in(tmp_path) as instance, instance_in(tmp_path) as other:
        jobs = [dg.define_asset_job("both")]
        definitions = dg.Definitions([first, second], jobs=jobs, executor=dg.in_process_executor)
        job = definitions.resolve_job_def("both")
        run = instance.create_run_for_job(job)

        def follow(entry: dg.EventLogEntry, _: str) -> None:
            seen.append(entry.step_key or "")

        other.event_log_storage.watch(run.run_id, None, follow)
        assert execute_run(InMemoryJob(job), run, instance).success
        assert eventually(lambda: "second" in seen)


@pytest.mark.subprocess
def test_event_outlives_a_killed_process(tmp_path: Path) -> None:
    prepare_instance(tmp_path)
    killed = subprocess.run(
        [sys.executable, "-c", WRITER, str(tmp_path)], cwd=Path.cwd(), check=False
    )
    assert killed.returncode == -signal.SIGKILL
    with instance_in(tmp_path) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("release"))
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata["rows"].value == 7
