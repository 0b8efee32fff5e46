"""Tests of runs and ticks in SQLite: where Dagster has them, prepared once, and kept open."""

import shutil
from pathlib import Path

import alembic.script
import dagster as dg
import psutil
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    SensorInstigatorData,
)
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.test_utils import create_run_for_test

from ops.launch import sqlite_engines
from ops.launch.instance import prepare_instance
from ops.launch.instance_storages import QuickRunStorage, QuickScheduleStorage


def instance_in(home: Path) -> dg.DagsterInstance:
    prepare_instance(home)
    return dg.DagsterInstance.from_config(str(home))


def instance_of_dagster(home: Path) -> dg.DagsterInstance:
    """Return an instance as Dagster configures it by default."""
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    return dg.DagsterInstance.from_config(str(home))


@pytest.mark.slow
def test_runs_of_an_instance_of_dagster_are_found(tmp_path: Path) -> None:
    """As after an upgrade; and Dagster's own storages read what these wrote."""
    with instance_of_dagster(tmp_path) as before:
        assert type(before.run_storage) is SqliteRunStorage
        first = create_run_for_test(before).run_id
    with instance_in(tmp_path) as instance:
        assert isinstance(instance.run_storage, QuickRunStorage)
        assert isinstance(instance.schedule_storage, QuickScheduleStorage)
        assert instance.has_run(first)
        second = create_run_for_test(instance).run_id
        instance.add_instigator_state(sensor_state())
    with instance_of_dagster(tmp_path) as after:
        assert type(after.schedule_storage) is SqliteScheduleStorage
        assert {run.run_id for run in after.get_runs()} == {first, second}
        assert after.all_instigator_state() == [sensor_state()]


def sensor_state() -> InstigatorState:
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("bank"), "repository")
    return InstigatorState(
        repository.get_instigator_origin("landing_sensor"),
        InstigatorType.SENSOR,
        InstigatorStatus.RUNNING,
        SensorInstigatorData(min_interval=5, cursor="seen"),
    )


@pytest.mark.slow
def test_migrations_are_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look of a sensor makes an instance: 70 % of its time was reading migration scripts."""
    read: list[str] = []
    from_config = alembic.script.ScriptDirectory.from_config

    def noted(config: object) -> object:
        read.append(str(config))
        return from_config(config)  # type: ignore[arg-type]

    monkeypatch.setattr(alembic.script.ScriptDirectory, "from_config", noted)
    with instance_in(tmp_path) as instance:  # a code server reads no ticks
        instance.get_latest_materialization_event(dg.AssetKey("release"))
        assert read
    read.clear()
    with instance_in(tmp_path) as instance:
        assert instance.get_runs() == []
        assert instance.all_instigator_state() == []
        instance.get_latest_materialization_event(dg.AssetKey("release"))
    assert read == []


@pytest.mark.slow
def test_instance_that_was_removed_starts_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with instance_in(home) as instance:
        create_run_for_test(instance)
    shutil.rmtree(home)
    with instance_in(home) as instance:
        assert instance.get_runs() == []
        create_run_for_test(instance)
    with instance_in(home) as other:
        assert len(other.get_runs()) == 1


@pytest.mark.slow
def test_few_databases_stay_open(tmp_path: Path) -> None:
    """Each run has a database of its own, and the platform runs for months."""

    @dg.asset
    def table() -> None: ...

    with instance_in(tmp_path) as instance:
        for _ in range(sqlite_engines.MOST_KEPT + 2):
            dg.materialize([table], instance=instance)
        assert len(instance.get_runs()) == sqlite_engines.MOST_KEPT + 2
    opened = {Path(file.path) for file in psutil.Process().open_files()}
    databases = [one for one in opened if one.suffix == ".db" and tmp_path in one.parents]
    assert 3 <= len(databases) <= sqlite_engines.MOST_KEPT
