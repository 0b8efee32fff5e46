"""Tests of the health: a colour, a fact and the next step for each subject."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.monitoring.alerts import Alert
from bankseg_assets.monitoring.failures import Failure, note_failure, note_success
from bankseg_assets.monitoring.finding import Finding
from bankseg_assets.monitoring.health import disk_finding, health
from bankseg_assets.monitoring.heartbeat import note_look
from bankseg_assets.monitoring.outbox import Outbox, Queued
from bankseg_assets.release.releases import Refusal, note_refusal
from bankseg_assets.runtime.disk import NEEDED_BYTES
from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.app.publishing import publish, release, write_model

MADE = datetime(2016, 10, 22, 10, tzinfo=UTC)  # of a published release


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    settings = Settings(data_dir=tmp_path / "data")
    settings.landing_dir.mkdir(parents=True)
    return settings


def finding(settings: Settings, topic: str, now: datetime = MADE) -> Finding:
    return next(one for one in health(settings, now=now).findings if one.topic == topic)


def deliver(settings: Settings, name: str, status: str = "accepted", reason: str = "") -> None:
    Ledger(settings.ledger_path).record(
        Delivery(name.ljust(64, "0"), name, status, reason, 10, 5, "run")  # type: ignore[arg-type]
    )


def test_healthy_platform_is_green(place: Settings) -> None:
    publish(place.data_dir)
    deliver(place, "a.csv")
    found = health(place, now=MADE + timedelta(days=1))
    assert {one.topic: one.level for one in found.findings} == dict.fromkeys(
        (
            *("Release", "Newer release", "Last delivery", "Waiting files", "Contract"),
            *("Sensors", "Last failure", "Drift", "Disk", "Alerts"),
        ),
        "green",
    )
    assert (found.level, found.sentence) == ("green", "Everything works.")
    assert not any(one.next_step for one in found.findings)


def test_health_of_an_empty_platform_creates_nothing(tmp_path: Path) -> None:
    found = health(Settings(data_dir=tmp_path / "data"))
    assert found.level == "red"
    assert found.sentence.startswith("Release: There is no release yet.")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("days", "level"), [(1, "green"), (8, "amber"), (32, "red")])
def test_release_becomes_old(place: Settings, days: int, level: str) -> None:
    publish(place.data_dir)
    found = finding(place, "Release", MADE + timedelta(days=days))
    assert found.level == level
    assert f"made {days} day" in found.fact
    assert bool(found.next_step) == (level != "green")


def test_release_that_cannot_be_used_is_red(place: Settings) -> None:
    publish(place.data_dir)
    release(place.data_dir, write_model(place.data_dir), "other")
    found = finding(place, "Release")
    assert found.level == "red"
    assert "SHA-256 differs" in found.fact


def test_refusal_is_amber(place: Settings) -> None:
    publish(place.data_dir)
    note_refusal(place.published_dir, Refusal(run_id="run", at="", reasons=("F1 is 0.5.",)))
    found = finding(place, "Newer release")
    assert (found.level, found.fact) == ("amber", "It was refused. F1 is 0.5.")


@pytest.mark.parametrize(
    ("verdict", "level"), [("passed", "green"), ("warned", "amber"), ("refused", "red")]
)
def test_drift_has_the_colour_of_its_gate(place: Settings, verdict: str, level: str) -> None:
    model = write_model(place.data_dir)
    gate = {
        "name": "data_has_not_drifted",
        "verdict": verdict,
        "sentence": "Age has shifted.",
        "numbers": {"psi_age": 0.3},
    }
    release(place.data_dir, model, "x", gates=[gate])
    from bankseg_assets.monitoring.release_findings import drift_finding
    from bankseg_assets.release.releases import current_release

    found = drift_finding(current_release(place.published_dir))
    assert (found.level, found.fact) == (level, "Age has shifted.")


def test_rejected_delivery_is_amber(place: Settings) -> None:
    deliver(place, "a.csv")
    deliver(place, "b.csv", "rejected", "b.csv has no column 'CustomerID'.")
    found = finding(place, "Last delivery", datetime.now(UTC) + timedelta(hours=3, minutes=1))
    assert found.level == "amber"
    assert found.fact == "b.csv was rejected 3 hours ago. b.csv has no column 'CustomerID'."


def test_machine_that_only_serves_needs_no_delivery(place: Settings) -> None:
    publish(place.data_dir)
    assert finding(place, "Last delivery").level == "green"


@pytest.mark.parametrize(("minutes", "level"), [(1, "green"), (20, "amber"), (300, "red")])
def test_waiting_file_becomes_late(place: Settings, minutes: int, level: str) -> None:
    """A copy that keeps its old date has only just arrived."""
    file = place.landing_dir / "a.csv"
    file.write_text("x\n", encoding="utf-8")
    os.utime(file, (0, 0))
    found = finding(place, "Waiting files", datetime.now(UTC) + timedelta(minutes=minutes))
    assert found.level == level
    assert found.fact.startswith("a.csv waited for ")


def test_ingested_file_does_not_wait(place: Settings) -> None:
    file = place.landing_dir / "a.csv"
    file.write_text("x\n", encoding="utf-8")
    deliver(place, "a.csv")
    status = file.stat()
    ledger = Ledger(place.ledger_path)
    ledger.remember_hash("a.csv", status.st_size, status.st_mtime_ns, "a.csv".ljust(64, "0"))
    assert finding(place, "Waiting files").fact == "None."
    # The same name with other content is another delivery.
    file.write_text("other content\n", encoding="utf-8")
    assert finding(place, "Waiting files").fact.startswith("a.csv waited")


def test_ignored_file_is_amber_with_its_reason(place: Settings) -> None:
    (place.landing_dir / "a.pdf").touch()
    found = finding(place, "Waiting files")
    assert found.level == "amber"
    assert found.fact.startswith("a.pdf will not be ingested. ")


def test_damaged_ledger_is_red(place: Settings) -> None:
    place.ledger_path.write_text("not a database" * 100, encoding="utf-8")
    found = finding(place, "Waiting files")
    assert found.level == "red"
    assert "ledger.sqlite cannot be read" in found.fact


def test_invalid_contract_is_red(place: Settings, tmp_path: Path) -> None:
    contract = tmp_path / "mine.toml"
    contract.write_text('currency = "Rs"\n', encoding="utf-8")
    settings = Settings(data_dir=place.data_dir, contract=contract)
    found = finding(settings, "Contract")
    assert found.level == "red"
    assert "mine.toml: currency is 'Rs'" in found.fact


@pytest.mark.parametrize(("minutes", "level"), [(1, "green"), (11, "amber")])
def test_sensors_that_stopped_are_amber(place: Settings, minutes: int, level: str) -> None:
    """A dead daemon reports nothing, so a monitor would see the last healthy state."""
    assert finding(place, "Sensors").level == "green"
    note_look(place.alerts_dir)
    found = finding(place, "Sensors", datetime.now(UTC) + timedelta(minutes=minutes))
    assert found.level == level
    assert found.fact.startswith(f"They looked {minutes} minute")


def test_sentence_begins_with_the_worst(place: Settings) -> None:
    publish(place.data_dir)
    note_refusal(place.published_dir, Refusal(run_id="run", at="", reasons=("F1 is 0.5.",)))
    note_failure(place.alerts_dir, failure())
    found = health(place, now=MADE)
    assert found.sentence.startswith("Last failure: refresh failed")
    assert "Newer release: It was refused." in found.sentence


def failure(job: str = "refresh", reason: str = "rfm_table: MemoryError") -> Failure:
    return Failure(run_id="run", job=job, at=MADE.isoformat(), reasons=(reason,))


def test_failure_is_red_until_its_job_works(place: Settings) -> None:
    note_failure(place.alerts_dir, failure())
    later = MADE + timedelta(hours=2)
    found = finding(place, "Last failure", later)
    assert found.level == "red"
    assert found.fact == "refresh failed 2 hours ago. rfm_table: MemoryError"
    note_success(place.alerts_dir, "refresh", later.isoformat(), released=False)
    assert finding(place, "Last failure", later).level == "green"


def test_failure_ends_with_a_release_that_no_sensor_saw(place: Settings) -> None:
    """`make materialize` makes releases without the platform's sensors."""
    early = failure().model_copy(update={"at": "2016-10-22T09:00:00+00:00"})
    note_failure(place.alerts_dir, early)
    publish(place.data_dir)
    assert finding(place, "Last failure").level == "green"


