"""Formatting of numbers and dates."""

from decimal import Decimal

import pytest

from bankseg_assets.presentation.formatting import (
    abbreviated,
    day,
    money,
    number,
    percent,
    quantity,
    short,
    short_number,
    signed,
)
from bankseg_assets.presentation.phrases import days, whole_percent


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (884265, "884,265"), (833.333, "833.33"), (2.004, "2"), (0.999, "1"), (0.5, "0.50")],
)
def test_number_has_separators_and_decimals_if_needed(value: float, shown: str) -> None:
    assert number(value) == shown


def test_money_has_currency() -> None:
    assert money(1234567.5, "INR") == "INR 1,234,567.50"


def test_one_has_singular_unit() -> None:
    assert [quantity(value, "days") for value in (0, 1, 45)] == ["0 days", "1 day", "45 days"]


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0, "0.0%"),
        (0.0004, "<0.1%"),
        (0.0006, "0.1%"),
        (0.9312, "93.1%"),
        (0.99996, ">99.9%"),
        (1, "100.0%"),
    ],
)
def test_percent_never_rounds_to_0_or_100(share: float, shown: str) -> None:
    assert percent(share) == shown


@pytest.mark.parametrize(
    "shown",
    [
        number(-0.004),
        money(-0.4, "JPY"),
        short(-0.0),
        short_number(-0.0),
        abbreviated(-0.0),
        abbreviated(Decimal("-0")),
        percent(-0.0004),
        signed(-0.04),
        whole_percent(-0.004),
        days(-0.4),
    ],
)
def test_zero_has_no_minus(shown: str) -> None:
    """Rounded to the decimals shown, a small negative number is a zero: Python writes "-0"."""
    assert shown.strip("JPY ") in {"0", "0.0", "0%", "0.0%", "0 days"}


def test_date_is_written_in_words() -> None:
    assert day("2016-10-02") == "2 October 2016"


@pytest.mark.parametrize(
    ("money", "shown"),
    [
        ("0", "0"),
        ("7.5", "7.5"),
        ("999.4", "999"),
        ("999.95", "1k"),
        ("1_234_567.89", "1.23M"),
        ("999_950_000", "1bn"),
        ("12_345_678_901_234", "12300bn"),
    ],
)
def test_abbreviated_has_three_digits(money: str, shown: str) -> None:
    assert abbreviated(Decimal(money)) == shown
