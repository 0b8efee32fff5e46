"""Welch and CUPED against scipy, their definitions, and arms without variance."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from bankseg_assets.stats.arrays import Array
from bankseg_assets.stats.two_arms import cuped, slope, welch

RNG = np.random.default_rng(11)
FIRST, SECOND = RNG.gamma(2, 50, 900), RNG.gamma(2, 45, 100)


def test_welch_is_that_of_scipy() -> None:
    found, expected = welch(FIRST, SECOND), ttest_ind(FIRST, SECOND, equal_var=False)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.degrees_of_freedom == pytest.approx(expected.df)
    assert found.interval(0.04) == pytest.approx(tuple(expected.confidence_interval(0.96)))


def test_relative_difference_has_an_interval() -> None:
    found = welch(FIRST, SECOND)
    relative = found.relative()
    assert relative is not None
    estimate, low, high = relative
    assert estimate == pytest.approx(FIRST.mean() / SECOND.mean() - 1)
    assert low < estimate < high


@pytest.mark.parametrize("middle", [0.0, -50.0, 5.0])
def test_relative_needs_a_mean_clearly_above_zero(middle: float) -> None:
    noisy = RNG.normal(0, 50, 100)
    noisy += middle - noisy.mean()
    assert welch(FIRST, noisy).relative() is None


def test_constant_arms_are_compared() -> None:
    zeros, ones = np.zeros(40), np.ones(40)
    assert (welch(zeros, zeros).p_value, welch(zeros, zeros).interval()) == (1.0, (0.0, 0.0))
    assert (welch(ones, zeros).p_value, welch(ones, zeros).interval()) == (0.0, (1.0, 1.0))


def arms(correlation: float) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    before = RNG.normal(100, 20, 10_000)
    noise = RNG.normal(0, 20 * np.sqrt(1 - correlation**2), 10_000)
    values = 30 + correlation * before + noise
    return (values[1_000:], values[:1_000]), (before[1_000:], before[:1_000])


def test_cuped_narrows_by_the_correlation() -> None:
    """The variance falls by the squared correlation (Deng et al. 2013, formula 5)."""
    values, before = arms(0.8)
    narrowed = cuped(*values, before).standard_error / welch(*values).standard_error
    assert narrowed == pytest.approx(np.sqrt(1 - 0.8**2), abs=0.02)
    assert slope(values, before) == pytest.approx(0.8, abs=0.02)


def test_cuped_corrects_an_imbalance_before() -> None:
    values, before = arms(0.8)
    richer = (values[0] + 0.8 * 10, values[1]), (before[0] + 10, before[1])
    assert cuped(*richer[0], richer[1]).estimate == pytest.approx(
        cuped(*values, before).estimate, abs=0.3
    )


def test_cuped_without_variance_before_is_welch() -> None:
    before = (np.zeros(900), np.zeros(100))
    assert cuped(FIRST, SECOND, before) == welch(FIRST, SECOND)
