"""Tests of `bankseg deliveries` and `bankseg withdraw`."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import BASIS_FILE, VersionStore
from ops.cli import deliveries, withdraw

FIRST, SECOND, BROKEN = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """Two accepted files, the second of them quarantined, and a rejected one."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.record(Delivery(FIRST, "first.csv", "accepted", "", 1, 1_200, "run"))
    ledger.record(Delivery(SECOND, "second.csv", "accepted", "", 1, 30, "run"))
    ledger.record(Delivery(BROKEN, "broken.csv", "rejected", "It is empty.", 1, 0, "run"))
    return ledger


def clean(folder: Path) -> None:
    """Publish cleaned versions of both files."""
    store = VersionStore(folder / "published")
    with store.draft("raw_transactions", "run") as draft:
        write_rows(draft.path / f"{FIRST}.parquet", 1_200)
        write_rows(draft.path / f"{SECOND}.parquet", 30)
    assert draft.version is not None
    inputs = {"raw_transactions": draft.version.name}
    excluded = [("quarantined", "conflicting_duplicate")] * 24 + [("quarantined", "invalid_amount")]
    excluded += [("duplicate", "duplicate")] * 5
    with store.draft("quarantined_transactions", "run", inputs) as draft:
        columns: dict[str, list[str]] = {"delivery": [SECOND[:12]] * 30}
        columns["disposition"], columns["reason"] = map(list, zip(*excluded, strict=True))
        pq.write_table(pa.table(columns), draft.path / "repeats-00000.parquet")
        write_json(draft.path / BASIS_FILE, {"of": "both"})
    with store.draft("cleaned_transactions", "run", inputs) as draft:
        write_rows(draft.path / f"{FIRST[:12]}-00000.parquet", 1_200)
        write_json(draft.path / BASIS_FILE, {"of": "both"})


def write_rows(path: Path, rows: int) -> None:
    pq.write_table(pa.table({"row_number": list(range(rows))}), path)


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    assert deliveries.main(["--json"]) == 0
    return {row["file"]: row for row in json.loads(capsys.readouterr().out)}


def test_deliveries_are_listed_with_their_rows(
    ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows are counted in the published files, with the most frequent quarantine reason."""
    clean(tmp_path)
    found = listed(capsys)
    second = found["second.csv"]
    assert (second["rows_in"], second["rows_clean"], second["rows_duplicate"]) == (30, 0, 5)
    assert second["reasons"] == {"conflicting_duplicate": 24, "invalid_amount": 1}
    assert second["top_reason"] == "conflicting_duplicate"
    assert found["first.csv"]["rows_clean"] == 1_200
    assert (found["broken.csv"]["rows_clean"], found["broken.csv"]["status"]) == (None, "rejected")
    assert deliveries.main([]) == 0
    text = capsys.readouterr().out
    assert "conflicting_duplicate  accepted  bbbbbbbb" in text
    assert "1,200" in text
    assert "broken.csv (cccccccc): It is empty." in text


def test_deliveries_before_the_first_batch(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ledger has the deliveries; the counts of cleaned rows are null."""
    found = listed(capsys)["first.csv"]
    assert (found["rows_in"], found["rows_clean"], found["top_reason"]) == (1_200, None, None)


def test_without_deliveries_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Listing creates no ledger, and there is nothing to withdraw."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    assert deliveries.main([]) == 0
    assert capsys.readouterr().out == "No file has been delivered yet.\n"
    assert withdraw.main(["a" * 8]) == 2
    assert "No file has been delivered yet" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_file_is_withdrawn_and_accepted_again(
    ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command says what the next batch does; the list shows the state."""
    clean(tmp_path)
    assert withdraw.main(["bbbbbbbb", "--reason", "Wrong month."]) == 0
    assert "second.csv (bbbbbbbb, 30 rows) is withdrawn." in capsys.readouterr().out
    found = listed(capsys)["second.csv"]
    assert (found["status"], found["note"], found["rows_clean"]) == (
        *("withdrawn", "Wrong month."),
        None,
    )
    assert withdraw.main(["bbbbbbbb"]) == 2
    assert "is withdrawn; only an accepted file" in capsys.readouterr().err
    assert withdraw.main(["bbbbbbbb", "--undo"]) == 0
    assert "is accepted again" in capsys.readouterr().out
    assert listed(capsys)["second.csv"]["rows_clean"] == 0


def test_file_of_holdings_is_withdrawn(
    ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Holdings have a ledger of their own."""
    holdings = Ledger(tmp_path / "holdings_ledger.sqlite")
    holdings.record(Delivery("d" * 64, "h.csv", "accepted", "", 1, 9, "run"))
    assert deliveries.main(["--holdings"]) == 0
    assert "accepted  dddddddd" in capsys.readouterr().out
    assert withdraw.main(["d" * 8]) == 2
    assert withdraw.main(["d" * 8, "--holdings"]) == 0
    assert [one.status for one in holdings.deliveries()] == ["withdrawn"]
    assert "h.csv (dddddddd, 9 rows) is withdrawn." in capsys.readouterr().out