def test_failure_of_a_study_is_amber(place: Settings) -> None:
    note_failure(place.alerts_dir, failure("comparison"))
    assert finding(place, "Last failure").level == "amber"


def test_failure_of_a_full_disk_says_what_to_free(place: Settings) -> None:
    note_failure(place.alerts_dir, failure(reason="OSError: [Errno 28] No space left on device"))
    assert finding(place, "Last failure").next_step.startswith("Free space on the disk of /")


@pytest.mark.parametrize(("times", "level"), [(0.5, "red"), (1.5, "amber"), (3, "green")])
def test_little_disk_is_reported(times: float, level: str) -> None:
    assert disk_finding(int(times * NEEDED_BYTES), Settings()).level == level


def test_alert_that_was_given_up_is_amber(place: Settings) -> None:
    alert = Alert(event="failure", at="", run_id="run", what="It failed.")
    queued = Queued(
        alert=alert,
        queued=MADE.timestamp(),
        pending=(),
        problems={"webhook chat.bank.test": "it answered with status 404"},
    )
    place.alerts_dir.mkdir()
    (place.alerts_dir / "failure-run.json").write_text(queued.model_dump_json(), encoding="utf-8")
    assert Outbox(place.alerts_dir).queued() == [queued]
    found = finding(place, "Alerts", MADE + timedelta(hours=1))
    assert found.level == "amber"
    assert "was given up. webhook chat.bank.test: it answered with status 404." in found.fact
    assert finding(place, "Alerts", MADE + timedelta(days=2)).level == "green"
