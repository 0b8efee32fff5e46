"""A sheet gives the same records as its CSV, and no archive exhausts the machine."""

import os
import zipfile
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import time as now
from typing import Any

import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract, RowFilter
from bankseg_assets.contracts.file_layout import FileLayout
from bankseg_assets.landing import xlsx
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.intake import take_landed
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.landing.parse import Parsed, parse_delivery
from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.landing.xlsx_files import Raw, Rows, sheet_xml, write_xlsx

pytestmark = pytest.mark.subprocess

CONTRACT = DeliveryContract()
HEADER = list(CONTRACT.header.values())
DAY = date(2016, 8, 2)


def row(number: int, **change: Any) -> list[Any]:
    """Return a record as a spreadsheet has it: numbers, dates and times of their own types."""
    sound = {
        "transaction_id": f"T{number}",
        "customer_id": 17850.0,
        "birth_date": date(1994, 1, 10),
        "gender": "F",
        "location": "PUNE",
        "balance": 9.5,
        "transaction_date": DAY,
        "transaction_time": time(14, 32, 7),
        "amount": 25,
    }
    return list((sound | change).values())


def parse(path: Path, contract: DeliveryContract = CONTRACT) -> Parsed:
    output = path.with_name("records")
    return parse_delivery(path, contract, file_name="b.xlsx", sha256="0" * 64, output=output)


def records(
    folder: Path, rows: Rows, contract: DeliveryContract = CONTRACT
) -> list[dict[str, Any]]:
    parse(write_xlsx(folder / "original", {"Sheet1": rows}), contract)
    found: list[dict[str, Any]] = pq.read_table(folder / "records").to_pylist()
    return found


def changed(ours: str, **change: Any) -> DeliveryContract:
    rule = replace(CONTRACT.columns[ours], **change)
    return replace(CONTRACT, columns={**CONTRACT.columns, ours: rule})


