"""Exported cells are never evaluated by a spreadsheet, and numbers stay numbers."""

import csv
import io
import json
import re
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.presentation.csv_export import csv_text, inert, to_csv

TORTURE = Path(__file__).parents[3] / "shared" / "data" / "torture"
PAYLOADS = TORTURE / "csv_injection" / "Intruder" / "csv-payload.txt"
NAUGHTY = TORTURE / "blns" / "blns.json"
BEGINS_A_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")  # noqa: RUF001 - they are meant
NUMBER = re.compile(r"[+-]?[0-9.,]+([eE][+-]?[0-9]+)?")


def read(content: bytes) -> list[list[str]]:
    text = content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def formulas(cells: list[list[str]]) -> list[str]:
    """Return the cells that a spreadsheet would evaluate; numbers are not formulas."""
    return [
        cell
        for row in cells
        for cell in row
        if BEGINS_A_FORMULA.match(cell) and not NUMBER.fullmatch(cell)
    ]


def naughty_strings(path: Path) -> list[str]:
    if not path.exists():
        pytest.skip(f"the torture files are not here ({path})")
    text = path.read_text(encoding="utf-8")
    found: list[str] = json.loads(text) if path.suffix == ".json" else text.splitlines()
    return found


@pytest.mark.parametrize("sign", list("=+-@＝＋－＠"))  # noqa: RUF001 - they are meant
@pytest.mark.parametrize("blanks", ["", " ", "   ", "\u00a0", "\u200b", "\ufeff", "\0"])
def test_formula_like_text_gets_apostrophe(sign: str, blanks: str) -> None:
    text = f"{blanks}{sign}cmd|' /C calc'!A0"
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("text", ["\tx", "\rx", "\nx", "\t=1+1", "-", "+", "-1+1", "1\n=1+1", "-½"])
def test_formulas_after_separators_are_escaped(text: str) -> None:
    assert inert(text) != text
    assert inert(text).replace("'", "") == text


@pytest.mark.parametrize(
    "text", ["", "MUMBAI", "A-B", "a=b", "x@y.in", "A, -B", "O'NEIL", "5", "=".join("ab"), " x"]
)
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize(
    "text", ["-5", "-12.50", "+7", "-1e-05", "-2.5E+3", "-.5", "-7.", "-12,50", "-1,234.5"]
)
def test_number_in_text_stays_number(text: str) -> None:
    assert inert(text) == text


def test_list_cut_at_semicolons_holds_no_formula() -> None:
    assert inert("MUMBAI;=1+1; @x;B") == "MUMBAI;'=1+1;' @x;B"


def test_numbers_of_every_type_stay_numbers() -> None:
    frame = pd.DataFrame(
        {
            "whole": [-3, 2],
            "broken": [-1.5, 1e-7],
            "exact": [Decimal("-10.50"), Decimal("0.00")],
            "sparse": pd.array([-1, None], dtype="Int64"),
            "unknown": [None, float("-inf")],
        }
    )
    assert read(to_csv(frame))[1:] == [
        ["-3", "-1.5", "-10.50", "-1", ""],
        ["2", "1e-07", "0.00", "", ""],
    ]


def test_dates_spans_and_categories_are_written_as_text() -> None:
    frame = pd.DataFrame(
        {
            "day": [date(2016, 8, 1), None],
            "span": pd.to_timedelta(["-1 days", None]),
            "kind": pd.Categorical(["=a", "=a"]),
            "yes": [True, False],
        }
    )
    assert read(to_csv(frame))[1:] == [
        ["2016-08-01", "'-1 days +00:00:00", "'=a", "True"],
        ["", "", "'=a", "False"],
    ]


def test_headers_are_inert_too() -> None:
    assert read(to_csv(pd.DataFrame({"=1+1": ["x"], "b": ["y"]})))[0] == ["'=1+1", "b"]


def test_to_csv_follows_rfc_4180_with_byte_order_mark() -> None:
    frame = pd.DataFrame({"a": ['say "x"', "two\nlines"], "b": ["é, ü", None]})
    assert to_csv(frame) == (
        b'\xef\xbb\xbfa,b\r\n"say ""x""","\xc3\xa9, \xc3\xbc"\r\n"two\nlines",\r\n'
    )


def test_another_delimiter_and_encoding_are_kept() -> None:
    frame = pd.DataFrame({"a": ["é;"], "b": ["ü"]})
    assert to_csv(frame, delimiter=";", encoding="cp1252") == b'a;b\r\n"\xe9;";\xfc\r\n'


def test_to_csv_of_empty_table_is_header() -> None:
    assert to_csv(pd.DataFrame({"a": [], "b": []})) == b"\xef\xbb\xbfa,b\r\n"


@pytest.mark.slow
@given(st.lists(st.tuples(st.text(), st.text(), st.floats(), st.integers()), min_size=1))
def test_to_csv_has_no_formula_and_keeps_all_text(
    rows: list[tuple[str, str, float, int]],
) -> None:
    frame = pd.DataFrame(rows, columns=["=text", "other", "float", "integer"])
    header, *cells = read(to_csv(frame))
    assert formulas([header, *cells]) == []
    assert len(cells) == len(rows)
    for (text, other, _, integer), (first, second, _, last) in zip(rows, cells, strict=True):
        assert first.replace("'", "") == text.replace("'", "")
        assert second.replace("'", "") == other.replace("'", "")
        assert int(last) == integer


def test_texts_differing_only_in_nul_stay_distinct() -> None:
    """pandas, which would be faster, considers them equal."""
    content = to_csv(pd.DataFrame({"text": ["", "=", "\0", "=\0"]}))
    assert content.decode("utf-8-sig").split("\r\n")[1:-1] == ['""', "'=", "\0", "'=\0"]


def test_later_chunk_has_no_header_and_declared_decimals() -> None:
    text = csv_text(
        pd.DataFrame({"a": [1.5], "b": ["=x"]}), delimiter=";", decimal=",", header=False
    )
    assert text == "1,5;'=x\r\n"


@pytest.mark.parametrize("path", [PAYLOADS, NAUGHTY], ids=["payloads", "naughty strings"])
def test_known_payloads_and_naughty_strings_are_inert(path: Path) -> None:
    texts = naughty_strings(path)
    cells = read(to_csv(pd.DataFrame({text: [text] for text in dict.fromkeys(texts)})))
    assert formulas(cells) == []
    assert [cell.replace("'", "") for cell in cells[1]] == [
        text.replace("'", "") for text in dict.fromkeys(texts)
    ]


def test_megabyte_of_separators_is_fast() -> None:
    started = time.perf_counter()
    for text in ("\n" * 1_000_000, ";" * 1_000_000, " " * 1_000_000, "; " * 500_000):
        inert(text)
    assert time.perf_counter() - started < 5
