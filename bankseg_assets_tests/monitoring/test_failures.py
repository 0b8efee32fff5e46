"""Tests of the record of the last failure."""

from pathlib import Path

from bankseg_assets.monitoring.failures import Failure, last_failure, note_failure, note_success


def failure(run_id: str, at: str, reason: str = "disk full") -> Failure:
    return Failure(run_id=run_id, job="refresh", at=f"2026-11-{at}", reasons=(reason,))


def test_no_failure_is_recorded_at_first(tmp_path: Path) -> None:
    assert last_failure(tmp_path) is None
    note_success(tmp_path, "refresh", "2026-11-27T08:00:00+00:00", released=True)
    assert list(tmp_path.iterdir()) == []


def test_repeated_failure_is_reported_once_a_day(tmp_path: Path) -> None:
    """A sensor repeats a failing run every hour."""
    found = [
        note_failure(tmp_path, failure(f"run-{day}-{hour}", f"{day:02}T{hour:02}:00:00+00:00"))
        for day in (1, 2)
        for hour in range(24)
    ]
    assert [is_news for _, is_news in found] == ([True] + [False] * 23) * 2
    assert [one.times for one, _ in found] == list(range(1, 49))


def test_another_reason_or_a_recovery_makes_a_failure_news(tmp_path: Path) -> None:
    assert note_failure(tmp_path, failure("a", "01T01:00:00+00:00"))[1]
    assert note_failure(tmp_path, failure("b", "01T02:00:00+00:00", "no Java"))[1]
    note_success(tmp_path, "refresh", "2026-11-01T03:00:00+00:00", released=False)
    found = last_failure(tmp_path)
    assert found is not None
    assert found.recovered_at == "2026-11-01T03:00:00+00:00"
    again, is_news = note_failure(tmp_path, failure("c", "01T04:00:00+00:00", "no Java"))
    assert (again.times, is_news) == (1, True)


def test_failure_event_may_be_processed_twice(tmp_path: Path) -> None:
    for _ in range(2):
        found, is_news = note_failure(tmp_path, failure("a", "01T01:00:00+00:00"))
        assert (found.times, is_news) == (1, True)


def test_success_of_another_job_or_an_earlier_run_is_no_recovery(tmp_path: Path) -> None:
    note_failure(tmp_path, failure("a", "01T02:00:00+00:00"))
    note_success(tmp_path, "comparison", "2026-11-01T03:00:00+00:00", released=False)
    note_success(tmp_path, "refresh", "2026-11-01T01:00:00+00:00", released=True)
    found = last_failure(tmp_path)
    assert found is not None
    assert not found.recovered_at
    note_success(tmp_path, "refit", "2026-11-01T03:00:00+00:00", released=True)
    found = last_failure(tmp_path)
    assert found is not None
    assert found.recovered_at
