"""A delivered file is converted to Parquet of strings without losing a record."""

import csv
import gzip
import io
import time
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.tables import RAW_TRANSACTIONS
from bankseg_assets.landing import csv_tables
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.header import MAX_COLUMNS
from bankseg_assets.landing.parse import Parsed, parse_delivery

CONTRACT = DeliveryContract()
NAMES = list(CONTRACT.header.values())
HEADER = ",".join(NAMES)
SHA256 = "0123456789abcdef" * 4


def fields(number: int) -> list[str]:
    return [f"T{number}", f"C{number}", "10/1/94", "F", "PUNE", "9.5", "2/8/16", "143207", "25"]


def line(number: int) -> str:
    return ",".join(fields(number))


def lines(*records: str) -> str:
    return "\n".join([HEADER, *records]) + "\n"


def take(
    folder: Path, content: str | bytes, *, contract: DeliveryContract = CONTRACT
) -> list[dict[str, Any]]:
    """Parse a content and return its records in the order of their numbers."""
    original, output = folder / "original", folder / "records.parquet"
    original.write_bytes(content.encode() if isinstance(content, str) else content)
    parsed = parse_delivery(original, contract, file_name="bank.csv", sha256=SHA256, output=output)
    table = pq.read_table(output)
    assert table.column_names == RAW_TRANSACTIONS.names
    assert table.num_rows == parsed.records
    assert table["malformed_text"].drop_null().length() == parsed.malformed
    return sorted(table.to_pylist(), key=lambda row: row["row_number"])


def parse(folder: Path, text: str) -> Parsed:
    (folder / "original").write_text(text, encoding="utf-8")
    return parse_delivery(
        folder / "original", CONTRACT, file_name="f", sha256=SHA256, output=folder / "out"
    )


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def assert_refused(folder: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(DeliveryError, match=message):
        take(folder, content)
    assert [path.name for path in folder.iterdir()] == ["original"]


ONE_ROW = dict.fromkeys(RAW_TRANSACTIONS.names) | {
    "transaction_id": "T1",
    "customer_id": "C1",
    "birth_date": "10/1/94",
    "gender": "F",
    "location": "PUNE",
    "balance": "9.5",
    "transaction_date": "2/8/16",
    "transaction_time": "143207",
    "amount": "25",
    "source_file": "bank.csv",
    "delivery": SHA256[:12],
    "row_number": 2,
    "malformed_text": None,
}


@pytest.mark.parametrize(
    "content",
    [
        lines(line(1)),
        lines(line(1)).rstrip("\n"),
        lines(line(1)).replace("\n", "\r\n"),
        "\n\r\n" + lines(line(1)),
        "\ufeff" + lines(line(1)),
        '"' + lines(line(1)).replace(",", '","').replace("\n", '"\n"').removesuffix('"'),
        gzip.compress(lines(line(1)).encode()),
    ],
    ids=["plain", "no last line break", "CRLF", "blank lines first", "BOM", "all quoted", "gzip"],
)
def test_valid_file_is_read_unchanged(tmp_path: Path, content: str | bytes) -> None:
    assert take(tmp_path, content) == [ONE_ROW]


def test_parquet_is_read_like_csv_but_has_no_header_record(tmp_path: Path) -> None:
    table = pa.table(dict(zip(NAMES, zip(fields(1), fields(2), strict=True), strict=True)))
    first, second = take(tmp_path, parquet(table))
    assert first == ONE_ROW | {"row_number": 1}
    assert (second["transaction_id"], second["row_number"]) == ("T2", 2)


def test_typed_parquet_columns_become_text_that_cleaning_reads(tmp_path: Path) -> None:
    values = [
        *("T1", None, date(1994, 1, 10), "F", "PUNE"),
        *(Decimal("1000000.50"), date(2016, 8, 2), 143207, Decimal("25")),
    ]
    table = pa.table({name: [value] for name, value in zip(NAMES, values, strict=True)})
    (row,) = take(tmp_path, parquet(table))
    assert row["customer_id"] is None
    assert (row["birth_date"], row["transaction_date"]) == ("1994-01-10", "2016-08-02")
    assert (row["balance"], row["amount"]) == ("1000000.50", "25")
    assert row["transaction_time"] == "143207"


def test_a_parquet_column_that_has_no_text_form_is_refused(tmp_path: Path) -> None:
    table = pa.table({name: [[1]] if name == "CustLocation" else ["x"] for name in NAMES})
    assert_refused(tmp_path, parquet(table), "lists or structures in the column 'CustLocation'")


def test_reordered_and_extra_columns_are_mapped_by_name(tmp_path: Path) -> None:
    header = ",".join([*reversed(NAMES), "Branch"])
    record = ",".join([*reversed(fields(1)), "Fort"])
    assert take(tmp_path, f"{header}\n{record}\n") == [ONE_ROW]


def test_another_contract_reads_its_own_names_and_delimiter(tmp_path: Path) -> None:
    rules = {name: replace(rule, name=name.upper()) for name, rule in CONTRACT.columns.items()}
    contract = replace(CONTRACT, columns=rules, delimiter=";", encoding="latin-1")
    content = f"{';'.join(contract.header.values())}\n{line(1).replace(',', ';')}\n".replace(
        "PUNE", "CÔTE"
    )
    (row,) = take(tmp_path, content.encode("latin-1"), contract=contract)
    assert row == ONE_ROW | {"location": "CÔTE"}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            HEADER.replace("CustGender", "CustomerGender"),
            r"bank.csv has no column 'CustGender' \(is it 'CustomerGender'\?\)",
        ),
        (HEADER.replace("CustGender", "zzz"), r"has no column 'CustGender'\. Expected: Trans"),
        (HEADER.replace(",CustGender", ""), "Found: 8 columns, of which the contract knows 8. Co"),
        (HEADER.replace(",", ";"), "seems to be separated by ';'; the contract says ','"),
        (HEADER.replace(",", "\t"), r"seems to be separated by '\\t'; the contract says ','"),
        (HEADER.replace("CustGender", '"Cust"Gender'), "has a misplaced quote in its header"),
        (HEADER + ',Bra"nch', "has a misplaced or unclosed quote in line 1"),
        (HEADER + ',"Branch', "has a misplaced quote in its header"),
        (HEADER + ",CustGender", r"has the column \['CustGender'\] more than once"),
        (line(1), "has no column 'TransactionID', .* The first line seems to be a record"),
    ],
    ids=[
        *("renamed", "unlike", "missing", "semicolons", "tabs", "a quote", "a quote within"),
        "an open quote",
        *("repeated", "no header"),
    ],
)
def test_wrong_header_is_refused_with_its_likely_match(
    tmp_path: Path, header: str, message: str
) -> None:
    assert_refused(tmp_path, f"{header}\n{line(1)}\n", message)


