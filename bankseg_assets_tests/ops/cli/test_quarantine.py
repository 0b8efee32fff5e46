"""Tests of `bankseg quarantine`, which exports quarantined rows for redelivery."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.tables import QUARANTINED_TRANSACTIONS
from bankseg_assets.storage.version_store import VersionStore
from ops.cli import quarantine

HEADER = list(DeliveryContract().header.values())
ROW = {
    "transaction_id": "T2",
    "customer_id": "C1000001",
    "gender": "F",
    "location": "=1+1",
    "balance": "-17.50",
    "transaction_date": "32/8/16",
    "amount": "459",
}
NAMES = QUARANTINED_TRANSACTIONS.names


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    return tmp_path


def publish(data_dir: Path, *rows: tuple[str, str, int, str]) -> None:
    """Publish rows (disposition, reason, row number, text); without rows, an empty version."""
    found = [
        dict(zip(NAMES, (kind, reason, "bank.csv", "0123", number, text), strict=True))
        for kind, reason, number, text in rows
    ]
    with VersionStore(data_dir / "published").draft("quarantined_transactions", "run") as draft:
        if found:
            pq.write_table(pa.Table.from_pylist(found), draft.path / "part.parquet")


def exported(capfdbinary: pytest.CaptureFixture[bytes]) -> list[dict[str, str]]:
    assert quarantine.main([]) == 0
    text = capfdbinary.readouterr().out.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_quarantine_has_contract_columns_and_reason(
    data_dir: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    publish(data_dir, ("quarantined", "invalid_transaction_date", 7, json.dumps(ROW)))
    (row,) = exported(capfdbinary)
    assert list(row) == [*HEADER, "reason", "source_file", "row_number", "record"]
    assert row["TransactionID"] == "T2"
    assert row["CustomerDOB"] == ""
    assert row["TransactionDate"] == "32/8/16"
    assert [row[name] for name in ("reason", "source_file", "row_number", "record")] == [
        *("invalid_transaction_date", "bank.csv", "7", "")
    ]


def test_quarantine_escapes_formulas_not_numbers(
    data_dir: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    publish(data_dir, ("quarantined", "invalid_balance", 7, json.dumps(ROW)))
    (row,) = exported(capfdbinary)
    assert (row["CustLocation"], row["CustAccountBalance"]) == ("'=1+1", "-17.50")


@pytest.mark.parametrize("record", ["T1,too,few", "12", "null", '["a"]', '{"a', ""])
def test_quarantine_keeps_malformed_records_whole(
    data_dir: Path, capfdbinary: pytest.CaptureFixture[bytes], record: str
) -> None:
    publish(data_dir, ("quarantined", "wrong_number_of_fields", 7, record))
    (row,) = exported(capfdbinary)
    assert row["record"] == record
    assert {row[name] for name in HEADER} == {""}


def test_quarantine_excludes_duplicates_and_keeps_order(
    data_dir: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    publish(
        data_dir,
        ("quarantined", "invalid_amount", 9, json.dumps(ROW | {"transaction_id": "T9"})),
        ("duplicate", "duplicate", 3, json.dumps(ROW)),
        ("quarantined", "invalid_amount", 4, json.dumps(ROW | {"transaction_id": "T4"})),
    )
    assert [row["TransactionID"] for row in exported(capfdbinary)] == ["T4", "T9"]


def test_quarantine_without_rows_is_a_header(
    data_dir: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    publish(data_dir)
    assert exported(capfdbinary) == []


def test_quarantine_before_the_first_run_says_what_to_do(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quarantine.main([]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("bankseg: quarantined_transactions was never materialized")
    assert list(data_dir.iterdir()) == []


def test_quarantine_uses_the_contracts_format(
    data_dir: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = dict(DeliveryContract().columns)
    columns["location"] = replace(columns["location"], name="Ort")
    other = DeliveryContract(delimiter=";", encoding="cp1252", columns=columns)
    monkeypatch.setattr(quarantine, "load_contract", lambda _: other)
    publish(data_dir, ("quarantined", "invalid_amount", 4, json.dumps({"location": "KÖLN"})))
    assert quarantine.main([]) == 0
    header, row, _ = capfdbinary.readouterr().out.split(b"\r\n")
    assert b";Ort;" in header
    assert b";K\xd6LN;" in row
