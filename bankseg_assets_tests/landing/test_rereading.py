"""Accepted files are parsed again for a new contract; those that do not fit stay."""

import os
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract, RowFilter
from bankseg_assets.contracts.file_layout import FileLayout
from bankseg_assets.landing.archive import RECORDS_FILE
from bankseg_assets.landing.intake import take_landed
from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.landing.parse import EXTRA_FILE
from bankseg_assets.landing.reading import reading_of
from bankseg_assets.landing.repair import LostContentError, repair_records
from bankseg_assets.landing.rereading import read_again
from bankseg_assets.runtime.settings import Settings

CONTRACT = DeliveryContract()
HEADER = [*CONTRACT.header.values(), "Status", "Booked"]
ROWS = [
    [f"T{n}", "C1", "10/1/94", "F", "PUNE", "9.5", "2/8/16", "143207", f"{n}", status, f"{n}.5"]
    for n, status in enumerate(("posted", "declined", "posted"), 1)
]
POSTED = replace(CONTRACT, row_filters=(RowFilter("Status", keep=("posted",)),))


def renamed(ours: str, name: str) -> DeliveryContract:
    rule = replace(CONTRACT.columns[ours], name=name)
    return replace(CONTRACT, columns={**CONTRACT.columns, ours: rule})


@dataclass
class Bank:
    """Accepted files, and their outcomes."""

    settings: Settings
    ledger: Ledger

    def accept(self, contract: DeliveryContract = CONTRACT, *, is_parquet: bool = False) -> None:
        path = self.settings.landing_dir / ("bank.parquet" if is_parquet else "bank.csv")
        if is_parquet:
            columns = zip(HEADER, zip(*ROWS, strict=True), strict=True)
            pq.write_table(pa.table({name: list(values) for name, values in columns}), path)
        else:
            path.write_text("".join(",".join(row) + "\n" for row in [HEADER, *ROWS]), "utf-8")
        os.utime(path, (0, 0))
        folders = self.settings.landing_dir, self.settings.raw_dir
        (outcome,) = take_landed(*folders, self.ledger, contract, run_id="run")
        assert outcome.outcome == "accepted"

    def read(self, contract: DeliveryContract) -> list[tuple[str, str]]:
        found = read_again(self.settings.raw_dir, self.ledger.deliveries(), contract, self.ledger)
        assert repair_records(self.settings.raw_dir, self.ledger.deliveries(), contract) == []
        return [(one.outcome, one.detail) for one in found]

    @property
    def delivery(self) -> Delivery:
        (found,) = self.ledger.deliveries()
        return found

    @property
    def records(self) -> Path:
        return self.settings.raw_dir / self.delivery.sha256 / RECORDS_FILE

    def amounts(self) -> list[str]:
        found: list[str] = pq.read_table(self.records)["amount"].to_pylist()
        assert len(found) == self.delivery.records
        return found


@pytest.fixture
def bank(settings: Settings) -> Bank:
    return Bank(settings, Ledger(settings.ledger_path))


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "EUR"},
        {"on_conflict": "latest"},
        {"customer_key": "birth_date"},
        {"columns": {**CONTRACT.columns, "gender": replace(CONTRACT.columns["gender"], values={})}},
        {
            "columns": {
                **CONTRACT.columns,
                "amount": replace(CONTRACT.columns["amount"], decimal_separator=","),
                "transaction_date": replace(CONTRACT.columns["transaction_date"], format="d-M-yy"),
            }
        },
    ],
    ids=["currency", "conflicts", "key", "values", "formats"],
)
def test_same_reading_is_not_parsed_again(bank: Bank, change: dict[str, Any]) -> None:
    bank.accept()
    before = bank.records.stat().st_ino
    assert bank.read(replace(CONTRACT, **change)) == []
    assert bank.records.stat().st_ino == before


@pytest.mark.parametrize("is_parquet", [False, True], ids=["csv", "parquet"])
def test_new_filter_is_applied_to_accepted_files(bank: Bank, *, is_parquet: bool) -> None:
    bank.accept(is_parquet=is_parquet)
    ((outcome, detail),) = bank.read(POSTED)
    assert (outcome, bank.amounts()) == ("read again", ["1", "3"])
    assert "2 records. Not read: 1 row left out by the filter on 'Status'." in detail
    assert "1 row left out" in bank.delivery.reason
    assert bank.read(POSTED) == []
    bank.read(CONTRACT)
    assert bank.amounts() == ["1", "2", "3"]


def test_other_column_is_read_from_the_original(bank: Bank) -> None:
    bank.accept()
    assert bank.read(renamed("amount", "Booked"))[0][0] == "read again"
    assert bank.amounts() == ["1.5", "2.5", "3.5"]
    extra = pq.read_table(bank.records.with_name(EXTRA_FILE))
    assert extra.column_names == ["row_number", CONTRACT.header["amount"], "Status"]


