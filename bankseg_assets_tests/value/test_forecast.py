"""Fitting, testing and scoring all customers of a snapshot."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bankseg_assets.contracts.tables import CUSTOMER_VALUE
from bankseg_assets.value.forecast import HORIZONS, ValueModel, fit_value, score
from bankseg_assets.value.patterns import patterns_of
from bankseg_assets.value.spending import amounts_of
from bankseg_assets_tests.value.simulated import MONEY, simulate


def test_forecasts_of_customers_as_the_models_assume() -> None:
    some = simulate(20_000)
    model = fit_value(
        some.patterns, amounts_of(some.patterns.repeats + 1, some.spent), some.followed, 300
    )
    assert (model.days_by, model.spend_by) == ("model", "model")
    found = score(model, some.patterns, some.spent)
    spend = found["spend_next_90_base"] + found["spend_next_90_share"] * some.spent
    assert found["days_next_90"].sum() == pytest.approx(some.purchases_after.sum(), rel=0.05)
    assert spend.sum() == pytest.approx(some.spent_after.sum(), rel=0.05)
    # The parts are the Gamma-Gamma expectation.
    x, money = some.patterns.repeats + 1, model.money
    assert money is not None
    wanted = found["days_next_90"] * money.expected_mean(x, some.spent / x)
    np.testing.assert_allclose(spend, wanted, rtol=1e-9)
    assert MONEY.q == pytest.approx(money.q, rel=0.1)


def test_scores_are_the_columns_of_the_table() -> None:
    patterns, _ = patterns_of([1, 2, 3], [1, 1, 2], [1, 9, 30])
    model = fit_value(patterns, amounts_of([1, 2, 3], [9.0, 8.0, 7.0]), None, 30)
    found = score(model, patterns, np.array([9.0, 8.0, 7.0]))
    assert set(found) == set(CUSTOMER_VALUE.names[4:])


def test_short_spans_repeat_the_past_and_say_so() -> None:
    patterns, _ = patterns_of([1, 2, 10], [1, 1, 2], [1, 9, 20])
    spent = np.array([10.0, 22.0, 100.0])
    model = fit_value(patterns, amounts_of([1, 2, 10], spent), None, 20)
    assert (model.days_by, model.spend_by) == ("past", "past")
    assert "span 20 days" in model.notes[0]
    found = score(model, patterns, spent)
    assert found["days_next_30"] == pytest.approx([1.5, 3, 15])
    assert found["spend_next_90_share"] == pytest.approx(np.full(3, 4.5))
    assert np.isnan(found["p_alive"]).all()
    assert np.isnan(found["days_next_30_high"]).all()


def test_customers_of_one_day_each_have_a_forecast() -> None:
    patterns, _ = patterns_of(np.ones(50), np.arange(50) + 1, np.arange(50) + 1)
    model = fit_value(patterns, amounts_of(np.ones(50), np.full(50, 7.0)), None, 50)
    found = score(model, patterns, np.full(50, 7.0))
    assert "No customer has transactions on two days." in model.notes
    assert found["days_next_365"] == pytest.approx(np.full(50, 365 / 50))


def test_notes_name_horizons_beyond_the_span() -> None:
    patterns, _ = patterns_of([1, 2], [1, 1], [1, 9])
    notes = fit_value(patterns, amounts_of([1, 2], [9.0, 8.0]), None, 40).notes
    assert "forecasts for 90 and 365 days assume" in notes[-1]


def test_daily_customers_have_at_most_every_day() -> None:
    days = np.full(40, 100)
    patterns, _ = patterns_of(days, np.ones(40), days)
    model = fit_value(patterns, amounts_of(days, np.linspace(5, 50, 40)), None, 100)
    found = score(model, patterns, np.array([1_000.0]))
    for horizon in HORIZONS:
        assert found[f"days_next_{horizon}"] <= horizon


def test_segment_means_keep_the_totals() -> None:
    patterns, places = patterns_of([1, 1, 2, 10], [1, 5, 1, 2], [1, 5, 9, 20])
    spent = np.bincount(places, [10.0, 30.0, 22.0, 100.0])
    fitted = fit_value(patterns, amounts_of([1, 1, 2, 10], [10.0, 30.0, 22.0, 100.0]), None, 20)
    found = score(replace(fitted, days_by="segment", spend_by="segment"), patterns, spent)
    assert patterns.customers @ found["days_next_30"] == pytest.approx(14 * 30 / 20)
    assert patterns.customers @ found["spend_next_30_base"] == pytest.approx(162 * 30 / 20)
    assert not found["spend_next_30_share"].any()


def test_models_of_a_document_are_those_written() -> None:
    some = simulate(2_000)
    amounts = amounts_of(some.patterns.repeats + 1, some.spent)
    for followed in (some.followed, None):
        model = fit_value(some.patterns, amounts, followed, 300 if followed else 20)
        assert ValueModel.from_json(json.loads(json.dumps(model.to_json()))) == model


@pytest.mark.parametrize(
    ("span", "customers", "suits"),
    [
        *((300, 2_000, True), (330, 2_200, True), (299, 2_000, False), (331, 2_000, False)),
        *((300, 2_201, False), (300, 1_800, False)),
    ],
)
def test_models_are_kept_until_a_tenth_more(span: int, customers: int, suits: bool) -> None:
    some = simulate(2_000)
    amounts = amounts_of(some.patterns.repeats + 1, some.spent)
    assert fit_value(some.patterns, amounts, some.followed, 300).suits(span, customers) == suits


def test_untested_models_are_not_kept() -> None:
    patterns, _ = patterns_of([1, 2, 3], [1, 1, 2], [1, 9, 30])
    model = fit_value(patterns, amounts_of([1, 2, 3], [9.0, 8.0, 7.0]), None, 30)
    assert not model.suits(30, 3)


def test_forecasts_of_an_unreliable_model_are_those_of_a_baseline() -> None:
    """As in a file where hardly any customer comes again."""
    some = simulate(20_000)
    random = np.random.default_rng(1)
    rarely = (random.random(20_000) < 0.02).astype(float)
    followed = replace(some.followed, days_after=rarely, spend_after=rarely * 50)
    amounts = amounts_of(some.patterns.repeats + 1, some.spent)
    model = fit_value(some.patterns, amounts, followed, 300)
    assert (model.days_by, model.spend_by, model.reliable) == ("past", "past", False)
    found = score(model, some.patterns, some.spent)
    assert found["days_next_90"] == pytest.approx((some.patterns.repeats + 1) * 90 / 300)
    assert np.isnan(found["p_alive"]).all()
    assert "do not choose customers" in model.notes[0]
