"""Parsing of cells is strict, because a wrong guess would go unnoticed."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.parse_numbers import numbers, texts


def read(*cells: Any, decimal: str = ".") -> str:
    """Return each cell's number, `-` for an empty cell and `x` for an invalid one."""
    values, wrong = numbers(pa.array(cells), decimal, "n")
    shown = ["x" if bad else f"{value:g}" for value, bad in zip(values, wrong, strict=True)]
    return " ".join(shown).replace("nan", "-")


def test_numbers_may_have_blanks_around_them() -> None:
    assert read("1", " 2.5", "\u00a03\u00a0", ".5", "5.", "-1", "1e3", "1E-3") == (
        "1 2.5 3 0.5 5 -1 1000 0.001"
    )


def test_empty_cell_is_unknown() -> None:
    assert read("", "  ", None, "1") == "- - - 1"


@pytest.mark.parametrize(
    "cell",
    ["nan", "NA", "null", "inf", "1_000", "1,5", "0,123", "1,23", "0x10", "--", "1\n2", "1\n234"],
)
def test_ambiguous_number_is_invalid(cell: str) -> None:
    assert read(cell, "1") == "x 1"


def test_decimal_comma_must_be_declared() -> None:
    assert read("1,5", "1.5", "1.234,5", ",5", decimal=",") == "1.5 x 1234.5 0.5"


def test_number_too_large_for_double_is_infinite() -> None:
    assert read("1e999") == "inf"


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, None]),
        pa.array([1.0, None]),
        pa.array([Decimal("1.00"), None]),
        pa.array(["1", None], pa.large_string()),
        pa.array(["1", None], pa.string_view()),
        pa.array(["1", None]).dictionary_encode(),
        pa.chunked_array([["1"], [None]]),
    ],
    ids=lambda column: str(column.type),
)
def test_every_type_that_holds_numbers_is_read(column: Any) -> None:
    values, wrong = numbers(column, ".", "n")
    assert values[0] == 1
    assert np.isnan(values[1])
    assert wrong.tolist() == [False, False]


def test_column_without_any_value_is_unknown() -> None:
    assert np.isnan(numbers(pa.nulls(2), ".", "n")[0]).all()


def test_texts_reads_cells_of_any_type() -> None:
    assert texts(pa.array([" F ", "", " ", None])).tolist() == ["F", None, None, None]
    assert texts(pa.chunked_array([[1, None], [2]])).tolist() == ["1", None, "2"]
    assert texts(pa.array(["x"]).dictionary_encode()).tolist() == ["x"]


@pytest.mark.parametrize("cell", [date(2016, 8, 1), True, [1]])
def test_column_of_another_type_is_named(cell: object) -> None:
    with pytest.raises(ListError, match=r"The column n has the type .*; expected numbers or text"):
        numbers(pa.array([cell]), ".", "n")


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_number_written_as_text_is_read_back_exactly(values: list[float]) -> None:
    found, wrong = numbers(pa.array([repr(value) for value in values]), ".", "n")
    assert found.tolist() == values
    assert not wrong.any()


@given(st.text())
def test_any_text_is_number_empty_or_wrong(text: str) -> None:
    (value,), (wrong,) = numbers(pa.array([text]), ".", "n")
    if wrong:
        assert text.strip()
        return
    assert np.isnan(value) == (not text.strip()) or float(text) == value