def test_a_wrong_header_names_the_setting(tmp_path: Path) -> None:
    renamed = HEADER.replace("CustGender", "CustomerGender")
    assert_refused(tmp_path, f"{renamed}\n{line(1)}\n", r'`name = "CustomerGender"` under \[col')
    without = HEADER.replace(",CustGender", "")
    assert_refused(tmp_path, f"{without}\n{line(1)}\n", r"no \[columns\.gender\] if the bank has")
    assert_refused(tmp_path, f"{line(1)}\n", r"in another line, set `header_line` under \[file\]")
    latin = lines(line(1).replace("PUNE", "CÔTE")).encode("latin-1")
    assert_refused(tmp_path, latin, r"set `encoding` under \[file\] .*, such as \"cp1252\"")


def test_a_wrong_header_of_a_parquet_file_is_refused_alike(tmp_path: Path) -> None:
    table = pa.table({name.replace("DOB", "BirthDay"): ["x"] for name in NAMES})
    assert_refused(tmp_path, parquet(table), r"'CustomerDOB' \(is it 'CustomerBirthDay'\?\)")


def test_a_first_line_that_may_be_a_record_is_not_printed(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError) as message:
        take(tmp_path, f"{line(4711)},Gender,CustGend\n{line(2)}\n")
    assert not [value for value in fields(4711) if f"'{value}'" in str(message.value)]


def test_extra_columns_are_kept_under_separate_names(tmp_path: Path) -> None:
    header = f"Branch,{HEADER},,Branch,row_number,\u202eName"
    take(tmp_path, f"{header}\nFort,{line(1)},a,Main,b,c\nshort\nSea,{line(2)},d,,e,f\n")
    extra = pq.read_table(tmp_path / "extra.parquet")
    names = ["column 11", "Branch (column 12)", "row_number (column 13)", "\\u202eName"]
    assert extra.column_names == ["row_number", "Branch", *names]
    first, second = (list(row.values()) for row in extra.to_pylist())
    assert first == [2, "Fort", "a", "Main", "b", "c"]
    assert second == [4, "Sea", "d", "", "e", "f"]


