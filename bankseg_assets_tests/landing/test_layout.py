"""Lines around the records are left out and counted, and no record is lost."""

import gzip
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.file_layout import FileLayout
from bankseg_assets.landing import csv_tables, text
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.parse import parse_delivery
from bankseg_assets_tests.landing.test_parse import (
    CONTRACT,
    HEADER,
    NAMES,
    fields,
    line,
    lines,
    parquet,
    take,
)

CASES = Path(__file__).parents[3] / "shared" / "data" / "cases"
BOM = "\ufeff"
PREAMBLE = 'Statement of "all accounts;\n\nBranch,Pune,"\nFrom 1/8/16\n'
"""Four lines with a blank one, other delimiters and quotes that are never closed."""

needs_cases = pytest.mark.skipif(not CASES.exists(), reason=f"the cases are not here ({CASES})")


def contract(**layout: Any) -> DeliveryContract:
    return replace(CONTRACT, layout=FileLayout(**layout))


def ids(folder: Path, content: str | bytes, **layout: Any) -> dict[int, str]:
    """Return number -> transaction ID of the records; none may be malformed."""
    rows = take(folder, content, contract=contract(**layout))
    assert [row["malformed_text"] for row in rows if row["malformed_text"]] == []
    return {row["row_number"]: row["transaction_id"] for row in rows}


def left_out(folder: Path, content: str | bytes, **layout: Any) -> dict[str, int]:
    (folder / "original").write_bytes(content.encode() if isinstance(content, str) else content)
    parsed = parse_delivery(
        folder / "original",
        contract(**layout),
        file_name="bank.csv",
        sha256="0" * 64,
        output=folder / "out",
    )
    return dict(parsed.lines_left_out)


def refusal(folder: Path, content: str | bytes, **layout: Any) -> str:
    with pytest.raises(DeliveryError) as error:
        take(folder, content, contract=contract(**layout))
    return str(error.value)


@needs_cases
@pytest.mark.parametrize(
    ("case", "layout", "first"),
    [
        ("05", {}, 2),
        ("06", {}, 2),
        ("12", {}, 3),
        ("13", {"header_line": 5}, 6),
        ("29", {}, 2),
        ("31", {}, 2),
    ],
)
def test_cases_are_read_whole(
    tmp_path: Path, case: str, layout: dict[str, Any], first: int
) -> None:
    (file,) = CASES.glob(f"{case}-*/*.csv")
    content = file.read_bytes()
    found = ids(tmp_path, content, **layout)
    after_header = content.split(b"(INR)", 1)[1].strip(b'"').strip().splitlines()
    assert list(found) == list(range(first, first + len(after_header)))
    assert [value.strip() for value in found.values()] == [
        row.split(b",")[0].decode().strip() for row in after_header
    ]


@needs_cases
def test_preamble_case_names_the_setting(tmp_path: Path) -> None:
    (file,) = CASES.glob("13-*/*.csv")
    assert "line 5 looks like the header: set `header_line = 5`" in refusal(
        tmp_path, file.read_bytes()
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", BOM])
@pytest.mark.parametrize("is_gzip", [False, True])
def test_preamble_is_skipped(tmp_path: Path, end: str, mark: str, *, is_gzip: bool) -> None:
    content = (mark + PREAMBLE + lines(line(1), line(2))).replace("\n", end).encode()
    content = gzip.compress(content) if is_gzip else content
    assert ids(tmp_path, content, header_line=5) == {6: "T1", 7: "T2"}
    assert left_out(tmp_path, content, header_line=5) == {"above the header": 4}


@pytest.mark.parametrize("blank", ["", "\n", "\r\n\r\n"])
def test_blank_lines_may_follow_the_preamble(tmp_path: Path, blank: str) -> None:
    content = "Report\n" + blank + BOM + lines(line(1))
    assert ids(tmp_path, content, header_line=2) == {3: "T1"}


def test_rejection_names_the_header_s_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, PREAMBLE + lines(line(4711)))
    assert "has no header in line 1; line 5 looks like the header: set `header_line = 5`" in message
    assert "4711" not in message
    assert "Pune" not in message
    plain = refusal(tmp_path, lines(*map(line, range(9))), header_line=5)
    assert "line 1 looks like the header: set `header_line = 1`" in plain
    beyond = refusal(tmp_path, lines(line(1)), header_line=40)
    assert "line 1 looks like the header" in beyond


