"""Prediction intervals on simulated customers."""

import numpy as np

from bankseg_assets.value.intervals import intervals
from bankseg_assets_tests.value.simulated import MONEY, PURCHASES, simulate


def test_intervals_contain_four_of_five_customers() -> None:
    """Counts are whole, so that an interval has at least its share."""
    some = simulate(8_000, seed=3)
    found = intervals(PURCHASES, MONEY, some.patterns, [90])[90]
    scale = MONEY.v + some.spent
    for actual, low, high in (
        (some.purchases_after, found.low, found.high),
        (some.spent_after, found.amount_low * scale, found.amount_high * scale),
    ):
        assert (actual < low).mean() < 0.11
        assert 0.03 < (actual > high).mean() < 0.11
        assert (low <= high).all()


def test_intervals_are_reproducible_and_widen_with_days() -> None:
    some = simulate(200).patterns
    found, again = (intervals(PURCHASES, MONEY, some, (30, 365)) for _ in range(2))
    short, long = found[30], found[365]
    np.testing.assert_array_equal(short.high, again[30].high)
    assert long.high.sum() > short.high.sum()
    assert long.amount_high.sum() > short.amount_high.sum()


def test_intervals_of_amounts_are_unknown_without_a_model() -> None:
    found = intervals(PURCHASES, None, simulate(20).patterns, [30])[30]
    assert np.isnan(found.amount_high).all()
    assert np.isfinite(found.high).all()
