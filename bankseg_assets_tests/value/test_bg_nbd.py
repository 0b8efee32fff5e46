"""BG/NBD against published estimates, the hypergeometric formula, integrals and simulation."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.special import betaln, hyp2f1
from scipy.stats import beta

from bankseg_assets.stats.arrays import Array
from bankseg_assets.value.bg_nbd import BgNbd, FitError, beta_quadrature, fit_bg_nbd
from bankseg_assets.value.patterns import Patterns
from bankseg_assets_tests.value.simulated import PURCHASES, simulate

CDNOW = Path(__file__).parents[3] / "shared" / "data" / "cdnow" / "cdnow_customers_summary.csv"


def patterns(*rows: tuple[float, float, float]) -> Patterns:
    repeats, last, age = np.array(rows, dtype=np.float64).T
    return Patterns(repeats, last, age, np.ones(len(rows)))


@pytest.fixture(scope="module")
def cdnow() -> Patterns:
    if not CDNOW.exists():
        pytest.skip("The CDNOW summary is not on this machine.")
    with CDNOW.open(encoding="utf-8") as file:
        rows = [
            tuple(float(row[name]) for name in ("frequency", "recency", "T"))
            for row in csv.DictReader(file)
        ]
    return patterns(*((x, last, age) for x, last, age in rows))


def test_fit_reproduces_published_estimates(cdnow: Patterns) -> None:
    """Fader, Hardie and Lee 2005, table 2."""
    found = fit_bg_nbd(cdnow)
    digits = [round(value, 3) for value in (found.r, found.alpha, found.a, found.b)]
    assert digits == [0.243, 4.414, 0.793, 2.426]
    assert round(found.log_likelihood(cdnow), 1) == -9582.4


def test_fit_of_counted_patterns_equals_that_of_customers(cdnow: Patterns) -> None:
    rows = np.column_stack([cdnow.repeats, cdnow.last, cdnow.age])
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    found = fit_bg_nbd(Patterns(*distinct.T, counts.astype(np.float64)))
    whole = fit_bg_nbd(cdnow)
    assert found.r == pytest.approx(whole.r, rel=1e-5)
    assert found.b == pytest.approx(whole.b, rel=1e-4)


def test_fit_finds_simulated_parameters() -> None:
    found = fit_bg_nbd(simulate(40_000).patterns)
    assert found.r == pytest.approx(PURCHASES.r, rel=0.1)
    assert found.alpha == pytest.approx(PURCHASES.alpha, rel=0.1)
    assert found.a / found.b == pytest.approx(PURCHASES.a / PURCHASES.b, rel=0.1)


@pytest.mark.parametrize("days", [30.0, 90.0, 365.0])
def test_expected_equals_hypergeometric_formula(days: float) -> None:
    """Equation 10 of the paper."""
    some, model = simulate(2_000).patterns, PURCHASES
    x, after = some.repeats, model.alpha + some.age
    function = hyp2f1(model.r + x, model.b + x, model.a + model.b + x - 1, days / (after + days))
    share = 1 - (after / (after + days)) ** (model.r + x) * function
    wanted = (model.a + model.b + x - 1) / (model.a - 1) * share * model.p_alive(some)
    np.testing.assert_allclose(model.expected(some, days), wanted, rtol=1e-9)


@pytest.mark.parametrize("repeats", [0.0, 3.0, 300.0, 3_000.0])
@pytest.mark.parametrize("a", [0.02, 1.0, 6.0])
def test_expected_equals_integral(repeats: float, a: float) -> None:
    """Also for a = 1, and for counts where the hypergeometric function overflows."""
    model = BgNbd(0.5, 7.0, a, 2.5)
    age, days, b = 400.0, 365.0, model.b + repeats

    p = np.maximum(beta.ppf((np.arange(40_000) + 0.5) / 40_000, a, b), 1e-300)
    power = (model.r + repeats) * np.log1p(p * days / (model.alpha + age))
    wanted = float((-np.expm1(-power) / p).mean())
    history = patterns((repeats, age if repeats else 0.0, age))
    found = model.expected(history, days) / model.p_alive(history)
    assert found[0] == pytest.approx(wanted, rel=3e-4)


def test_p_alive_falls_with_silence_and_is_one_without_repeats() -> None:
    some = patterns((0, 0, 100), (5, 100, 100), (5, 60, 100), (5, 20, 100), (900, 10, 1_000))
    found = PURCHASES.p_alive(some)
    assert found[0] == 1
    assert found[1] > found[2] > found[3] > found[4] >= 0
    assert np.isfinite(found).all()


def test_daily_customers_are_fitted_and_scored() -> None:
    days = np.full(50, 180.0)
    daily = Patterns(days - 1, days - 1, days, np.ones(50))
    model = fit_bg_nbd(daily)
    assert model.expected(daily, 30)[0] == pytest.approx(30, rel=0.05)
    assert model.p_alive(daily)[0] == pytest.approx(1, abs=0.05)


def test_fit_without_repeats_is_refused() -> None:
    with pytest.raises(FitError, match="transactions on two days"):
        fit_bg_nbd(patterns((0, 0, 10), (0, 0, 20)))


@pytest.mark.parametrize(("a", "b"), [(0.79, 2.4), (1.0, 1.0), (0.5, 0.5), (0.01, 5_000.0)])
def test_quadrature_integrates_powers_exactly(a: float, b: float) -> None:
    nodes, weights = beta_quadrature(a, b)
    moments: Array = np.array([(weights * nodes**k).sum() for k in range(4)])
    wanted = [np.exp(betaln(a + k, b) - betaln(a, b)) for k in range(4)]
    np.testing.assert_allclose(moments, wanted, rtol=1e-9)
