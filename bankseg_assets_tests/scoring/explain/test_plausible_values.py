"""Value grids and inverse transforms of features, including negative values."""

import numpy as np
import pytest

from bankseg_assets.contracts.feature_catalogue import Feature
from bankseg_assets.scoring.bundle import apply_transform
from bankseg_assets.scoring.explain.plausible_values import inverse, invertible, spread


def test_spread_covers_debts_as_finely_as_credits() -> None:
    values = spread(-1e6, 1e6, 401, offset=10.0)
    assert values[[0, 200, 400]].tolist() == [-1e6, 0.0, 1e6]
    assert np.allclose(values, -values[::-1])
    assert (np.diff(values) > 0).all()


def test_spread_of_credits_is_even_in_log_offset() -> None:
    steps = np.diff(np.log(spread(0.0, 1e6, 50, offset=10.0) + 10.0))
    assert np.allclose(steps, steps[0])


@pytest.mark.parametrize("value", [-1234.5, -0.5, 0.0, 0.5, 98765.0])
def test_inverse_of_signed_logarithm_is_measure(value: float) -> None:
    feature = Feature("log_average_balance", "average_balance", "signed_log", 100.0)
    logged = float(apply_transform(feature, np.array([value]))[0])
    assert invertible(feature, "average_balance")
    assert inverse(feature, np.array([logged]), {})[0] == pytest.approx(value)