def test_rejection_names_line_and_delimiter(tmp_path: Path) -> None:
    content = ("Report\n" + lines(line(1))).replace(",", "\t")
    message = refusal(tmp_path, content)
    assert 'set `header_line = 2` and `delimiter = "\\t"`' in message


def test_header_that_lacks_a_column_is_not_a_preamble(tmp_path: Path) -> None:
    message = refusal(tmp_path, lines(line(1)).replace("CustGender", "Sex"))
    assert "has no column 'CustGender'" in message
    below = refusal(tmp_path, "Report\n" + lines(line(1)).replace("CustGender", "Sex"))
    assert "line 2 looks like the header" in below


@pytest.mark.parametrize(
    "separator", ["sep=,", "SEP=,", '"sep=,"', BOM + "sep=,", "\nsep=,", "sep=,,,,"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separator_line_is_skipped(tmp_path: Path, separator: str, end: str) -> None:
    content = f"{separator}\n{BOM}{lines(line(1), line(2))}".replace("\n", end)
    assert ids(tmp_path, content) == {3: "T1", 4: "T2"}


def test_separator_line_may_name_a_tab(tmp_path: Path) -> None:
    for name in ("\t", "\\t"):
        content = f"sep={name}\n" + lines(line(1)).replace(",", "\t")
        rows = take(tmp_path, content, contract=replace(CONTRACT, delimiter="\t"))
        assert rows[0]["transaction_id"] == "T1"


@pytest.mark.parametrize("content", [lines(line(1)), lines(line(1)).replace(",", ";")])
def test_separator_line_that_contradicts_is_refused(tmp_path: Path, content: str) -> None:
    message = refusal(tmp_path, "sep=;\n" + content)
    assert "says in line 1 that it is separated by ';'; the contract says ','" in message
    assert 'Set `delimiter = ";"` under [file]' in message


def test_separator_line_may_stand_in_a_preamble(tmp_path: Path) -> None:
    content = "sep=,\nReport\n" + lines(line(1))
    assert ids(tmp_path, content, header_line=3) == {4: "T1"}
    assert "line 3 looks like the header: set `header_line = 3`" in refusal(tmp_path, content)


@pytest.mark.parametrize("after", ["", "\n", "\r\n", "\n\n", "\n,,,,,,,,\n", '\n""\n'])
@pytest.mark.parametrize("is_gzip", [False, True])
def test_footer_lines_are_left_out(tmp_path: Path, after: str, *, is_gzip: bool) -> None:
    content = (lines(line(1), line(2)) + 'Total "INR;2' + after).encode()
    content = gzip.compress(content) if is_gzip else content
    assert ids(tmp_path, content, footer_lines=1) == {2: "T1", 3: "T2"}
    assert left_out(tmp_path, content, footer_lines=1) == {"in footers": 1}


def test_several_footer_lines_are_left_out(tmp_path: Path) -> None:
    content = lines(line(1), line(2)) + "\nTotal,,,,,,,,50\n\nEnd of report\n"
    assert ids(tmp_path, content, footer_lines=2) == {2: "T1", 3: "T2"}


def test_footer_that_may_be_a_record_is_refused(tmp_path: Path) -> None:
    """A truncated file, or one without a footer, would silently lose its last record."""
    message = refusal(tmp_path, lines(line(1), line(4711)), footer_lines=1)
    assert "may be cut off, or has no footer" in message
    assert "footer_starts_with" in message
    assert "4711" not in message


def test_footers_by_their_start_are_left_out(tmp_path: Path) -> None:
    content = lines(line(1), "Total,,,,,,,,25", line(2), '"Total",50', "*** end, of it")
    layout = {"footer_starts_with": ("Total", "***")}
    assert ids(tmp_path, content, **layout) == {2: "T1", 4: "T2"}
    assert left_out(tmp_path, content, **layout) == {"in footers": 3}
    rows = take(tmp_path, content)
    assert [row["malformed_text"] is None for row in rows] == [True, True, True, False, False]


def test_footer_within_a_value_is_kept(tmp_path: Path) -> None:
    value = f"A\nTotal\n{HEADER}\n,,,\nB"
    records = [line(1).replace("PUNE", f'"{value}"'), line(2), "Total"]
    rows = take(tmp_path, lines(*records), contract=contract(footer_starts_with=("Total",)))
    assert [(row["row_number"], row["location"]) for row in rows] == [(2, value), (3, "PUNE")]


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        HEADER.upper(),
        HEADER.lower(),
        BOM + HEADER,
        HEADER + " ",
        HEADER + ",",
        "sep=,\n" + HEADER,
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_repeated_header_is_not_a_record(tmp_path: Path, header: str, end: str) -> None:
    content = lines(line(1), header, line(2), header).replace("\n", end)
    height = header.count("\n") + 1
    assert ids(tmp_path, content) == {2: "T1", 3 + height: "T2"}
    assert left_out(tmp_path, content)["of repeated headers"] == 2


def test_repeated_header_may_hold_line_breaks(tmp_path: Path) -> None:
    header = ",".join(f'"{name}"' for name in NAMES).replace("Amount (INR)", "Amount\n(INR)")
    content = "\n".join([header, line(1), header, line(2), ""])
    assert ids(tmp_path, content) == {2: "T1", 4: "T2"}


@pytest.mark.parametrize("row", [",,,,,,,,", ",,", '"",' * 8 + '""', " , ,", ",,,,,,,,,", "\x1a"])
def test_row_without_a_value_is_not_a_record(tmp_path: Path, row: str) -> None:
    content = lines(line(1), row, line(2), row, row)
    assert ids(tmp_path, content) == {2: "T1", 4: "T2"}
    assert left_out(tmp_path, content) == {"without a value": 3}


@pytest.mark.slow
def test_many_rows_without_a_value_are_left_out(tmp_path: Path) -> None:
    """A spreadsheet that is formatted to its end has a million of them."""
    content = lines(line(1), *[",,,,,,,,"] * 300_000, line(2))
    assert ids(tmp_path, content) == {2: "T1", 300_003: "T2"}


def test_file_without_a_record_says_what_it_has(tmp_path: Path) -> None:
    message = refusal(tmp_path, lines(",,,,", HEADER, HEADER))
    assert "no record; 3 lines are not records: 1 without a value, 2 of repeated headers" in message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("tail", [",", ",,,", ',""', ',"",'])
@pytest.mark.parametrize("header_tail", ["", ",", ",,"])
def test_trailing_empty_fields_are_removed(
    tmp_path: Path, end: str, tail: str, header_tail: str
) -> None:
    location = line(2).replace("PUNE", '"NAVI,\nMUMBAI,"')
    records = [line(1) + tail, location + tail, line(3), line(4) + tail]
    content = "\n".join([HEADER + header_tail, *records]).replace("\n", end)
    assert ids(tmp_path, content) == {2: "T1", 3: "T2", 4: "T3", 5: "T4"}
    assert not (tmp_path / "extra.parquet").exists()
    assert ids(tmp_path, content + end) == {2: "T1", 3: "T2", 4: "T3", 5: "T4"}


def test_trailing_fields_with_a_value_stay_malformed(tmp_path: Path) -> None:
    rows = take(tmp_path, lines(line(1) + ",", line(2) + ",x", line(3) + ",x,", line(4)))
    assert [row["malformed_text"] is None for row in rows] == [True, False, False, True]


def test_unnamed_column_with_values_is_kept_as_extra(tmp_path: Path) -> None:
    take(tmp_path, "\n".join([HEADER + ",", line(1) + ",x", line(2) + ","]))
    assert (tmp_path / "extra.parquet").exists()


def test_one_bad_record_does_not_make_a_column(tmp_path: Path) -> None:
    rows = take(
        tmp_path, "\n".join([HEADER + ",", line(1), line(2) + ",x", line(3), line(4) + ","])
    )
    assert [row["malformed_text"] is None for row in rows] == [True, False, True, True]


def test_last_column_may_be_empty(tmp_path: Path) -> None:
    record = line(1).removesuffix("25")
    rows = take(tmp_path, lines(record, record + ",", line(2)))
    assert [row["amount"] for row in rows] == ["", "", "25"]


@pytest.mark.parametrize(
    "header",
    [
        HEADER.upper(),
        HEADER.replace(",", " , "),
        HEADER.replace("CustGender", "\u200bCust\xadGender\xa0"),
        HEADER.replace(" (INR)", "\xa0\xa0(inr)"),
        HEADER.replace("TransactionAmount (INR)", '"TransactionAmount\r\n(INR)"'),
        ",".join(f'"{name}\n"' for name in NAMES),
        BOM + ",".join(f'"{name}"' for name in NAMES),
    ],
)
def test_names_match_but_for_case_and_blanks(tmp_path: Path, header: str) -> None:
    assert ids(tmp_path, f"{header}\n{line(1)}\n") == {2: "T1"}


def test_exact_name_wins_over_a_similar_one(tmp_path: Path) -> None:
    rows = take(tmp_path, f"custgender,{HEADER}\nX,{line(1)}\n")
    assert rows[0]["gender"] == "F"


def test_similar_names_are_not_guessed(tmp_path: Path) -> None:
    content = f"custgender,{HEADER.upper()}\nX,{line(1)}\n"
    message = refusal(tmp_path, content)
    assert "more than one column that could be 'CustGender': columns 1 and 5" in message


def test_header_with_an_open_quote_swallows_no_record(tmp_path: Path) -> None:
    records = [line(number).replace("PUNE", '"NAVI, MUMBAI"') for number in (4711, 4712)]
    message = refusal(tmp_path, "\n".join([HEADER + ',"Branch', *records]))
    assert "has a misplaced quote in its header" in message
    assert "471" not in message


def test_stray_quotes_are_quarantined_beside_all_of_it(tmp_path: Path) -> None:
    stray = line(3).replace("PUNE", 'PU"NE')
    content = PREAMBLE + lines(line(1) + ",", HEADER, stray, ",,,", line(2), stray + ",", 'Total "')
    layout = contract(header_line=5, footer_starts_with=("Total",))
    rows = take(tmp_path, content, contract=layout)
    assert {row["row_number"]: row["malformed_text"] for row in rows} == {
        6: None,
        8: stray,
        10: None,
        11: stray + ",",
    }


def test_numbers_stay_exact_between_lines_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over many blocks and groups, beside malformed records and values of several lines."""
    monkeypatch.setattr(text, "CHUNK_BYTES", 1 << 10)
    monkeypatch.setattr(csv_tables, "BLOCK_BYTES", 1 << 12)
    monkeypatch.setattr(csv_tables, "ROWS_PER_GROUP", 500)
    noise = {3: HEADER, 4: ",,,", 6: f"{BOM}{HEADER.upper()}", 13: "Total,1"}
    bad = 'bad,"\n",'
    records = {
        n: noise.get(n % 97, noise.get(n % 19, bad if n % 23 < n % 3 else line(n)))
        for n in range(2, 6_000)
    }
    records = {n: text.replace("PUNE", '"A\n\nB"') for n, text in records.items()}
    content = lines(*records.values())
    rows = take(tmp_path, content, contract=contract(footer_starts_with=("Total",)))
    left = {n: text for n, text in records.items() if text not in noise.values()}
    assert [row["row_number"] for row in rows] == list(left)
    for row, record in zip(rows, left.values(), strict=True):
        is_bad = record == bad
        assert row["malformed_text"] == (record if is_bad else None)
        assert row["transaction_id"] == (None if is_bad else f"T{row['row_number']}")


def test_names_of_parquet_match_alike(tmp_path: Path) -> None:
    table = pa.table(
        {f" {name.upper()}\xa0": [value] for name, value in zip(NAMES, fields(1), strict=True)}
    )
    assert take(tmp_path, parquet(table))[0]["transaction_id"] == "T1"


RECORD = st.lists(st.text(st.sampled_from('a,"\n T'), max_size=4), min_size=9, max_size=9)
NOISE = st.sampled_from([HEADER, HEADER.upper(), ",,,", "Total;", '"Total"', "sep=,"])


@pytest.mark.slow
@given(
    st.lists(RECORD.filter(lambda r: any(map(str.strip, r))) | NOISE, min_size=1, max_size=12),
    st.sampled_from(["", ",", ",,"]),
    st.integers(60, 4000),
)
@settings(deadline=None)
def test_rows_in_are_rows_kept_and_left_out(
    content: list[list[str] | str], tail: str, chunk: int
) -> None:
    """For any lines between the records, and any block size."""
    written = [
        row if isinstance(row, str) else ",".join('"' + f.replace('"', '""') + '"' for f in row)
        for row in content
    ]
    records = {n: row for n, row in enumerate(content, 6) if isinstance(row, list)}
    layout = contract(header_line=5, footer_starts_with=("Total",), footer_lines=1)
    whole = PREAMBLE + "\n".join(
        [HEADER, *(w + tail * (n in records) for n, w in enumerate(written, 6)), "end"]
    )
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "CHUNK_BYTES", chunk)
        if not records:
            with pytest.raises(DeliveryError, match="no record"):
                take(Path(folder), whole, contract=layout)
            return
        rows = take(Path(folder), whole, contract=layout)
    assert [row["row_number"] for row in rows] == list(records)
    for row in rows:
        assert [row[name] for name in CONTRACT.header] == records[row["row_number"]]