def test_sheet_is_read_as_its_csv(tmp_path: Path) -> None:
    (found,) = records(tmp_path, [HEADER, row(1)])
    assert {name: text for name, text in found.items() if text is not None} == {
        "transaction_id": "T1",
        "customer_id": "17850",
        "birth_date": "1994-01-10",
        "gender": "F",
        "location": "PUNE",
        "balance": "9.5",
        "transaction_date": "2016-08-02",
        "transaction_time": "143207",
        "amount": "25",
        "source_file": "b.xlsx",
        "delivery": "0" * 12,
        "row_number": 2,
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["original", "records"]


def test_row_numbers_are_those_of_the_sheet(tmp_path: Path) -> None:
    """Empty rows above the header, between records and at the end; a repeated header."""
    rows = [[], [None] * 3, HEADER, row(1), [], [""] * 9, row(2), HEADER, row(3), [" "], []]
    found = records(tmp_path, rows)
    assert [(one["row_number"], one["transaction_id"]) for one in found] == [
        (4, "T1"),
        (7, "T2"),
        (9, "T3"),
    ]
    parsed = parse(tmp_path / "original")
    assert dict(parsed.lines_left_out) == {"without a value": 2, "of repeated headers": 1}
    assert not parsed.may_be_cut_off


def test_preamble_footer_and_filters_are_those_of_csv(tmp_path: Path) -> None:
    header = [*HEADER, "Status"]
    rows = [
        *(["Statement, all\naccounts"], [], ["From", DAY], header, [*row(1), "ok"]),
        *([*row(2), "declined"], ["Total", None, 50], ["Printed by X"]),
    ]
    layout = FileLayout(header_line=4, footer_lines=1, footer_starts_with=("Total",))
    filters = (RowFilter("Status", drop=("DECLINED",)),)
    found = records(tmp_path, rows, replace(CONTRACT, layout=layout, row_filters=filters))
    assert [(one["row_number"], one["transaction_id"]) for one in found] == [(5, "T1")]
    with pytest.raises(DeliveryError, match="line 4 looks like the header: set `header_line = 4`"):
        records(tmp_path, rows)


def test_columns_may_begin_anywhere(tmp_path: Path) -> None:
    rows = [[None, None, *HEADER, "Note", None], [None, None, *row(1), True, ""]]
    (found,) = records(tmp_path, rows)
    assert (found["transaction_id"], found["amount"]) == ("T1", "25")
    assert parse(tmp_path / "original").extra_columns == ("Note",)


def test_error_is_found_in_a_sheet_that_begins_later(tmp_path: Path) -> None:
    """By the columns of the sheet, in the second of two."""
    error = Raw('<c r="{}" t="e"><v>#REF!</v></c>')
    rows = [[], [None, None, *HEADER], [None, None, *row(1)], [None, None, *row(2, gender=error)]]
    path = write_xlsx(tmp_path / "original", {"A & B": [["x"]], "C": rows})
    parse(path, replace(CONTRACT, layout=FileLayout(sheet="C")))
    assert pq.read_table(tmp_path / "records")["gender"].to_pylist() == ["F", "#REF!"]


def test_value_beside_the_table_makes_its_row_malformed(tmp_path: Path) -> None:
    rows = [HEADER, row(1), [*row(2), None, "checked"], row(3)]
    found = records(tmp_path, rows)
    assert [bool(one["malformed_text"]) for one in found] == [False, False, True]
    assert sorted(one["row_number"] for one in found) == [2, 3, 4]


@pytest.mark.parametrize(
    ("ours", "value", "text"),
    [
        ("amount", 1e15, "1000000000000000"),
        ("amount", 2208.9599999999996, "2208.9599999999996"),
        ("amount", 0.1 + 0.2, "0.30000000000000004"),
        ("amount", -5, "-5"),
        ("amount", 1e-7, "0.0000001"),
        ("amount", Raw('<c r="{}" s="4"><v>0.05</v></c>'), "0.05"),
        ("amount", Raw('<c r="{}" s="6"><v>1234.5</v></c>'), "1234.5"),
        ("amount", Raw('<c r="{}"><f>SUM(A1:A9)</f><v>12.5</v></c>'), "12.5"),
        ("amount", "1,234.50", "1,234.50"),
        ("location", Raw('<c r="{}" t="str"><f>A1</f><v>PUNE</v></c>'), "PUNE"),
        ("location", True, "TRUE"),
        ("location", 'New\r\nDelhi, "old" town', 'New Delhi, "old" town'),
        ("location", None, ""),
        ("location", "#N/A", "#N/A"),
        ("location", Raw('<c r="{}" t="e"><v>#N/A</v></c>'), "#N/A"),
        ("balance", Raw('<c r="{}" s="1" t="e"><f>1/0</f><v>#DIV/0!</v></c>'), "#DIV/0!"),
        ("customer_id", "00017", "00017"),
        ("customer_id", 1234567890123456.0, "1.23456789012346E+15"),
        ("transaction_date", datetime(2016, 8, 2, 14, 32, 7), "2016-08-02 14:32:07"),
        ("transaction_date", datetime(2016, 8, 2), "2016-08-02"),
        ("transaction_date", 42584, "42584"),
        ("transaction_date", "2/8/16", "2/8/16"),
        ("transaction_date", time(1, 2), "01:02:00"),
        ("transaction_time", datetime(2016, 8, 2, 9, 5, 0), "090500"),
        ("transaction_time", timedelta(hours=9, minutes=5), "090500"),
        ("transaction_time", time(23, 59, 59), "235959"),
        ("transaction_time", timedelta(hours=25), "1 day, 1:00:00"),
        ("transaction_time", 93005, "93005"),
    ],
)
def test_cell_is_written_as_the_contract_reads_it(
    tmp_path: Path, ours: str, value: Any, text: str
) -> None:
    (found,) = records(tmp_path, [HEADER, row(1, **{ours: value})])
    assert found[ours] == text
    assert found["malformed_text"] is None


@pytest.mark.parametrize(
    ("contract", "ours", "value", "text"),
    [
        (changed("amount", decimal_separator=","), "amount", 1234.5, "1234,5"),
        (changed("amount", decimal_separator=","), "amount", "1.234,50", "1.234,50"),
        (changed("transaction_date", format="yyyy-dd-MM"), "transaction_date", DAY, "2016-02-08"),
        (changed("transaction_date", format="yyyyddMM"), "transaction_date", DAY, "20160208"),
        (
            changed("transaction_date", format="excel_serial_day"),
            "transaction_date",
            42584,
            "42584",
        ),
        (changed("transaction_time", format="h:mm a"), "transaction_time", time(9, 5), "09:05:00"),
        (changed("transaction_time", format="HH.mm"), "transaction_time", time(9, 5, 7), "09.05"),
    ],
)
def test_typed_cell_follows_formats_and_separators(
    tmp_path: Path, contract: DeliveryContract, ours: str, value: Any, text: str
) -> None:
    (found,) = records(tmp_path, [HEADER, row(1, **{ours: value})], contract)
    assert found[ours] == text


def test_joined_cells_are_plain(tmp_path: Path) -> None:
    rule = ColumnRule("", names=("Day", "Clock"), joined_by=" ", format="yyyy-MM-dd HH:mm:ss")
    columns = {**CONTRACT.columns, "transaction_date": rule}
    del columns["transaction_time"]
    header = [name for name in HEADER if not name.startswith("TransactionT")]
    sound = [value for value in row(1) if not isinstance(value, time)]
    rows = [[*header, "Day", "Clock"], [*sound, DAY, time(14, 32, 7)]]
    (found,) = records(tmp_path, rows, replace(CONTRACT, columns=columns))
    assert found["transaction_date"] == "2016-08-02 14:32:07"


def test_sheet_is_the_first_shown_or_the_contracts(tmp_path: Path) -> None:
    hidden, first, second = [["x"]], [HEADER, row(1)], [HEADER, row(2), row(3)]
    path = write_xlsx(tmp_path / "original", {"!Codes": hidden, "July": first, "August": second})
    found = parse(path)
    assert (found.records, found.other_sheets) == (1, ("August",))
    named = replace(CONTRACT, layout=FileLayout(sheet="august"))
    assert (parse(path, named).records, parse(path, named).other_sheets) == (2, ("July",))
    missing = replace(CONTRACT, layout=FileLayout(sheet="June"))
    with pytest.raises(DeliveryError, match=r"no sheet 'June'; its sheets are 'July', 'August'\."):
        parse(path, missing)


@pytest.mark.parametrize(
    ("sheets", "message"),
    [
        ({"A": []}, "has no data in its sheet 'A'. Send"),
        ({"A": [], "B": [HEADER]}, "Its other sheets are 'B'."),
        ({"A": [HEADER]}, "has a header but no record"),
        ({"A": [["some", "notes"]]}, "has no column 'TransactionID'"),
        ({"A": "<worksheet><sheetData><row><c t='inlineStr'><is>"}, "damaged XLSX file"),
    ],
)
def test_sheet_without_records_is_rejected(
    tmp_path: Path, sheets: dict[str, Any], message: str
) -> None:
    with pytest.raises(DeliveryError, match=message):
        parse(write_xlsx(tmp_path / "original", sheets))
    assert [path.name for path in tmp_path.iterdir()] == ["original"]


def test_cell_in_the_last_corner_does_not_end_the_process(tmp_path: Path) -> None:
    """As a table, such a sheet takes 512 GB."""
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    sheet = sheet_xml([HEADER, row(1)]).replace("</sheetData>", far)
    with pytest.raises(DeliveryError, match="does not fit into memory, or a value far from"):
        parse(write_xlsx(tmp_path / "original", {"A": sheet}))


def test_archive_that_expands_beyond_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "original"
    bomb = {"xl/media/a.xml": " " * (80 << 20)}
    with pytest.raises(DeliveryError, match="expands beyond reason"):
        parse(write_xlsx(path, {"A": [HEADER, row(1)]}, **bomb))
    content = path.read_bytes()
    declared = (80 << 20) + len('<?xml version="1.0" encoding="UTF-8"?>')
    assert content.count(declared.to_bytes(4, "little")) == 2
    path.write_bytes(content.replace(declared.to_bytes(4, "little"), (9).to_bytes(4, "little")))
    with pytest.raises(DeliveryError, match="expands beyond reason"):  # whatever it declares
        parse(path)


@pytest.mark.parametrize("doctype", ['<!DOCTYPE x [<!ENTITY a "b">]>', "<!DOCTYPE x SYSTEM 'f'>"])
def test_document_type_is_refused(tmp_path: Path, doctype: str) -> None:
    sheet = doctype + sheet_xml([HEADER, row(1)])
    with pytest.raises(DeliveryError, match="has a document type in its XML"):
        parse(write_xlsx(tmp_path / "original", {"A": sheet}))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["xl/workbook.bin"], r"is a spreadsheet in an unsupported format\. Save it as \.xlsx"),
        (["mimetype", "content.xml"], "is a spreadsheet in an unsupported format"),
        (["bank.csv"], "is a ZIP archive, not an XLSX file"),
    ],
)
def test_other_archives_are_refused(tmp_path: Path, names: list[str], message: str) -> None:
    with zipfile.ZipFile(tmp_path / "original", "w") as package:
        for name in names:
            package.writestr(name, "x")
    with pytest.raises(DeliveryError, match=message):
        parse(tmp_path / "original")


