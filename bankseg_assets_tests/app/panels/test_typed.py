"""Tests of reading typed numbers and dates."""

from pathlib import Path

import pytest

from app.panels.typed import (
    Notation,
    TypedError,
    days_before,
    notation_of,
    read_amount,
    read_day,
    read_number,
)

POINT, COMMA = Notation("."), Notation(",")
SNAPSHOT = "2016-10-22"


@pytest.mark.parametrize(
    ("text", "notation", "expected"),
    [
        ("1234.56", POINT, 1234.56),
        ("1,234.56", POINT, 1234.56),
        ("1,23,456", POINT, 123_456),
        ("1 234 567", POINT, 1_234_567),
        ("1'234.50", POINT, 1234.5),
        (" 12. ", POINT, 12),
        ("₹ 1,200", POINT, 1200),
        ("-50", POINT, -50),
        ("(50)", POINT, -50),
        ("1.234,56", COMMA, 1234.56),
        ("1234,56", COMMA, 1234.56),
        ("1.234", COMMA, 1234),
    ],
)
def test_amount_follows_the_banks_decimal_mark(
    text: str, notation: Notation, expected: float
) -> None:
    assert read_amount(text, notation, "INR") == expected


@pytest.mark.parametrize(
    ("text", "notation", "said"),
    [
        ("1.234,56", POINT, "If it means 1234.56, write that."),
        ("1234,56", POINT, "If it means 1234.56, write that."),
        ("12.50", COMMA, "If it means 12,50, write that."),
        ("1.234", POINT, "may mean 1234 or 1.23."),
        ("1,234", COMMA, "may mean 1234 or 1,23."),
        ("1.2345", POINT, "has 4 decimals; expected at most 2."),
        ("3e1", POINT, "Write all its digits."),
        ("12abc", POINT, "is not a number."),
        ("500 Dr", POINT, "is not a number."),
        ("1..2", POINT, "Write digits only, such as 1234.50."),
        ("USD 5", POINT, "in another unit; expected an amount in INR."),
        ("x" * 99, POINT, f"'{'x' * 40}…' is not a number."),
    ],
)
def test_unclear_amount_is_refused_in_words(text: str, notation: Notation, said: str) -> None:
    with pytest.raises(TypedError) as error:
        read_amount(text, notation, "INR")
    assert said in str(error.value)


def test_amount_of_three_decimals_is_clear_in_dinars() -> None:
    assert read_amount("1.234", POINT, "KWD") == 1.234
    assert read_amount("833.33", POINT, "JPY") == 833.33


def test_count_is_a_whole_number_without_currency() -> None:
    assert read_number("1,234", POINT, places=0) == 1234
    for text in ("2.5", "INR 3"):
        with pytest.raises(TypedError):
            read_number(text, POINT, places=0)


@pytest.mark.parametrize(
    "text",
    ["2016-10-20", "20.10.2016", "20/10/2016", "10/20/2016", "20 October 2016", "Oct 20, 2016"],
)
def test_day_is_read_in_usual_formats(text: str) -> None:
    assert days_before(SNAPSHOT, text, POINT) == 2


def test_ambiguous_day_needs_the_banks_order() -> None:
    assert read_day("3/4/2016", Notation(day_first=True)).isoformat() == "2016-04-03"
    assert read_day("3/4/2016", Notation(day_first=False)).isoformat() == "2016-03-04"
    with pytest.raises(TypedError, match="may be 4 March 2016 or 3 April 2016"):
        read_day("3/4/2016", POINT)


@pytest.mark.parametrize("text", ["31.02.2016", "45", "last week"])
def test_text_that_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(TypedError, match="is not a date"):
        read_day(text, POINT)


@pytest.mark.parametrize("text", ["2016-10-22", "2030-01-01"])
def test_day_after_the_data_is_refused(text: str) -> None:
    with pytest.raises(TypedError, match="after the data, which end on 21 October 2016"):
        days_before(SNAPSHOT, text, POINT)


def test_notation_is_that_of_the_contract(tmp_path: Path) -> None:
    contracts = Path(__file__).parents[3]
    assert notation_of(contracts / "contract.toml") == Notation(".", day_first=True)
    assert notation_of(tmp_path / "missing.toml") == Notation()
