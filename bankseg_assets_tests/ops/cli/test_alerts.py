"""Tests of `bankseg alerts`."""

from pathlib import Path

import pytest

from bankseg_assets.monitoring.alerts import Alert
from bankseg_assets.monitoring.channels import Webhook
from bankseg_assets.monitoring.outbox import Outbox
from bankseg_assets_tests.monitoring.receivers import HOST, webhook
from ops.cli import alerts


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("no_proxy", HOST)
    return tmp_path / "alerts"


def test_alerts_test_reports_each_channel(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook(200, 404) as receiver:
        address = f"http://{HOST}:{receiver.port}/SECRET"
        monkeypatch.setenv("BANKSEG_ALERT_WEBHOOK", address)
        assert alerts.main(["--test"]) == 0
        assert alerts.main(["--test"]) == 1
    assert receiver.received[0]["event"] == "test"
    output = capsys.readouterr()
    assert output.out == f"webhook {HOST}: sent\n"
    assert output.err == f"bankseg: webhook {HOST}: it answered with status 404.\n"


def test_alerts_test_needs_a_channel(capsys: pytest.CaptureFixture[str]) -> None:
    assert alerts.main(["--test"]) == 2
    assert "Set BANKSEG_ALERT_WEBHOOK" in capsys.readouterr().err


def test_alerts_are_listed_with_their_outcome(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alerts.main([]) == 0
    assert capsys.readouterr().out == "No alert was made yet.\n"
    outbox, dead = Outbox(folder), Webhook(f"http://{HOST}:9/SECRET")
    alert = Alert(event="failure", at="2026-11-27T08:00:00+00:00", run_id="a", what="It failed.")
    outbox.put(alert, [dead])
    outbox.send_due([dead])
    outbox.put(alert.model_copy(update={"run_id": "b"}), [])
    assert alerts.main([]) == 0
    output = capsys.readouterr().out
    assert "2026-11-27T08:00:00+00:00  failure    It failed.\n" in output
    assert f"waits for webhook (webhook {HOST}: it cannot be reached (Conn" in output
    assert "not sent: no channel is configured" in output
    assert "SECRET" not in output
