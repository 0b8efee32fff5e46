"""Tests of `bankseg status`."""

import json
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.monitoring.health import health
from bankseg_assets.release.releases import Refusal, note_refusal
from bankseg_assets.storage.documents import DOCUMENT_FILE, write_json
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.app.publishing import publish, release, write_model
from ops.cli import status

MADE = datetime(2016, 10, 22, 11, tzinfo=UTC)  # an hour after the releases of these tests
OVERVIEW = {"first_day": "2016-08-01", "last_day": "2016-10-21", "customers": 442_569}


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(status, "health", partial(health, now=MADE))
    # Port 0, on which no server can listen.
    for server in ("DAGSTER", "APP", "API"):
        monkeypatch.setenv(f"BANKSEG_{server}_PORT", "9")
    return tmp_path


def as_json(capsys: pytest.CaptureFixture[str], code: int = 0) -> dict[str, Any]:
    assert status.main(["--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def as_text(capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    assert status.main([]) == code
    return capsys.readouterr().out


def deliver(data_dir: Path, name: str, status: Any, reason: str = "") -> None:
    Ledger(data_dir / "ledger.sqlite").record(
        Delivery(name.ljust(64, "0"), name, status, reason, 10, 5, "run")
    )


def test_status_before_the_first_run_creates_nothing(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = as_json(capsys, code=1)
    assert (found["release"], found["model"], found["deliveries"]) == (None, None, None)
    output = as_text(capsys, code=1)
    assert "none yet: run `make materialize`" in output
    assert "Deliveries   none yet" in output
    assert list(data_dir.iterdir()) == []


def test_status_shows_release_model_and_data(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_model(data_dir)
    with VersionStore(data_dir / "published").draft("eda_report", "run") as draft:
        write_json(draft.path / "model.json", {"overview": [OVERVIEW]})
    assert draft.version is not None
    versions = {"nb_classifier": model.name, "eda_report": draft.version.name}
    sha256 = json.loads((model / DOCUMENT_FILE).read_text(encoding="utf-8"))["sha256"]
    release(data_dir, model, sha256, versions=versions, is_demo=True, note="By hand.")
    found = as_json(capsys)
    assert found["release"]["kind"] == "promotion"
    assert found["release"]["first_day"] == "2016-08-01"
    assert found["model"]["metrics"]["f1_weighted"] == 0.981
    output = as_text(capsys)
    assert "made 2016-10-22T10:00:00+00:00, of demo data\n" in output
    assert "By hand." in output
    assert "1 August 2016 to 21 October 2016, snapshot of 22 October 2016" in output
    assert "884,265 customers, weighted F1 0.981" in output
    assert "Small spenders, Frequent spenders, Big spenders" in output


def test_status_of_a_release_without_a_report(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(data_dir)
    assert as_json(capsys)["release"]["first_day"] is None
    assert "Data         snapshot of 22 October 2016\n" in as_text(capsys)


def test_status_shows_refused_and_broken_models(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(data_dir)
    note_refusal(
        data_dir / "published",
        Refusal(run_id="run", at="2016-10-23", reasons=("Macro F1 is 0.5.",)),
    )
    assert as_json(capsys)["refused"]["reasons"] == ["Macro F1 is 0.5."]
    assert "a newer model, 2016-10-23\n             Macro F1 is 0.5.\n" in as_text(capsys)
    (publish(data_dir, version="second") / DOCUMENT_FILE).write_text("{", encoding="utf-8")
    found = as_json(capsys, code=1)
    assert found["model"]["version"] == "first"
    assert "cannot be read" in found["problem"]
    assert "Problem      The newest model cannot be used." in as_text(capsys, code=1)


def test_status_shows_warnings_of_the_release(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Warnings of the model and of the gates; the JSON also has the delivered files."""
    model = write_model(data_dir)
    sha256 = json.loads((model / DOCUMENT_FILE).read_text(encoding="utf-8"))["sha256"]
    delivered = {"file_name": "a.csv", "sha256": "a" * 64, "rows_in": 9, "rows_quarantined": 3}
    release(data_dir, model, sha256, warnings=["No balances.", "Few."], deliveries=[delivered])
    found = as_json(capsys)["release"]
    assert found["warnings"] == ["No balances.", "Few."]
    assert found["deliveries"] == [
        delivered | {"rows_clean": 0, "rows_duplicate": 0, "reasons": {}}
    ]
    assert "Warnings     No balances.\n             Few.\n" in as_text(capsys)


def test_status_counts_withdrawn_deliveries(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The count appears only if it is not zero."""
    sha256 = "a" * 64
    ledger = Ledger(data_dir / "ledger.sqlite")
    ledger.record(Delivery(sha256, "a.csv", "accepted", "", 10, 5, "run"))
    ledger.withdraw(sha256)
    assert as_json(capsys, code=1)["deliveries"]["withdrawn"] == 1
    assert "0 accepted, 0 rejected, 1 withdrawn\n" in as_text(capsys, code=1)


def test_status_counts_deliveries(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(data_dir, "a.csv", "accepted")
    deliver(data_dir, "b.csv", "accepted")
    deliver(data_dir, "c.csv", "rejected", "c.csv has no column 'CustomerID'.")
    found = as_json(capsys, code=1)["deliveries"]
    assert (found["accepted"], found["rejected"]) == (2, 1)
    assert found["last"]["file"] == "c.csv"
    output = as_text(capsys, code=1)
    assert "2 accepted, 1 rejected\n             last: c.csv, rejected " in output
    assert "c.csv has no column 'CustomerID'." in output


def test_status_ignores_an_invalid_ledger(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data_dir / "ledger.sqlite").write_text("not a database" * 100, encoding="utf-8")
    assert as_json(capsys, code=1)["deliveries"] is None


def test_status_checks_the_servers(
    data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("BANKSEG_API_PORT", str(server.server_port))
        answers = {one["name"]: one["answers"] for one in as_json(capsys, code=1)["servers"]}
        output = as_text(capsys, code=1)
        server.shutdown()
        thread.join()
    assert answers == {"Dagster UI": False, "Bank app": False, "Scoring API": True}
    assert f"Scoring API  http://127.0.0.1:{server.server_port}\n" in output
    assert "Bank app     http://127.0.0.1:9 does not answer\n" in output


def test_status_shows_the_disk(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert as_json(capsys, code=1)["disk"]["free_bytes"] > 0
    assert f"GB free, 2.0 GB needed, in {data_dir}" in as_text(capsys, code=1)


def test_status_reports_an_invalid_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BANKSEG_API_PORT", "many")
    assert status.main([]) == 2
    assert capsys.readouterr().err.startswith("bankseg: BANKSEG_API_PORT is 'many'")


def test_status_begins_with_the_health(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish(data_dir)
    assert as_text(capsys).startswith("Health       green\nRelease      ")
    refused = Refusal(run_id="run", at="2016-10-23", reasons=("Macro F1 is 0.5.",))
    note_refusal(data_dir / "published", refused)
    output = as_text(capsys)
    assert "Health       amber\n             amber: Newer release. It was refused. Macro" in output
    assert as_json(capsys)["health"]["level"] == "amber"


@pytest.mark.parametrize(("reasons", "code"), [((), 0), (("Macro F1\nis 0.5.",), 1)])
def test_status_check_is_one_line_with_an_exit_code(
    data_dir: Path, capsys: pytest.CaptureFixture[str], reasons: tuple[str, ...], code: int
) -> None:
    publish(data_dir)
    if reasons:
        note_refusal(data_dir / "published", Refusal(run_id="run", at="", reasons=reasons))
    assert status.main(["--check"]) == code
    expected = "AMBER: Newer release: It was refused. Macro F1 is 0.5.\n"
    assert capsys.readouterr().out == (expected if reasons else "GREEN: Everything works.\n")


def test_status_check_is_critical_without_a_release(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status.main(["--check"]) == 2
    assert capsys.readouterr().out.startswith("RED: Release: There is no release yet.")
    assert list(data_dir.iterdir()) == []
