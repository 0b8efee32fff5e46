"""Histories that customers share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.value.patterns import patterns_of, rounded


@given(st.integers(0, 100_000))
def test_rounding_is_within_a_hundredth(value: int) -> None:
    found = float(rounded(value))
    assert found == pytest.approx(value, rel=0.008)
    assert value >= 128 or found == value


def test_patterns_count_customers_and_find_each() -> None:
    found, places = patterns_of([1, 3, 1, 3], [5, 2, 5, 2], [5, 9, 5, 9])
    assert found.customers.tolist() == [2, 2]
    assert [found.repeats[places[0]], found.last[places[0]], found.age[places[0]]] == [0, 0, 5]
    assert [found.repeats[places[1]], found.last[places[1]], found.age[places[1]]] == [2, 7, 9]


def test_a_short_silence_in_a_long_history_is_kept() -> None:
    found, _ = patterns_of([900, 900], [1, 4], [1_000, 1_000])
    assert np.diff(found.last).tolist() == [3]
