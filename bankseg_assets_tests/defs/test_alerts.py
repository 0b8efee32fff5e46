"""Alerts name run, job and cause, in the log of their sensor and in the outbox."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from bankseg_assets.defs.alerts import (
    alert_sensor,
    failure_sensor,
    health_sensor,
    release_sensor,
)
from bankseg_assets.defs.build import resources
from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.monitoring.alerts import Alert
from bankseg_assets.monitoring.failures import last_failure
from bankseg_assets.monitoring.outbox import Outbox
from bankseg_assets.privacy.audit import Actor
from bankseg_assets.release.candidates import approve, submit
from bankseg_assets.release.releases import (
    PROMOTION,
    RELEASE,
    Manifest,
    Refusal,
    note_refusal,
    roll_back,
)
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import write_document
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.monitoring.receivers import HOST, webhook


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a platform in a temporary folder, also for the sensors."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("no_proxy", HOST)
    monkeypatch.setenv("BANKSEG_DAGSTER_URL", "https://dagster.bank.test/")
    return Settings(data_dir=tmp_path)


def run(
    instance: dg.DagsterInstance, asset: dg.AssetsDefinition, tags: dict[str, str] | None = None
) -> dg.ExecuteInProcessResult:
    """Run a job "everything" of one asset."""
    definitions = dg.Definitions([asset], jobs=[dg.define_asset_job("everything", [asset])])
    job = definitions.resolve_job_def("everything")
    return job.execute_in_process(instance=instance, raise_on_error=False, tags=tags)


def queued(settings: Settings) -> list[Alert]:
    return [one.alert for one in Outbox(settings.alerts_dir).queued()]


@dg.asset
def broken() -> None:
    try:
        raise OSError("disk full")
    except OSError as error:
        raise OSError("No space left on device") from error


def report_failure(
    instance: dg.DagsterInstance,
    result: dg.ExecuteInProcessResult,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> str:
    """Return what the sensor logs on a failed run."""
    context = dg.build_run_status_sensor_context(
        sensor_name="failure_sensor",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        resources={"published": resources(settings)["published"]},
    ).for_run_failure()
    # A sensor's logger has no parent, which is where caplog would listen.
    context.log.addHandler(caplog.handler)
    caplog.clear()
    failure_sensor(context)
    (message,) = caplog.messages
    return message


def test_failed_run_is_reported_with_step_and_cause(
    instance: dg.DagsterInstance, place: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    result = run(instance, broken)
    message = report_failure(instance, result, place, caplog)
    assert f"Run {result.run_id} of everything failed: broken: OSError: disk full." in message
    assert message.endswith("The previous release stays in use.")
    last = instance.all_logs(result.run_id)[-1]
    assert last.message.startswith("Why the run failed: broken: OSError: disk full. The prev")
    assert "Traceback" not in message
    assert "\n" not in message
    (alert,) = queued(place)
    assert alert.what.startswith(f"The run {result.run_id[:8]} of everything failed.")
    assert alert.why == ("broken: OSError: disk full",)
    assert "After the cause is removed" in alert.next_step
    assert alert.link == f"https://dagster.bank.test/runs/{result.run_id}"
    failure = last_failure(place.alerts_dir)
    assert failure is not None
    assert failure.job == "everything"


def test_run_that_is_repeated_by_dagster_is_only_logged(
    instance: dg.DagsterInstance, place: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    result = run(instance, broken, {"dagster/will_retry": "true"})
    assert "disk full" in report_failure(instance, result, place, caplog)
    assert queued(place) == []


def test_run_that_was_stopped_is_only_logged(
    instance: dg.DagsterInstance, place: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Ctrl-C in `make run` interrupts the run in progress; the next start repeats it."""

    @dg.asset
    def stopped() -> None:
        raise dg.DagsterExecutionInterruptedError

    message = report_failure(instance, run(instance, stopped), place, caplog)
    assert "stopped: DagsterExecutionInterruptedError" in message
    assert queued(place) == []
    assert last_failure(place.alerts_dir) is None


@dg.asset
def sound() -> None: ...


