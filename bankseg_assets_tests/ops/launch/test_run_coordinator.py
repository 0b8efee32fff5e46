"""Who starts a run in the Dagster UI is in its tags and in the audit log."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from dagster import DagsterInstance, DagsterRun
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext
from dagster._core.test_utils import create_run_for_test

from bankseg_assets.access.identity import Identity
from bankseg_assets.access.roles import Role
from bankseg_assets.privacy.audit import Actor, AuditLog, system_user
from bankseg_assets.release.candidates import KNOWN_BY_TAG, STARTED_BY_TAG
from ops.launch.access import IDENTITY, OWN
from ops.launch.run_coordinator import RecordingRunCoordinator, shown_configuration

PRETENDED = {STARTED_BY_TAG: "eve", KNOWN_BY_TAG: "proxy"}
ANN = Identity(Actor("ann", "proxy"), frozenset({Role.ENGINEER}))
CONFIG = {"ops": {"kmeans_model": {"config": {"k": 5}}}}

pytestmark = pytest.mark.slow


def queue(self: QueuedRunCoordinator, context: SubmitRunContext) -> DagsterRun | None:
    """Return the run as it is stored; Dagster queues runs of code servers only."""
    return self._instance.get_run_by_id(context.dagster_run.run_id)


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(QueuedRunCoordinator, "submit_run", queue)
    return tmp_path


def submitted(scope: Mapping[str, Any] | None, config: Mapping[str, Any] = CONFIG) -> DagsterRun:
    """Return a run as it is queued; `scope`: of the request that starts it."""
    source = None if scope is None else SimpleNamespace(scope=scope)
    with DagsterInstance.ephemeral() as instance:
        coordinator = RecordingRunCoordinator()
        coordinator.register_instance(instance)
        run = create_run_for_test(
            instance, job_name="refit_with_k", tags=PRETENDED, run_config=config
        )
        workspace = cast("Any", SimpleNamespace(source=source))
        return coordinator.submit_run(SubmitRunContext(run, workspace))


def test_person_of_the_proxy_starts_the_run(data_dir: Path) -> None:
    """Not the one of tags that were entered in the Launchpad."""
    run = submitted({IDENTITY: ANN})
    assert (run.tags[STARTED_BY_TAG], run.tags[KNOWN_BY_TAG]) == ("ann", "proxy")
    (entry,) = AuditLog(data_dir / "audit").entries()
    assert (entry["who"], entry["what"], entry["on"]) == ("ann", "run started", run.run_id)
    assert entry["details"] == {
        "job": "refit_with_k",
        "configuration": '{"ops": {"kmeans_model": {"config": {"k": 5}}}}',
    }


def test_without_roles_the_user_of_the_server_starts_the_run(data_dir: Path) -> None:
    run = submitted({})
    assert run.tags[STARTED_BY_TAG] == system_user().name
    (entry,) = AuditLog(data_dir / "audit").entries()
    assert entry["who"] == system_user().name


def test_run_of_the_app_keeps_its_person(data_dir: Path) -> None:
    """The app has checked the role, and made an entry."""
    assert submitted({OWN: True}).tags[STARTED_BY_TAG] == "eve"
    assert list(AuditLog(data_dir / "audit").entries()) == []


def test_run_of_a_sensor_has_no_person(data_dir: Path) -> None:
    submitted(None)
    assert list(AuditLog(data_dir / "audit").entries()) == []


def test_configuration_has_no_secrets_and_a_limit() -> None:
    secret = {"spark": {"config": {"spark_config": {"spark.hadoop.fs.s3a.secret.key": "CANARY"}}}}
    assert "CANARY" not in shown_configuration({"resources": secret})
    assert len(shown_configuration({"ops": {"a": "x" * 9_000}})) < 2_010
