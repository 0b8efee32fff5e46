"""Agreement of two groupings: scikit-learn's figures, from a table of counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from bankseg_assets.stats.agreement import adjusted_rand_index, contingency, overlap


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=2, max_size=60))
def test_adjusted_rand_index_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs).T
    table = contingency(first, second, np.ones(len(pairs)))
    expected = adjusted_rand_score(first, second)
    assert adjusted_rand_index(table) == pytest.approx(expected, abs=1e-12)


def test_same_groups_under_other_numbers_agree_fully() -> None:
    assert adjusted_rand_index(np.array([[0, 5], [7, 0]])) == 1.0


def test_table_has_shape_that_is_asked_for() -> None:
    found = contingency(np.array([0, 0, 1]), np.array([1, 1, 0]), np.array([2.0, 3.0, 4.0]), (3, 2))
    assert found.tolist() == [[0, 5], [4, 0], [0, 0]]


def test_overlap_is_both_over_either() -> None:
    assert overlap(np.array([[6.0, 2.0], [0.0, 4.0]])).tolist() == [[6 / 8, 2 / 12], [0, 4 / 6]]
