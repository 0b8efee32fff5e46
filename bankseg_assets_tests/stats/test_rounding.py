"""Rounding removes only the digits that depend on the order of a sum."""

from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from bankseg_assets.stats.rounding import rounded

NUMBERS = st.floats(-1e12, 1e12)


def test_rounded_keeps_twelve_significant_digits() -> None:
    assert rounded(123456789.0123456) == 123456789.012
    assert rounded(0.000123456789012345) == 0.000123456789012
    assert rounded(-2.0) == -2.0


def test_sums_in_another_order_become_same() -> None:
    assert 0.1 + 0.2 + 0.3 != 0.3 + 0.2 + 0.1
    assert rounded(0.1 + 0.2 + 0.3) == rounded(0.3 + 0.2 + 0.1)


@given(st.lists(st.lists(NUMBERS)))
def test_nested_list_is_rounded_number_by_number_and_once(numbers: list[list[float]]) -> None:
    found = rounded(numbers)
    assert found == [[rounded(number) for number in row] for row in numbers]
    assert rounded(found) == found
    for row, original in zip(found, numbers, strict=True):
        assert row == [approx(number, rel=5e-12, abs=0) for number in original]
