"""Edges of the bins in which a release counts its customers."""

import math

import pytest

from bankseg_assets.release.measure_bins import COARSER, bin_edges
from bankseg_assets.stats.log_bins import BINS_PER_E_FOLD


@pytest.mark.parametrize("value", [-98_765.4, -12.0, -1.0, 0.0, 0.5, 149.28, 490_000.0])
def test_bin_edges_enclose_the_values_of_the_bin(value: float) -> None:
    """The bin is that of `drift.distributions`, which Spark computes."""
    steps = math.floor(math.log1p(abs(value)) * BINS_PER_E_FOLD)
    number = math.floor((-steps if value < 0 else steps) / COARSER)
    low, high = bin_edges("monetary", number)
    assert low <= value <= high
    assert (1 + abs(high)) / (1 + abs(low)) == pytest.approx(math.exp(0.05) ** (1, -1)[number < 0])
    assert bin_edges("frequency", 7) == (7.0, 7.0)
