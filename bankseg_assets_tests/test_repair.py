"""Quarantined rows are exported as CSV, corrected, and delivered again."""

import csv
import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.running import Run, run_platform
from ops.cli import quarantine
from ops.demo.transactions import HEADER

ROWS = [
    "T1,C1000001,1/1/90,F,PUNE,1702.50,2/8/16,130501,459",
    "T2,C1000002,1/1/90,M,MUMBAI,-17.50,32/8/16,130501,12.5",
    'T3,C1000003,1/1/90,M,"NAVI, MUMBAI",17.50,3/8/16,990000,12',
]
CORRECTIONS = {
    "T2": {"TransactionDate": "31/8/16", "CustAccountBalance": "17.50"},
    "T3": {"TransactionTime": "90000"},
}


def ingest(settings: Settings, platform: dict[str, object], name: str, content: bytes) -> Run:
    (settings.landing_dir / name).write_bytes(content)
    (settings.landing_dir / f"{name}.done").touch()
    run = run_platform(platform, job="ingestion")
    assert run.failures == {}
    return run


def corrected(exported: bytes) -> bytes:
    """Return the export as saved by a spreadsheet, with the errors corrected."""
    text = io.StringIO(exported.decode("utf-8-sig"), newline="")
    reader = csv.DictReader(text, strict=True)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(reader.fieldnames or ()))
    writer.writeheader()
    writer.writerows(row | CORRECTIONS[row["TransactionID"]] for row in reader)
    return out.getvalue().encode("utf-8-sig")


def rows_of(settings: Settings, table: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = pq.read_table(
        VersionStore(settings.published_dir).latest(table)
    ).to_pylist()
    return found


def test_corrected_rows_are_clean_on_redelivery(
    settings: Settings,
    platform: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(settings.data_dir))
    delivered = "\n".join([HEADER, *ROWS, ""]).encode()
    ingest(settings, platform, "bank.csv", delivered)
    assert [row["transaction_id"] for row in rows_of(settings, "cleaned_transactions")] == ["T1"]

    capfdbinary.readouterr()
    assert quarantine.main([]) == 0
    run = ingest(settings, platform, "repaired.csv", corrected(capfdbinary.readouterr().out))

    clean = {row["transaction_id"]: row for row in rows_of(settings, "cleaned_transactions")}
    assert sorted(map(str, clean)) == ["T1", "T2", "T3"]
    assert str(clean["T2"]["transaction_at"]) == "2016-08-31 13:05:01"
    assert clean["T3"]["location"] == "NAVI, MUMBAI"
    assert {row["source_file"] for row in clean.values()} == {"bank.csv", "repaired.csv"}
    # The records of the first file stay quarantined: every record is in one place.
    quarantined = rows_of(settings, "quarantined_transactions")
    assert {row["source_file"] for row in quarantined} == {"bank.csv"}
    assert all(check.passed for check in run.checks.values()), run.checks
    assert any("reason" in warning for warning in run.warnings)  # the extra columns are ignored


def test_unchanged_export_changes_nothing(
    settings: Settings,
    platform: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(settings.data_dir))
    ingest(settings, platform, "bank.csv", "\n".join([HEADER, *ROWS, ""]).encode())
    before = rows_of(settings, "cleaned_transactions")
    capfdbinary.readouterr()
    assert quarantine.main([]) == 0
    ingest(settings, platform, "as_it_was.csv", capfdbinary.readouterr().out)
    assert rows_of(settings, "cleaned_transactions") == before
    reasons = [row["reason"] for row in rows_of(settings, "quarantined_transactions")]
    assert sorted(map(str, reasons)) == sorted(2 * list(map(str, reasons[:2])))
