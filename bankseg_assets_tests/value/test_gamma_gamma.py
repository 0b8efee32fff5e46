"""Gamma-Gamma against published estimates and simulation."""

import csv
from pathlib import Path

import numpy as np
import pytest

from bankseg_assets.value.bg_nbd import FitError
from bankseg_assets.value.gamma_gamma import Amounts, fit_gamma_gamma
from bankseg_assets.value.spending import amounts_of
from bankseg_assets_tests.value.simulated import MONEY, simulate

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "cdnow"
CDNOW = FOLDER / "cdnow_customers_summary_with_transactions.csv"


def test_fit_reproduces_published_estimates() -> None:
    """Fader and Hardie 2013: customers with a repeat purchase; v printed as 15.45 and 15.44."""
    if not CDNOW.exists():
        pytest.skip("The CDNOW summary is not on this machine.")
    with CDNOW.open(encoding="utf-8") as file:
        rows = [(float(row["x"]), float(row["zbar"])) for row in csv.DictReader(file)]
    purchases, mean = np.array([row for row in rows if min(row) > 0]).T
    found = fit_gamma_gamma(Amounts(purchases, mean, np.ones(len(mean))))
    assert [round(value, 2) for value in (found.p, found.q, found.v)] == [6.25, 3.74, 15.45]


@pytest.mark.parametrize("unit", [0.001, 1.0, 10_000.0])
def test_fit_finds_simulated_parameters_in_any_currency(unit: float) -> None:
    some = simulate(20_000)
    found = fit_gamma_gamma(amounts_of(some.patterns.repeats + 1, unit * some.spent))
    assert found.p == pytest.approx(MONEY.p, rel=0.1)
    assert found.q == pytest.approx(MONEY.q, rel=0.1)
    assert found.v == pytest.approx(unit * MONEY.v, rel=0.1)


def test_expected_mean_is_between_own_and_all() -> None:
    everyone = MONEY.p * MONEY.v / (MONEY.q - 1)
    few, many, refunded = MONEY.expected_mean(np.array([1.0, 500, 3]), np.array([50.0, 50, -9]))
    assert 50 < many < few < everyone
    assert many == pytest.approx(50, rel=0.05)
    assert 0 < refunded < everyone


def test_refunds_and_zero_spending_are_left_out() -> None:
    found = amounts_of([1, 1, 2, 2], [100.0, 0.0, -5.0, 100.0])
    assert found.purchases.tolist() == [1, 2]
    assert found.mean == pytest.approx([100, 50], rel=0.003)


def test_fit_of_equal_amounts_is_refused() -> None:
    with pytest.raises(FitError, match="different amounts"):
        fit_gamma_gamma(amounts_of([1, 1], [5.0, 5.0]))