def log_of_success(
    instance: dg.DagsterInstance,
    result: dg.ExecuteInProcessResult,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> list[tuple[str, str]]:
    """Return level and message of what the sensor logs after a successful run."""
    found = resources(settings)
    context = dg.build_run_status_sensor_context(
        sensor_name="release_sensor",
        dagster_event=result.get_run_success_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        resources={name: found[name] for name in ("published", "delivery", "holdings")},
    )
    context.log.addHandler(caplog.handler)
    caplog.clear()
    release_sensor(context)
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def manifest(run_id: str) -> Manifest:
    return Manifest(
        kind=PROMOTION,
        serial=7,
        note="",
        created_at="2026-11-27T08:00:00+00:00",
        run_id=run_id,
        is_demo=False,
        versions={},
        model_sha256="",
        metrics={"n_customers": 884265, "n_segments": 5},
        warnings=("No balances.",),
    )


def make_release(settings: Settings, run_id: str) -> str:
    """Make a release; return its name."""
    with VersionStore(settings.published_dir).draft(RELEASE, run_id) as draft:
        write_document(draft.path, manifest(run_id).model_dump())
    assert draft.version is not None
    return draft.version.name


def test_release_and_refusal_are_reported(
    instance: dg.DagsterInstance, place: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, other = (run(instance, sound) for _ in range(3))
    name = make_release(place, first.run_id)
    released = f"Run {first.run_id} of everything made the release {name}."
    assert log_of_success(instance, first, place, caplog) == [("INFO", released)]
    note_refusal(
        place.published_dir, Refusal(run_id=second.run_id, at="", reasons=("3 rows are lost.",))
    )
    refused = (
        f"Run {second.run_id} of everything was not released. 3 rows are lost. "
        "The previous release stays in use."
    )
    assert log_of_success(instance, second, place, caplog) == [("ERROR", refused)]
    assert log_of_success(instance, other, place, caplog) == []
    refusal, release = queued(place)
    assert release.what == "Version 7 of the segments was released."
    assert release.why == (
        "Made from the delivered data: 884,265 customers, 5 segments.",
        "No balances.",
    )
    assert refusal.why == ("3 rows are lost.",)


def test_model_that_awaits_approval_is_reported(
    instance: dg.DagsterInstance, place: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    result = run(instance, sound)
    store = VersionStore(place.published_dir)
    submit(store, manifest(result.run_id), Actor("refit_sensor", "automatic"), None)
    made = f"Run {result.run_id} of everything made a model that awaits approval."
    assert log_of_success(instance, result, place, caplog) == [("INFO", made)]
    (alert,) = queued(place)
    assert (alert.event, alert.what) == ("approval", "A new model awaits approval.")
    assert alert.why == (
        "Made from the delivered data: 884,265 customers, 5 segments. The run was started by "
        "refit_sensor.",
        "No balances.",
    )
    assert "`bankseg approve`" in alert.next_step
    assert alert.link.endswith("/approval")


def test_release_without_a_run_is_reported(instance: dg.DagsterInstance, place: Settings) -> None:
    """A rollback has the run of the release that it restores; a look reports it once."""
    first = make_release(place, "run-1")
    make_release(place, "run-2")
    found = look_at_health(instance, place, None)
    assert queued(place) == []
    roll_back(VersionStore(place.published_dir), first, "The amounts were wrong.")
    for _ in range(2):
        found = look_at_health(instance, place, found.cursor)
    (alert,) = queued(place)
    assert (alert.event, alert.what) == ("release", "Version 8 of the segments was released.")
    assert "The amounts were wrong." in alert.why


def test_approved_model_is_reported(instance: dg.DagsterInstance, place: Settings) -> None:
    store = VersionStore(place.published_dir)
    submit(store, manifest("run-1"), Actor("ann", "environment"), None)
    found = look_at_health(instance, place, None)
    approve(store, Actor("ben", "environment"), "The segments are as before.")
    look_at_health(instance, place, found.cursor)
    (alert,) = queued(place)
    assert alert.why[1] == "Approved by ben: The segments are as before."


def look_at_health(
    instance: dg.DagsterInstance, settings: Settings, cursor: str | None
) -> dg.SensorResult:
    """Let the sensor look."""
    published = resources(settings)["published"]
    context = dg.build_sensor_context(instance, cursor, resources={"published": published})
    found = health_sensor(context)
    assert isinstance(found, dg.SensorResult)
    return found


def test_health_is_recorded_when_it_changes(instance: dg.DagsterInstance, place: Settings) -> None:
    """At the first look, after each run, and when a colour changes; not at every look."""
    found = look_at_health(instance, place, None)
    health, check = found.asset_events
    assert isinstance(health, dg.AssetMaterialization)
    assert isinstance(check, dg.AssetCheckEvaluation)
    assert health.metadata["Release"].value.startswith("RED: There is no release yet.")
    assert health.metadata["Last delivery"].value.startswith("AMBER: No file has been delivered.")
    assert health.metadata["Last failure"].value == "No run has failed."
    assert str(health.metadata["page"].value).endswith("/health")
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "Release: There is no release yet. Deliver a file" in str(check.description)
    found = look_at_health(instance, place, found.cursor)
    assert not found.asset_events
    run(instance, sound)
    found = look_at_health(instance, place, found.cursor)
    assert len(found.asset_events) == 2
    make_release(place, "run-1")
    assert len(look_at_health(instance, place, found.cursor).asset_events) == 2


def test_rejected_file_is_reported(
    instance: dg.DagsterInstance, place: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    result = run(instance, sound)
    reason = "c.csv has no column 'CustomerID'."
    Ledger(place.ledger_path).record(
        Delivery("a" * 64, "c.csv", "rejected", reason, 10, 0, result.run_id)
    )
    ((level, message),) = log_of_success(instance, result, place, caplog)
    assert (level, message) == ("ERROR", f"Run {result.run_id} of everything: {reason}")
    (alert,) = queued(place)
    assert (alert.event, alert.what) == ("rejection", "c.csv was rejected.")
    assert alert.link.endswith("/deliveries")


def test_success_ends_a_failure(
    instance: dg.DagsterInstance, place: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    report_failure(instance, run(instance, broken), place, caplog)
    failure = last_failure(place.alerts_dir)
    assert failure is not None
    earlier = failure.model_copy(update={"at": "2026-01-01T00:00:00+00:00"})
    (place.alerts_dir / "last_failure.json").write_text(earlier.model_dump_json())
    log_of_success(instance, run(instance, sound), place, caplog)
    failure = last_failure(place.alerts_dir)
    assert failure is not None
    assert failure.recovered_at


def test_events_without_a_wish_are_not_sent(
    instance: dg.DagsterInstance,
    place: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BANKSEG_ALERT_ON", "release")
    report_failure(instance, run(instance, broken), place, caplog)
    assert queued(place) == []


def test_alert_sensor_sends_what_is_due(
    instance: dg.DagsterInstance,
    place: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = dg.build_sensor_context(
        instance=instance, resources={"published": resources(place)["published"]}
    )
    with webhook() as receiver:
        monkeypatch.setenv("BANKSEG_ALERT_WEBHOOK", f"http://{HOST}:{receiver.port}/hooks/SECRET")
        report_failure(instance, run(instance, broken), place, caplog)
        context.log.addHandler(caplog.handler)
        found = [alert_sensor(context) for _ in range(2)]
    assert [one["event"] for one in receiver.received] == ["failure"]
    assert [one.skip_message for one in found if isinstance(one, dg.SkipReason)] == [
        f"failure alert was sent by webhook {HOST}.",
        "No alert is due.",
    ]
    assert "SECRET" not in caplog.text


def test_alert_sensor_survives_invalid_settings(
    instance: dg.DagsterInstance, place: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANKSEG_ALERT_WEBHOOK", "nowhere")
    context = dg.build_sensor_context(
        instance=instance, resources={"published": resources(place)["published"]}
    )
    found = alert_sensor(context)
    assert isinstance(found, dg.SkipReason)
    assert "Alerts are not sent: BANKSEG_ALERT_WEBHOOK is not a web address" in (
        found.skip_message or ""
    )


def test_health_sensor_alerts_to_what_stays_red(
    instance: dg.DagsterInstance, place: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = tmp_path / "mine.toml"
    contract.write_text('currency = "Rs"\n', encoding="utf-8")
    monkeypatch.setenv("BANKSEG_CONTRACT", str(contract))
    monkeypatch.setattr("bankseg_assets.monitoring.health_alerts.RED_FOR", timedelta())
    context = dg.build_sensor_context(
        instance=instance, resources={"published": resources(place)["published"]}
    )
    for _ in range(2):
        found = health_sensor(context)
    assert isinstance(found, dg.SensorResult)
    assert "currency is 'Rs'" in str(found.skip_reason)
    (alert,) = queued(place)
    assert (alert.event, alert.what) == ("health", "The platform needs attention: contract.")
