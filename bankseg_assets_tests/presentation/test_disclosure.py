"""Counts of one to ten are neither shown nor computable as a difference to a total."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bankseg_assets.presentation.disclosure import (
    SMALLEST_CELL,
    hidden_cells,
    is_small,
    rounded_count,
    shown_count,
    shown_rounded,
)

TABLES = arrays(
    np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 60)
)


def hidden(counts: list[list[int]], *, columns: bool = False) -> list[list[int]]:
    return hidden_cells(counts, columns=columns).astype(int).tolist()


def test_table_of_large_cells_is_shown_whole() -> None:
    assert hidden([[11, 0, 500], [12, 13, 14]], columns=True) == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("few", [1, 10])
def test_small_cell_hides_smallest_other_in_row(few: int) -> None:
    assert hidden([[few, 30, 20], [50, 60, 70]]) == [[1, 0, 1], [0, 0, 0]]


def test_small_cells_of_eleven_together_need_no_cover() -> None:
    assert hidden([[5, 6, 20]]) == [[1, 1, 0]]
    assert hidden([[5, 5, 20]]) == [[1, 1, 1]]


def test_known_column_totals_need_two_hidden_cells_per_column() -> None:
    assert hidden([[5, 20, 30], [50, 60, 70]], columns=True) == [[1, 1, 0], [1, 1, 0]]


def test_zero_cell_is_no_cover() -> None:
    """Zeros are shown, so they cannot cover a small cell."""
    assert hidden([[5, 0, 0]]) == [[1, 0, 0]]


@given(TABLES, st.booleans())
def test_totals_disclose_no_small_cell(counts: npt.NDArray[np.int64], columns: bool) -> None:
    masked = hidden_cells(counts, columns=columns)
    assert masked[(counts > 0) & (counts < SMALLEST_CELL)].all()
    lines = list(zip(counts, masked, strict=True))
    lines += zip(counts.T, masked.T, strict=True) if columns else []
    for line, unseen in lines:
        shown = line[~unseen]
        if unseen.any() and shown.any():
            assert unseen.sum() > 1
            assert line[unseen].sum() >= SMALLEST_CELL


@pytest.mark.parametrize(
    ("count", "exact", "rounded"),
    [
        (0, "0", "0"),
        (1, "<11", "<11"),
        (10, "<11", "<11"),
        (11, "11", "10"),
        (14, "14", "10"),
        (15, "15", "20"),
        (12_344, "12,344", "12,340"),
    ],
)
def test_shown_count_formats_counts(count: int, exact: str, rounded: str) -> None:
    assert (shown_count(count), shown_rounded(count)) == (exact, rounded)


@given(st.integers(0, 10**9))
def test_rounded_count_is_off_by_at_most_five_or_hidden(count: int) -> None:
    if is_small(count):
        assert rounded_count(count) == 0
    else:
        assert rounded_count(count) % 10 == 0
        assert abs(rounded_count(count) - count) <= 5


@pytest.mark.parametrize("hidden", range(1, 11))
def test_hidden_count_is_not_difference_to_total(hidden: int) -> None:
    """With one total of 1,000 or more and one hidden cell, many values remain possible."""
    shown = [512, 377]
    difference = hidden + sum(shown) - sum(map(rounded_count, shown))
    could_be = {
        few for few in range(1, 11) if -5 * len(shown) <= difference - few <= 4 * len(shown)
    }
    assert hidden in could_be
    assert len(could_be) >= 5