def test_joined_column_is_read_from_the_original(bank: Bank) -> None:
    bank.accept()
    rule = ColumnRule("", names=("CustomerID", "Status"), joined_by="/")
    bank.read(replace(CONTRACT, columns={**CONTRACT.columns, "transaction_id": rule}))
    ids = pq.read_table(bank.records)["transaction_id"].to_pylist()
    assert ids == ["C1/posted", "C1/declined", "C1/posted"]


def test_records_stay_where_the_original_does_not_fit(bank: Bank) -> None:
    """A bank renames a column: the new files have the new name, the old ones were right."""
    bank.accept()
    before = bank.records.stat().st_ino
    other = renamed("amount", "Amount in INR")
    ((outcome, detail),) = bank.read(other)
    assert outcome == "kept"
    assert "has no column 'Amount in INR'" in detail
    assert bank.records.stat().st_ino == before
    assert bank.read(other) == []  # not tried at every run
    assert bank.read(CONTRACT)[0][0] == "read again"


def test_records_stay_where_the_original_is_damaged(bank: Bank) -> None:
    bank.accept()
    original = bank.records.with_name("original")
    original.chmod(0o644)
    original.write_bytes(original.read_bytes()[:-30])
    ((outcome, detail),) = bank.read(POSTED)
    assert (outcome, bank.amounts()) == ("kept", ["1", "2", "3"])
    assert "the archived original is damaged" in detail


def test_damaged_records_that_no_longer_fit_are_reported(bank: Bank) -> None:
    bank.accept()
    other = renamed("amount", "Amount in INR")
    bank.read(other)
    bank.records.unlink()
    with pytest.raises(LostContentError, match="does not fit the contract"):
        repair_records(bank.settings.raw_dir, [bank.delivery], other)


def test_ledger_of_an_older_build_is_not_read_again(bank: Bank) -> None:
    """Unless its contract has changed since."""
    bank.accept()
    before = bank.records.stat().st_ino
    with sqlite3.connect(bank.settings.ledger_path) as connection:
        connection.execute("DROP TABLE readings")
    bank.ledger = Ledger(bank.settings.ledger_path)
    assert bank.delivery.reading == ""
    assert bank.read(CONTRACT) == []
    assert (bank.records.stat().st_ino, bool(bank.delivery.reading)) == (before, True)
    with sqlite3.connect(bank.settings.ledger_path) as connection:
        connection.execute("DELETE FROM readings")
    assert bank.read(POSTED)[0][0] == "read again"


def test_withdrawn_file_is_read_when_it_comes_back(bank: Bank) -> None:
    bank.accept()
    bank.ledger.withdraw(bank.delivery.sha256)
    assert bank.delivery.reading
    bank.ledger.undo_withdrawal(bank.delivery.sha256)
    assert bank.read(POSTED)[0][0] == "read again"
    assert bank.delivery.status == "accepted"


def test_reading_of_a_file_depends_on_its_kind(tmp_path: Path) -> None:
    text, parquet, sheet = (tmp_path / name for name in ("text", "parquet", "sheet"))
    text.write_bytes(b"a,b")
    parquet.write_bytes(b"PAR1")
    sheet.write_bytes(b"PK\x03\x04")
    comma = replace(CONTRACT.columns["amount"], decimal_separator=",")
    changes = {
        "delimiter": (replace(CONTRACT, delimiter=";"), {text}),
        "encoding": (replace(CONTRACT, encoding="cp1252"), {text}),
        "header": (replace(CONTRACT, layout=FileLayout(header_line=2)), {text, sheet}),
        "sheet": (replace(CONTRACT, layout=FileLayout(sheet="A")), {sheet}),
        "decimals": (
            replace(CONTRACT, columns={**CONTRACT.columns, "amount": comma}),
            {parquet, sheet},
        ),
        "zone": (replace(CONTRACT, time_zone="UTC"), {parquet, sheet}),
        "filter": (POSTED, {text, parquet, sheet}),
        "name": (renamed("amount", "x"), {text, parquet, sheet}),
        "range": (replace(CONTRACT, currency="EUR"), set()),
    }
    for name, (changed, expected) in changes.items():
        found = {
            path
            for path in (text, parquet, sheet)
            if reading_of(changed, path) != reading_of(CONTRACT, path)
        }
        assert found == expected, name


@pytest.mark.parametrize("is_parquet", [False, True], ids=["csv", "parquet"])
def test_filter_may_leave_out_all_of_an_accepted_file(bank: Bank, *, is_parquet: bool) -> None:
    """Its rows leave the table: according to the filter, none is a transaction."""
    bank.accept(is_parquet=is_parquet)
    none = replace(CONTRACT, row_filters=(RowFilter("Status", keep=("booked",)),))
    ((outcome, detail),) = bank.read(none)
    assert (outcome, bank.amounts()) == ("read again", [])
    assert "0 records. Not read: 3 rows left out by the filter on 'Status'." in detail
    bank.records.unlink()
    repair_records(bank.settings.raw_dir, [bank.delivery], none)
    assert bank.amounts() == []
    bank.read(CONTRACT)
    assert bank.amounts() == ["1", "2", "3"]
