"""Drift is measured by the population stability index."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from bankseg_assets.release.drift import distributions, population_stability_index, psi_noise
from bankseg_assets.release.gates import Limits
from bankseg_assets_tests.frames import rfm_frame

COUNTS = st.dictionaries(st.integers(0, 50), st.integers(1, 1000), min_size=1)


def test_psi_of_swapped_halves() -> None:
    # Shares 0.5 and 0.5, then 0.25 and 0.75; each decile beyond the two values is empty twice.
    found = population_stability_index({0: 50, 1: 50}, {0: 25, 1: 75})
    assert found == pytest.approx(0.25 * math.log(3), abs=1e-3)


def test_another_unit_is_far_beyond_limit() -> None:
    rupees = dict.fromkeys(range(100), 100)
    paise = {number + 90: 100 for number in range(100)}
    assert population_stability_index(rupees, paise) > 1


def test_unknown_measures_have_no_drift() -> None:
    assert population_stability_index({}, {1: 1}) == population_stability_index({1: 1}, {}) == 0


@pytest.mark.parametrize("n", [20, 50, 200, 5_000])
def test_chance_alone_never_refuses(n: int) -> None:
    """The PSI of two samples of the same customers stays below limit plus noise."""
    random = np.random.default_rng(3)
    samples = [Counter((40 * random.normal(size=n)).astype(int).tolist()) for _ in range(200)]
    found = [
        (population_stability_index(one, other), psi_noise(one, other))
        for one, other in zip(samples[::2], samples[1::2], strict=True)
    ]
    assert all(psi <= Limits.drift_refused + noise for psi, noise in found)
    assert psi_noise({}, {1: 1}) == 0


@pytest.mark.slow
@given(COUNTS, st.integers(2, 9))
def test_more_customers_of_same_kind_are_no_drift(counts: dict[int, int], times: int) -> None:
    more = {number: count * times for number, count in counts.items()}
    assert population_stability_index(counts, more) == pytest.approx(0, abs=1e-12)


@given(COUNTS, COUNTS)
def test_psi_is_never_negative(before: dict[int, int], now: dict[int, int]) -> None:
    assert population_stability_index(before, now) >= 0


def test_distributions_skip_unknown_values(spark: SparkSession) -> None:
    rows = [
        {"recency": 3, "frequency": 2, "age": 40},
        {"recency": 3, "frequency": 200_000, "age": None, "average_balance": None},
    ]
    found = distributions(rfm_frame(spark, rows))
    assert found["recency"] == {3: 2}
    assert found["frequency"] == {2: 1, 100_000: 1}
    assert found["age"] == {40: 1}
    # ln(1 + 1000) = 6.909 in bins of 1/20.
    assert found["average_balance"] == {138: 1}
