"""A column may be composed of several columns of the file, in CSV and Parquet alike."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.cleaning.quarantine_export import _delivered, _fields
from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract, RowFilter
from bankseg_assets.contracts.file_layout import FileLayout
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.parse import Parsed, parse_delivery

SHIPPED = DeliveryContract()
DAY = ColumnRule("", names=("Day", "Month", "Year"), joined_by=" ", format="d M yyyy")
ID = ColumnRule("", names=("Branch", "Day", "No"), joined_by="-")
CONTRACT = replace(
    SHIPPED,
    columns={
        "transaction_id": ID,
        "customer_id": ColumnRule("Customer"),
        "transaction_date": DAY,
        "amount": ColumnRule("Amount"),
    },
)
HEADER = ["Customer", "Branch", "No", "Year", "Month", "Day", "Amount", "Note"]
ROWS: list[list[Any]] = [["C1", "B1", 1, 2016, 8, 2, 25, "n"], ["C2", "B2", 2, 2016, 12, 31, 1, ""]]


def write_csv(path: Path, header: list[str], rows: list[list[Any]]) -> Path:
    lines = [",".join("" if text is None else str(text) for text in row) for row in [header, *rows]]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def write_parquet(path: Path, header: list[str], rows: list[list[Any]]) -> Path:
    columns = zip(header, zip(*rows, strict=True), strict=True)
    pq.write_table(pa.table({name: pa.array(values) for name, values in columns}), path)
    return path


def parse(path: Path, contract: DeliveryContract = CONTRACT) -> Parsed:
    return parse_delivery(path, contract, file_name="b", sha256="0" * 64, output=path.parent / "o")


def values(path: Path, contract: DeliveryContract = CONTRACT) -> dict[str, list[str | None]]:
    parse(path, contract)
    found: dict[str, list[str | None]] = pq.read_table(path.parent / "o").to_pydict()
    return found


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_joined_column_shares_a_column_with_another(tmp_path: Path, write: Any) -> None:
    path = write(tmp_path / "original", HEADER, ROWS)
    found = values(path)
    assert found["transaction_date"] == ["2 8 2016", "31 12 2016"]
    assert found["transaction_id"] == ["B1-2-1", "B2-31-2"]
    assert found["amount"] == ["25", "1"]
    assert parse(path).extra_columns == ("Note",)


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_joined_column_without_any_part_is_empty(tmp_path: Path, write: Any) -> None:
    rows = [*ROWS, ["C3", "B3", 3, None, None, None, 5, "n"], ["C4", "B4", 4, 2016, None, 1, 5, ""]]
    path = write(tmp_path / "original", HEADER, rows)
    assert values(path)["transaction_date"][2:] in (["", "1  2016"], [None, "1  2016"])


def test_joined_parts_are_trimmed(tmp_path: Path) -> None:
    rows = [["C1", "B1", 1, "2016\u00a0", " 8", "2\t", 25, ""]]
    path = write_csv(tmp_path / "original", HEADER, rows)
    assert values(path)["transaction_date"] == ["2 8 2016"]


def test_joined_typed_columns_are_written_as_text(tmp_path: Path) -> None:
    """Numbers of a column with nulls are doubles in pandas: 8.0 is month 8."""
    path = write_parquet(tmp_path / "original", HEADER, ROWS)
    table = pq.read_table(path).set_column(4, "Month", pa.array([8.0, 12.0]))
    pq.write_table(table.set_column(1, "Branch", pa.array([date(2016, 8, 2)] * 2)), path)
    found = values(path)
    assert found["transaction_date"] == ["2 8 2016", "31 12 2016"]
    assert found["transaction_id"] == ["2016-08-02-2-1", "2016-08-02-31-2"]


def test_joined_column_of_a_malformed_record_is_null(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "original", HEADER, [*ROWS, ["too", "few"]])
    assert values(path)["transaction_date"] == ["2 8 2016", "31 12 2016", None]
    path = write_csv(tmp_path / "original", HEADER, [["too", "few"]])
    assert values(path)["transaction_date"] == [None]


def test_missing_part_is_named_with_its_setting(tmp_path: Path) -> None:
    header = [name if name != "Month" else "Monthh" for name in HEADER]
    path = write_csv(tmp_path / "original", header, ROWS)
    with pytest.raises(DeliveryError, match=r"no column 'Month' \(is it 'Monthh'\?\)") as refused:
        parse(path)
    assert '`"Monthh" in `names` under [columns.transaction_date]`' not in str(refused.value)
    assert '"Monthh" in `names` under [columns.transaction_date]' in str(refused.value)


def test_header_line_is_found_by_the_parts(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "original", HEADER, ROWS)
    path.write_text("Statement\n" + path.read_text("utf-8"), "utf-8")
    with pytest.raises(DeliveryError, match="set `header_line = 2`"):
        parse(path)


def test_footer_that_is_a_record_is_found(tmp_path: Path) -> None:
    """A record has either debit or credit."""
    columns = {name: rule for name, rule in CONTRACT.columns.items() if name != "amount"}
    either = {"debit": ColumnRule("Debit"), "credit": ColumnRule("Credit")}
    contract = replace(CONTRACT, columns=columns | either, layout=FileLayout(footer_lines=1))
    header = [*HEADER[:6], "Debit", "Credit"]
    rows = [["C1", "B1", 1, 2016, 8, 2, 25, ""], ["C1", "B1", 2, 2016, 8, 2, "", 25]]
    path = write_csv(tmp_path / "original", header, rows)
    with pytest.raises(DeliveryError, match="may be cut off, or has no footer"):
        parse(path, contract)
    path = write_csv(tmp_path / "original", header, [*rows, ["Total", "", "", "", "", "", 25, 25]])
    assert parse(path, contract).records == 2


def test_quarantined_row_passes_the_filter_again() -> None:
    filters = (RowFilter("Status", keep=("posted", "done")), RowFilter("Kind", drop=("x",)))
    contract = replace(CONTRACT, row_filters=filters)
    raw_text = '{"customer_id":"C1","transaction_date":"31 2 2016","amount":"5"}'
    found = _fields(raw_text, contract)
    assert (found["Status"], found["Month"], found["Amount"]) == ("posted", "2", "5")
    assert {*found} <= {*contract.file_columns}


def test_quarantined_value_is_split_into_its_columns() -> None:
    assert _delivered(DAY, "31 2 2016") == {"Day": "31", "Month": "2", "Year": "2016"}
    assert _delivered(DAY, "31/2/2016") == {"Day": "31/2/2016", "Month": "", "Year": ""}
    assert _delivered(ColumnRule("A"), None) == {"A": None}


PARTS = [
    *(["B1", "2.0", "7"], [" B1\u00a0", "2", "7.0"], ["", "2", "7"], ["B1", "", "7"]),
    *(["B1", "2", "NaN"], ["B1", "2", "n.k."], ["B1", "2", "1.23457E+15"], ["", "", ""]),
]


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_joined_id_without_a_part_is_missing(tmp_path: Path, write: Any) -> None:
    """Several customers would share it; the same holds for a rounded part."""
    rule = replace(ID, placeholders=("n.k.",))
    contract = replace(CONTRACT, columns={**CONTRACT.columns, "transaction_id": rule})
    rows = [["C1", branch, no, 2016, 8, day, 25, "n"] for branch, day, no in PARTS]
    found = values(write(tmp_path / "original", HEADER, rows), contract)
    ids = ["B1-2-7", "B1-2-7", "", "", "", "", "1.23457E+15", ""]
    assert found["transaction_id"] == ids


def test_joined_id_with_a_pattern_is_what_it_says(tmp_path: Path) -> None:
    rule = replace(ID, pattern="B[0-9]-.*")
    contract = replace(CONTRACT, columns={**CONTRACT.columns, "transaction_id": rule})
    rows = [["C1", branch, no, 2016, 8, day, 25, "n"] for branch, day, no in PARTS[:4]]
    found = values(write_csv(tmp_path / "original", HEADER, rows), contract)
    assert found["transaction_id"] == ["B1-2.0-7", "B1-2-7.0", "-2-7", "B1--7"]
