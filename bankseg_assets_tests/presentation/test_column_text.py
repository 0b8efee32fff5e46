"""Columns as texts: the same as Python's, in files of many rows."""

import csv
import io
import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bankseg_assets.presentation.column_text import cell_texts, content, joined, number_texts
from bankseg_assets.presentation.csv_export import csv_text

FLOATS = [
    *(0.0, 1.0, -1.5, 0.1 + 0.2, 900.0, 161.17),
    *(1e-4, 9.9e-5, 1e-5, -3e-10, 5e-324),
    *(999_999_999.5, 1e9, 1e10, 123456789012.25, 1e15, 1e16, 1e22, 1.7976931348623157e308),
]


def test_floats_are_as_python_writes_them() -> None:
    assert number_texts(pd.Series(FLOATS)).to_pylist() == [repr(value) for value in FLOATS]


@pytest.mark.parametrize("kind", ["float64", "float32", "Float64"])
def test_zero_has_no_minus_in_files(kind: str) -> None:
    column = pd.Series([-0.004, 0.0, -0.25], dtype=kind).round(2)
    assert number_texts(column).to_pylist() == ["0.0", "0.0", "-0.25"]


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6, 1e12, 1e20])
def test_random_floats_are_as_python_writes_them(size: float) -> None:
    values = (np.random.default_rng(7).normal(size=2000) * size).tolist()
    assert number_texts(pd.Series(values)).to_pylist() == [repr(value) for value in values]


@pytest.mark.parametrize("kind", ["int8", "uint64", "Int64", "UInt8"])
def test_integers_have_no_decimals(kind: str) -> None:
    assert number_texts(pd.Series([0, 1, 100], dtype=kind)).to_pylist() == ["0", "1", "100"]


@pytest.mark.parametrize("kind", ["float64", "Float64", "Int64"])
def test_missing_numbers_are_empty(kind: str) -> None:
    assert number_texts(pd.Series([1, None], dtype=kind)).to_pylist()[1] == ""
    endless = pd.Series([math.inf, -math.inf, math.nan])
    assert number_texts(endless).to_pylist() == ["", "", ""]


def test_texts_are_changed_and_missing_ones_empty() -> None:
    column = pd.Series(["a", "b", None, "a", float("nan"), ""], dtype=object)
    found = cell_texts(column, str.upper, re.compile("b"))
    assert found.to_pylist() == ["A", "B", "", "A", "", ""]
    assert cell_texts(column, str.upper, re.compile("x")).to_pylist()[0] == "a"  # none to change


@pytest.mark.parametrize("kind", [object, "string", "category"])
def test_column_without_values_is_empty(kind: Any) -> None:
    column = pd.Series([None, float("nan")], dtype=object).astype(kind)
    assert cell_texts(column, str, re.compile("x")).to_pylist() == ["", ""]


def test_equal_values_of_other_types_stay_apart() -> None:
    column = pd.Series([True, 1, 1.0, "1"], dtype=object)
    assert cell_texts(column, str, re.compile("x")).to_pylist() == ["True", "1", "1.0", "1"]


def test_half_a_character_is_a_question_mark() -> None:
    column = pd.Series(["x\ud800y", None], dtype=object)
    assert cell_texts(column, str, re.compile("x")).to_pylist() == ["x?y", ""]


def test_content_of_no_rows_is_empty() -> None:
    rows = joined([number_texts(pd.Series([], dtype="int64")), "a"], "")
    assert content(rows) == b""


def lines_of(rows: list[list[Any]], **how: Any) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n", **how).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_is_quoted_as_the_csv_module_does(delimiter: str) -> None:
    texts = ["", "a,b", "a;b", 'q"u', "p|q", "é<&>", " blank "]
    frame = pd.DataFrame({"a,;|\tb": texts, "n": FLOATS[: len(texts)]})
    expected = lines_of([list(frame.columns), *frame.to_numpy().tolist()], delimiter=delimiter)
    assert csv_text(frame, delimiter=delimiter) == expected


def test_csv_of_one_column_has_a_line_for_an_empty_text() -> None:
    assert csv_text(pd.DataFrame({"a": ["", "b"]})) == 'a\r\n""\r\nb\r\n'


def test_decimal_mark_that_is_the_delimiter_is_quoted() -> None:
    frame = pd.DataFrame({"a": [1.5, 2.0], "b": [1, 2]})
    assert csv_text(frame, decimal=",") == 'a,b\r\n"1,5",1\r\n"2,0",2\r\n'