def test_extra_columns_of_parquet_are_kept_as_text(tmp_path: Path) -> None:
    table = pa.table(dict(zip(NAMES, zip(fields(1)), strict=True)) | {"Branch": [7]})
    take(tmp_path, parquet(table))
    assert pq.read_table(tmp_path / "extra.parquet").to_pylist() == [
        {"row_number": 1, "Branch": "7"}
    ]


GZIPPED = gzip.compress(lines(*map(line, range(5_000))).encode())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"bank.csv is empty \(0 bytes\)"),
        ("\n", "has blank lines alone"),
        (gzip.compress(b""), "has blank lines alone"),
        (HEADER + "\n", "has a header but no record"),
        (HEADER, "has a header but no record"),
        (HEADER + "\n\n\r\n", "has a header but no record"),
        (parquet(pa.table({name: pa.array([], pa.string()) for name in NAMES})), "but no record"),
        (lines(line(1)).encode("utf-16"), "is UTF-16 text; utf-8 was expected"),
        (lines(line(1)).replace("PUNE", "CÔTE").encode("latin-1"), "is not utf-8 text"),
        (lines(line(1), "CÔTE").encode("latin-1"), "is not utf-8 text"),
        (GZIPPED[:-20], "is cut off"),
        (GZIPPED[:20], "is cut off"),
        (parquet(pa.table({name: ["x"] for name in NAMES}))[:-10], "is a damaged Parquet file"),
        (b"PAR1", "is a damaged Parquet file"),
        (lines(line(1), line(2).replace("PUNE", "x" * 2_500_000)), "a record of over 1,048,576 b"),
    ],
    ids=[
        *(
            "empty",
            "a line break",
            "empty gzip",
            "header and line break",
            "header only",
            "and blanks",
        ),
        *(
            "Parquet without rows",
            "UTF-16",
            "Latin-1",
            "malformed Latin-1",
            "cut gzip",
            "gzip cut in the header",
        ),
        *("cut Parquet", "Parquet's first bytes", "endless record"),
    ],
)
def test_unreadable_file_is_explained_and_leaves_nothing(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    assert_refused(tmp_path, content, message)


def test_refused_file_keeps_the_previous_output(tmp_path: Path) -> None:
    take(tmp_path, lines(line(1)))
    before = (tmp_path / "records.parquet").read_bytes()
    with pytest.raises(DeliveryError):
        take(tmp_path, HEADER)
    assert (tmp_path / "records.parquet").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["original", "records.parquet"]


def test_quoted_delimiters_and_line_breaks_stay_in_the_value(tmp_path: Path) -> None:
    content = lines(line(1).replace("PUNE", '"A, ""B""\r\nC\nD"'), line(2))
    first, second = take(tmp_path, content)
    assert first["location"] == 'A, "B"\r\nC\nD'
    assert (second["transaction_id"], second["row_number"]) == ("T2", 3)


def test_malformed_records_keep_their_text_and_number(
    tmp_path: Path,
) -> None:
    short, long = "T2,C2", line(4) + ",more"
    rows = take(tmp_path, lines(line(1), short, line(3), long, "", line(5)))
    assert [row["row_number"] for row in rows] == [2, 3, 4, 5, 6]
    assert [row["malformed_text"] for row in rows] == [None, short, None, long, None]
    assert [row["transaction_id"] for row in rows] == ["T1", None, "T3", None, "T5"]
    assert {row["source_file"] for row in rows} == {"bank.csv"}


def test_file_of_only_malformed_records_is_accepted(tmp_path: Path) -> None:
    rows = take(tmp_path, lines("a", "b,c"))
    assert [(row["row_number"], row["malformed_text"]) for row in rows] == [(2, "a"), (3, "b,c")]


def test_numbers_stay_exact_over_many_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_tables, "BLOCK_BYTES", 1 << 12)
    monkeypatch.setattr(csv_tables, "ROWS_PER_GROUP", 500)
    # Runs of malformed records of every length, some over a block's end, some with line breaks.
    records = [
        f'bad {number},"\n",' if number % 97 < number % 13 else line(number)
        for number in range(2, 5_000)
    ]
    rows = take(tmp_path, lines(*records))
    assert [row["row_number"] for row in rows] == list(range(2, 5_000))
    for row, record in zip(rows, records, strict=True):
        is_bad = record.startswith("bad")
        assert row["malformed_text"] == (record if is_bad else None)
        assert row["transaction_id"] == (None if is_bad else f"T{row['row_number']}")
    assert pq.ParquetFile(tmp_path / "records.parquet").num_row_groups > 5


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
AWKWARD = st.text(st.sampled_from(',"\r\n é\ufeffa'), max_size=8)
GOOD_RECORD = st.lists(TEXT | AWKWARD, min_size=9, max_size=9)
# A row without a value is not a record, and empty fields beyond the header's are removed.
ANY_RECORD = (GOOD_RECORD | st.lists(TEXT | AWKWARD, min_size=2, max_size=12)).filter(
    lambda record: any(map(str.strip, record)) and not (len(record) > 9 and not record[-1])
)


