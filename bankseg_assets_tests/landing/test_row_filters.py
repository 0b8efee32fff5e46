"""Rows that a filter of the contract leaves out are counted, and no other row changes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.delivery import DeliveryContract, RowFilter
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.parse import EXTRA_FILE, Parsed, parse_delivery

CONTRACT = DeliveryContract()
HEADER = [*CONTRACT.header.values(), "Status", "Note"]
KIND = "left out by the filter on 'Status'"


def rows(*statuses: str | None) -> list[list[str | None]]:
    sound = ["C1", "10/1/94", "F", "PUNE", "9.5", "2/8/16", "143207"]
    return [[f"T{n}", *sound, f"{n}", one, f"n{n}"] for n, one in enumerate(statuses, 1)]


def write(folder: Path, kind: str, *statuses: str | None) -> Path:
    path = folder / "original"
    table = rows(*statuses)
    if kind == "csv":
        lines = [",".join("" if text is None else text for text in row) for row in [HEADER, *table]]
        path.write_text("\n".join(lines) + "\n", "utf-8")
    else:
        columns = zip(HEADER, zip(*table, strict=True), strict=True)
        pq.write_table(pa.table({name: pa.array(values) for name, values in columns}), path)
    return path


def parse(path: Path, *filters: RowFilter, **settings: Any) -> Parsed:
    contract = replace(CONTRACT, row_filters=filters, **settings)
    return parse_delivery(path, contract, file_name="b", sha256="0" * 64, output=path.parent / "o")


def read(path: Path, *filters: RowFilter) -> tuple[list[str], dict[str, int]]:
    found = parse(path, *filters)
    return pq.read_table(path.parent / "o")["amount"].to_pylist(), dict(found.lines_left_out)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_row_filter_compares_trimmed_and_without_case(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, kind, "Posted", " POSTED\u00a0", "declined", None, "posted")
    assert read(path, RowFilter("Status", keep=("posted ",))) == (["1", "2", "5"], {KIND: 2})
    assert read(path, RowFilter("status", drop=("Declined",)))[0] == ["1", "2", "4", "5"]
    assert read(path, RowFilter("Status", drop=("", "declined")))[0] == ["1", "2", "5"]
    assert read(path) == (["1", "2", "3", "4", "5"], {})


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_row_filter_keeps_the_numbers_of_other_rows(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, kind, "x", "ok", "x", "ok")
    parse(path, RowFilter("Status", drop=("x",)))
    first = 1 if kind == "parquet" else 2
    numbers = pq.read_table(tmp_path / "o")["row_number"].to_pylist()
    assert numbers == [first + 1, first + 3]
    extra = pq.read_table(tmp_path / EXTRA_FILE)
    assert extra.to_pydict() == {"row_number": numbers, "Note": ["n2", "n4"]}


def test_row_filters_count_a_row_under_the_first(tmp_path: Path) -> None:
    path = write(tmp_path, "csv", "x", "ok", "x")
    note = RowFilter("Note", drop=("n1", "n2"))
    assert read(path, RowFilter("Status", keep=("ok", "y")), replace(note, drop=("n1",))) == (
        ["2"],
        {KIND: 2},
    )
    assert read(path, RowFilter("Status", drop=("y",)), note)[1] == {
        "left out by the filter on 'Note'": 2
    }


def test_row_filter_keeps_malformed_records(tmp_path: Path) -> None:
    path = write(tmp_path, "csv", "x", "ok")
    path.write_text(path.read_text("utf-8") + "T9,too,few\n", "utf-8")
    found = parse(path, RowFilter("Status", keep=("ok",)))
    assert (found.records, found.malformed, found.malformed_at_end) == (2, 1, 1)
    with pytest.raises(DeliveryError, match="no row that the contract's filters keep"):
        parse(path, RowFilter("Status", keep=("fine",)))


def test_row_filter_may_read_a_column_of_ours(tmp_path: Path) -> None:
    path = write(tmp_path, "parquet", "ok", "ok")
    amount = CONTRACT.header["amount"]
    assert read(path, RowFilter(amount.upper(), keep=("2",)))[0] == ["2"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_row_filter_that_keeps_nothing_names_values(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, kind, "Booked", "Pending", "Ref 12345", "a sentence of a person's")
    with pytest.raises(DeliveryError) as refused:
        parse(path, RowFilter("Status", keep=("posted",)))
    message = str(refused.value)
    assert "'Booked', 'Pending', 2 more, not repeated here" in message
    assert "'posted' is kept" in message
    assert "[[row_filters]]" in message
    many = write(tmp_path, kind, *(f"name {'abcdefghijklmnopqrstuvwxyz'[n]}" for n in range(26)))
    with pytest.raises(DeliveryError, match="over 20 values, which are not repeated here"):
        parse(many, RowFilter("Status", keep=("posted",)))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_row_filter_without_its_column_names_the_setting(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, kind, "ok", "ok")
    with pytest.raises(DeliveryError, match=r"no column 'State' \(is it 'Status'\?\).*") as refused:
        parse(path, RowFilter("State", keep=("ok",)))
    assert '`column = "Status"` under [[row_filters]]' in str(refused.value)
    with pytest.raises(DeliveryError, match=r'no \[\[row_filters\]\] of `column = "XYZ"` if'):
        parse(path, RowFilter("XYZ", keep=("ok",)))


def test_row_filters_are_not_those_of_holdings() -> None:
    contract = replace(CONTRACT, row_filters=(RowFilter("Status", keep=("ok",)),))
    assert contract.of_holdings().row_filters == ()
    assert "Status" in contract.file_columns


def test_rounded_amounts_of_filtered_rows_do_not_count(tmp_path: Path) -> None:
    columns = dict(zip(HEADER, map(list, zip(*rows("x", "ok"), strict=True)), strict=True))
    columns[CONTRACT.header["amount"]] = [2208.9599999999996, 1.0]  # type: ignore[list-item]
    pq.write_table(pa.table(columns), tmp_path / "original")
    assert parse(tmp_path / "original", RowFilter("Status", keep=("ok",))).rounded == ()
    assert len(parse(tmp_path / "original").rounded) == 1
