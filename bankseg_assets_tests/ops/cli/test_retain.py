"""`bankseg retain` says what was removed, and without limits that everything is kept."""

import os
from datetime import date
from pathlib import Path

import pytest

from bankseg_assets.erasure.journal import Place
from bankseg_assets.erasure.retention import Retained
from ops.cli.retain import main, summary


def test_without_limits_everything_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    assert main([]) == 0
    assert "everything is kept" in capsys.readouterr().out
    monkeypatch.setenv("BANKSEG_RETAIN_LOGS_DAYS", "-1")
    assert main(["--dry-run"]) == 2
    assert "BANKSEG_RETAIN_LOGS_DAYS is -1" in capsys.readouterr().err


def test_old_logs_are_counted_before_they_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No limit of transactions, so no Spark."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BANKSEG_RETAIN_LOGS_DAYS", "30")
    log = tmp_path / "logs" / "app.log"
    log.parent.mkdir()
    log.touch()
    os.utime(log, (0, 0))
    assert main(["--dry-run"]) == 0
    assert "Dry run: nothing is removed.\nlogs: 1 files (limit: 30 days)" in capsys.readouterr().out
    assert log.exists()
    assert main([]) == 0
    assert "Report: " in capsys.readouterr().out
    assert not log.exists()


def test_summary_says_what_is_next() -> None:
    places = (Place(name="raw", rows=1200, files=2),)
    text = summary(Retained(date(2024, 1, 1), places, report=Path("r.html")))
    assert "Transactions before 2024-01-01 are not kept." in text
    assert "raw: 1,200 rows, 2 files" in text
    assert "The next batch counts everything again" in text