@pytest.mark.parametrize("cut", [10, 300, 1000])
def test_cut_archive_is_rejected(tmp_path: Path, cut: int) -> None:
    path = write_xlsx(tmp_path / "original", {"A": [HEADER, row(1)]})
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DeliveryError, match="is a damaged XLSX file"):
        parse(path)


def test_changed_bytes_are_found_by_the_checksum(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "original", {"A": [HEADER, row(1)]})
    with zipfile.ZipFile(path) as package:
        entry = package.getinfo("xl/worksheets/sheet1.xml")
    content = bytearray(path.read_bytes())
    middle = entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2
    content[middle] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DeliveryError, match="is a damaged XLSX file"):
        parse(path)


def test_failing_process_does_not_reject_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_xlsx(tmp_path / "original", {"A": [HEADER, row(1)]})
    monkeypatch.setattr(xlsx, "_ROOT", tmp_path)
    with pytest.raises(OSError, match="the process that reads spreadsheets failed"):
        parse(path)


def test_landed_sheet_is_ingested_once_complete(settings: Settings) -> None:
    ledger = Ledger(settings.ledger_path)
    path = write_xlsx(settings.landing_dir / "Bank.XLSX", {"July": [HEADER, row(1)], "B": []})
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    a_minute_ago = now() - 60
    os.utime(path, (a_minute_ago, a_minute_ago))
    folders = settings.landing_dir, settings.raw_dir
    (outcome,) = take_landed(*folders, ledger, CONTRACT, run_id="run")
    assert outcome.outcome == "waiting"
    path.write_bytes(content)
    os.utime(path, (a_minute_ago, a_minute_ago))
    (settings.landing_dir / "old.xls").write_bytes(b"x")
    ignored, taken = take_landed(*folders, ledger, CONTRACT, run_id="run")
    assert "Save it as .xlsx or CSV." in ignored.detail
    assert (taken.outcome, taken.is_warning) == ("accepted", True)
    assert "Other sheets of the file are not read: 'B'." in taken.detail


def test_old_and_encrypted_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "original"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000
    path.write_bytes(ole)
    with pytest.raises(DeliveryError, match="is a spreadsheet in an unsupported format"):
        parse(path)
    path.write_bytes(ole + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(DeliveryError, match=r"is encrypted\. Save it without a password\."):
        parse(path)


def test_holdings_may_be_a_sheet(tmp_path: Path) -> None:
    contract = CONTRACT.of_holdings()
    rows = [list(contract.header.values()), [17850.0, "Gold card"], ["C2", "Loan"]]
    found = records(tmp_path, rows, contract)
    assert [(one["customer_id"], one["product"]) for one in found] == [
        ("17850", "Gold card"),
        ("C2", "Loan"),
    ]