@pytest.mark.slow
@given(st.lists(ANY_RECORD, min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"]))
@settings(deadline=None)
def test_parse_keeps_every_record_of_random_text(records: list[list[str]], line_end: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows([NAMES, *records])
    with TemporaryDirectory() as folder:
        rows = take(Path(folder), text.getvalue())
    assert [row["row_number"] for row in rows] == list(range(2, len(records) + 2))
    for row, record in zip(rows, records, strict=True):
        if len(record) == len(NAMES):
            assert [row[name] for name in CONTRACT.header] == record
            assert row["malformed_text"] is None
        else:
            assert next(csv.reader(io.StringIO(row["malformed_text"], newline=""))) == record


@given(st.text(st.sampled_from(',"\n\rT1\x00é')) | st.binary(max_size=200))
@settings(deadline=None)
def test_parse_of_any_content_gives_records_or_an_error(content: str | bytes) -> None:
    tail = content.encode() if isinstance(content, str) else content
    with TemporaryDirectory() as folder:
        for start in (b"", f"{HEADER}\n".encode()):
            try:
                rows = take(Path(folder), start + tail)
            except DeliveryError as error:
                assert "bank.csv" in str(error)
            else:
                numbers = [row["row_number"] for row in rows]
                assert numbers == sorted(set(numbers))
                assert numbers[0] > 1


def test_a_thousand_columns_are_read_in_linear_time(tmp_path: Path) -> None:
    """Looking up each column in a list of all took 88 s for 9,074 columns."""
    names = [*CONTRACT.header.values(), *(f"x{place}" for place in range(MAX_COLUMNS - 9))]
    rows = [",".join(["1"] * MAX_COLUMNS)] * 200
    started = time.monotonic()
    parsed = parse(tmp_path, "\n".join([",".join(names), *rows]) + "\n")
    assert time.monotonic() - started < 5
    assert len(parsed.extra_columns) == MAX_COLUMNS - 9


def test_more_columns_are_refused(tmp_path: Path) -> None:
    names = [*CONTRACT.header.values(), *(f"x{place}" for place in range(MAX_COLUMNS))]
    with pytest.raises(DeliveryError, match="has 1,009 columns; at most 1,000 were expected"):
        parse(tmp_path, ",".join(names) + "\n1\n")


def test_extra_names_stay_apart(tmp_path: Path) -> None:
    """Also if a name equals the substitute for another one."""
    header = ",".join([*CONTRACT.header.values(), "x", "x (column 12)", "x"])
    parsed = parse(tmp_path, f"{header}\n{','.join('123456789abc')}\n")
    assert parsed.extra_columns == ("x", "x (column 12)", "x (column 12) (column 12)")


@pytest.mark.slow
def test_long_records_are_written_in_small_groups(tmp_path: Path) -> None:
    """A group of 32,768 records of a megabyte each would be 32 GB."""
    record = ",".join(["1"] * 4 + ["P" * 900_000] + ["1"] * 4)
    parse(tmp_path, "\n".join([HEADER, *[record] * 80]) + "\n")
    metadata = pq.read_metadata(tmp_path / "out")
    assert metadata.num_rows == 80
    assert metadata.num_row_groups == 3


def test_many_malformed_records_in_a_row_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrow reports them only with the next good record: they would fill the memory."""
    monkeypatch.setattr(csv_tables, "MAX_MALFORMED_BYTES", 1000)
    text = "\n".join([HEADER, *["short"] * 200, ",".join(["1"] * 9)]) + "\n"
    assert parse(tmp_path, text).malformed == 200
    with pytest.raises(DeliveryError, match=r"in a row, up to record 202, .* 9 fields"):
        parse(tmp_path, "\n".join([HEADER, *["short"] * 201]) + "\n")
