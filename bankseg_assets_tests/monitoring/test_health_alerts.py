"""Tests of alerts on a health that stays red."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bankseg_assets.monitoring.alerts import Alert
from bankseg_assets.monitoring.finding import Finding, Level
from bankseg_assets.monitoring.health import Health
from bankseg_assets.monitoring.health_alerts import health_alerts
from bankseg_assets.monitoring.release_findings import NO_RELEASE
from bankseg_assets.runtime.settings import Settings

START = datetime(2026, 11, 27, 8, tzinfo=UTC)


def alerts(
    folder: Path, minutes: float, level: Level = "red", topic: str = "Disk", fact: str = "Full."
) -> list[Alert]:
    finding = Finding(topic=topic, level=level, fact=fact, next_step="Free space.")
    found = Health(level=level, findings=(finding,))
    now = START + timedelta(minutes=minutes)
    return health_alerts(folder, found, Settings(app_url="https://app.bank.test"), now)


def test_red_health_is_alerted_to_once(tmp_path: Path) -> None:
    found = [alerts(tmp_path, minutes) for minutes in range(60)]
    (alert,) = [one for each in found for one in each]
    assert found[10] == [alert]
    assert alert.what == "The platform needs attention: disk."
    assert (alert.why, alert.next_step) == (("Full.",), "Free space.")
    assert alert.link == "https://app.bank.test/health"


def test_health_that_recovers_soon_is_not_alerted_to(tmp_path: Path) -> None:
    levels: list[Level] = ["red", "green"]
    for minutes in range(0, 60, 6):
        assert alerts(tmp_path, minutes, levels[minutes // 6 % 2]) == []


def test_health_that_is_red_again_is_another_alert(tmp_path: Path) -> None:
    first = [*alerts(tmp_path, 0), *alerts(tmp_path, 10)]
    assert alerts(tmp_path, 20, "amber") == []
    second = [*alerts(tmp_path, 30), *alerts(tmp_path, 40)]
    assert len(first) == len(second) == 1
    assert first[0].run_id != second[0].run_id


def test_first_batch_and_failures_need_no_health_alert(tmp_path: Path) -> None:
    for minutes in (0, 60):
        assert alerts(tmp_path, minutes, topic="Release", fact=NO_RELEASE) == []
        assert alerts(tmp_path, minutes, topic="Last failure") == []
    assert list(tmp_path.iterdir()) == []


def test_damaged_record_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "health.json").write_text('["x"]', encoding="utf-8")
    assert alerts(tmp_path, 0) == []
    assert len(alerts(tmp_path, 10)) == 1
