"""Alerts name run, job and cause in the log of their sensor."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from bankseg_assets.defs.alerts import failure_sensor, release_sensor
from bankseg_assets.defs.resources import PublishedResource
from bankseg_assets.release.releases import PROMOTION, RELEASE, Manifest, Refusal, note_refusal
from bankseg_assets.storage.documents import write_document
from bankseg_assets.storage.version_store import VersionStore


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def run(instance: dg.DagsterInstance, asset: dg.AssetsDefinition) -> dg.ExecuteInProcessResult:
    """Run a job "everything" of one asset."""
    definitions = dg.Definitions([asset], jobs=[dg.define_asset_job("everything", [asset])])
    job = definitions.resolve_job_def("everything")
    return job.execute_in_process(instance=instance, raise_on_error=False)


def test_failed_run_is_reported_with_step_and_cause(
    instance: dg.DagsterInstance, caplog: pytest.LogCaptureFixture
) -> None:
    @dg.asset
    def broken() -> None:
        try:
            raise OSError("disk full")
        except OSError as error:
            raise ValueError("cannot write the table") from error

    result = run(instance, broken)
    context = dg.build_run_status_sensor_context(
        sensor_name="failure_sensor",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()
    # A sensor's logger has no parent, which is where caplog would listen.
    context.log.addHandler(caplog.handler)
    caplog.clear()
    failure_sensor(context)
    (message,) = caplog.messages
    assert f"Run {result.run_id} of everything failed: broken: OSError: disk full." in message
    assert message.endswith("The previous release stays in use.")
    assert "Traceback" not in message
    assert "\n" not in message


@dg.asset
def sound() -> None: ...


def alerts(
    instance: dg.DagsterInstance,
    result: dg.ExecuteInProcessResult,
    published: Path,
    caplog: pytest.LogCaptureFixture,
) -> list[tuple[str, str]]:
    """Return level and message of what the sensor logs after a successful run."""
    context = dg.build_run_status_sensor_context(
        sensor_name="release_sensor",
        dagster_event=result.get_run_success_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    )
    context.log.addHandler(caplog.handler)
    caplog.clear()
    release_sensor(context, published=PublishedResource(published_dir=str(published)))
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_release_and_refusal_are_logged(
    instance: dg.DagsterInstance, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, other = (run(instance, sound) for _ in range(3))
    manifest = Manifest(
        kind=PROMOTION,
        note="",
        created_at="",
        run_id=first.run_id,
        is_demo=False,
        versions={},
        model_sha256="",
    )
    with VersionStore(tmp_path).draft(RELEASE, first.run_id) as draft:
        write_document(draft.path, manifest.model_dump())
    assert draft.version is not None
    released = f"Run {first.run_id} of everything made the release {draft.version.name}."
    assert alerts(instance, first, tmp_path, caplog) == [("INFO", released)]
    note_refusal(tmp_path, Refusal(run_id=second.run_id, at="", reasons=("3 rows are lost.",)))
    refused = (
        f"Run {second.run_id} of everything was not released. 3 rows are lost. "
        "The previous release stays in use."
    )
    assert alerts(instance, second, tmp_path, caplog) == [("ERROR", refused)]
    assert alerts(instance, other, tmp_path, caplog) == []
