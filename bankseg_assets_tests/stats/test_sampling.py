"""Sampling error of statistics of counts."""

import numpy as np
import pytest

from bankseg_assets.stats.agreement import adjusted_rand_index
from bankseg_assets.stats.sampling import macro_f1, noise


def test_noise_is_two_standard_errors_and_rule_of_three() -> None:
    """Of a share of 0.9 among 1,000: 2 sqrt(0.9 0.1 / 1000) = 0.019, and 3/1000."""

    def accuracy(table: np.ndarray) -> float:
        return float(np.trace(table) / table.sum())

    found = noise(np.array([[450, 50], [50, 450]]), accuracy)
    assert found == pytest.approx(2 * np.sqrt(0.9 * 0.1 / 999) + 0.003, rel=1e-3)


def test_noise_of_table_without_errors_is_not_zero() -> None:
    """Five correct predictions out of five prove little."""
    assert noise(np.diag([3, 2]), macro_f1) == pytest.approx(0.6, abs=0.01)
    assert noise(np.diag([30_000, 20_000]), macro_f1) < 1e-4


@pytest.mark.parametrize("table", [np.zeros((2, 2), dtype=np.int64), np.array([[1]])])
def test_noise_of_empty_table_is_one(table: np.ndarray) -> None:
    """With no customer or one, everything may be chance."""
    assert noise(table, macro_f1) == 1.0


def test_noise_shrinks_with_square_root() -> None:
    """A hundred times as many customers, a tenth of the noise."""
    few = np.array([[40, 10], [5, 45]])
    ratio = noise(few, adjusted_rand_index) / noise(100 * few, adjusted_rand_index)
    assert ratio == pytest.approx(10, rel=0.2)


def test_macro_f1_counts_every_segment_alike() -> None:
    """2 * 8 / 18 and 2 * 1 / 4."""
    assert macro_f1(np.array([[8, 1], [1, 1]])) == pytest.approx((16 / 18 + 2 / 4) / 2)
