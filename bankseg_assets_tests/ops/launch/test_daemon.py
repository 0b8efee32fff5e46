"""Tests of the recovery at the start of the platform."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest

from ops.launch import daemon
from ops.launch.daemon import recover_once


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """Yield the instance that the daemon finds."""
    with dg.DagsterInstance.ephemeral() as ephemeral:
        # Not closed after use: its storage is in memory.
        monkeypatch.setattr(daemon.DagsterInstance, "get", lambda: nullcontext(ephemeral))
        yield ephemeral


def add_run(instance: dg.DagsterInstance) -> str:
    """Add a run whose process does not exist; return its ID."""
    run_id = str(uuid4())
    instance.add_run(dg.DagsterRun("refresh", run_id, status=dg.DagsterRunStatus.STARTED))
    return run_id


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run_id)
    assert found is not None
    return found.status


def test_first_daemon_fails_the_runs_of_killed_processes(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    run_id = add_run(instance)
    recover_once(tmp_path / "recovered")
    assert status(instance, run_id) == dg.DagsterRunStatus.FAILURE


def test_daemon_that_replaces_a_dead_one_fails_no_run(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """The code server may be starting it, and has not recorded its process yet."""
    recover_once(tmp_path / "recovered")
    run_id = add_run(instance)
    recover_once(tmp_path / "recovered")
    assert status(instance, run_id) == dg.DagsterRunStatus.STARTED


def test_recovery_that_fails_is_repeated(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = add_run(instance)

    def locked(_: dg.DagsterInstance) -> None:
        raise OSError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(daemon, "fail_interrupted_runs", locked)
        with pytest.raises(OSError, match="locked"):
            recover_once(tmp_path / "recovered")
    recover_once(tmp_path / "recovered")
    assert status(instance, run_id) == dg.DagsterRunStatus.FAILURE
