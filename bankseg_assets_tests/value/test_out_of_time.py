"""The test of forecasts on what followed, and the choice between them."""

from dataclasses import replace

import numpy as np
import pytest

from bankseg_assets.value.baselines import MODEL, segment_means, segments
from bankseg_assets.value.out_of_time import (
    Quality,
    best,
    compare,
    missing_end,
    quality,
    verdict,
    why_not_tested,
)
from bankseg_assets.value.patterns import Patterns
from bankseg_assets_tests.value.simulated import simulate

GOOD, BAD = Quality(0.1, 1.0, 0.5, ()), Quality(0.9, 2.0, 0.2, ())
USELESS = Quality(9.0, 2.0, 0.0, ())


def test_model_wins_on_customers_as_it_assumes() -> None:
    followed = simulate(20_000, days=150).followed
    for found in compare(followed, 300, 150):
        assert best(found) == MODEL
        assert abs(found[MODEL].total_error or 1) < 0.05
        forecasts, actual = np.array(found[MODEL].deciles).T
        np.testing.assert_allclose(forecasts[-3:], actual[-3:], rtol=0.15)
        assert "better than both" in verdict("spending", found)


def test_quality_of_a_known_forecast() -> None:
    found = quality(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 4.0]))
    assert found.total_error == pytest.approx(-0.25)
    assert found.mae == pytest.approx(2 / 3)
    assert found.rank_correlation == pytest.approx(0.866, abs=0.001)
    assert found.deciles[0] == (1.0, 2.0)


def test_quality_is_defined_if_nothing_followed() -> None:
    found = quality(np.ones(3), np.zeros(3))
    assert (found.total_error, found.rank_correlation) == (None, None)


@pytest.mark.parametrize(
    ("model", "past", "segment", "used"),
    [
        (GOOD, BAD, BAD, "model"),
        (BAD, GOOD, BAD, "past"),
        (BAD, BAD, GOOD, "segment"),
        (replace(BAD, mae=0.5), GOOD, BAD, "past"),
        (replace(GOOD, mae=5.0), BAD, BAD, "model"),
        (replace(GOOD, rank_correlation=0.01), USELESS, USELESS, "past"),
        (replace(GOOD, total_error=8.0), replace(BAD, total_error=8.6), USELESS, "past"),
        (BAD, USELESS, replace(GOOD, total_error=2.0), "past"),
    ],
)
def test_best_is_the_model_if_reliable_and_not_worse(
    model: Quality, past: Quality, segment: Quality, used: str
) -> None:
    found = {"past": past, "segment": segment, "model": model}
    assert best(found) == used
    assert ("is shown" in verdict("spending", found)) == (used != MODEL)


def test_verdict_names_the_baseline_that_was_better() -> None:
    said = verdict("spending", {"past": BAD, "segment": GOOD, "model": BAD})
    assert "worse than a baseline, the mean of the segment" in said
    assert "forecast over actual total: 1.10" in said
    assert "do not choose" not in said


def test_verdict_of_a_model_that_predicts_nothing_has_both_figures() -> None:
    """The baseline is shown, and its own error, which may be greater."""
    model = replace(USELESS, total_error=8.0, mae=1.5)
    said = verdict("spending", {"past": USELESS, "segment": USELESS, "model": model})
    assert "did not predict what followed (forecast over actual total: 9.00" in said
    assert "the past repeated is shown (forecast over actual total: 10.00" in said
    assert "do not choose customers by this forecast" in said


def test_files_without_their_end_are_noted() -> None:
    """Of 300 days: 100 customers a day for 200 days, then 10 or 40."""
    for later, noted in ((10.0, True), (40.0, False)):
        age = np.arange(1.0, 301.0)
        counts = np.where(age <= 100, later, 100.0)
        note = missing_end(Patterns(np.zeros(300), np.zeros(300), age, counts), 300)
        assert ("fell from 100 to 10" in note) == noted
        assert noted or not note


def test_short_spans_and_few_customers_are_not_tested() -> None:
    followed = simulate(500).followed
    assert "span 41 days" in why_not_tested(41, followed)
    assert why_not_tested(300, followed) == ""
    silent = replace(followed, days_after=np.zeros(500))
    assert "in the last third" in why_not_tested(300, silent)
    once = replace(followed, active_days=np.ones(500))
    assert "twice in the first two thirds" in why_not_tested(300, once)


def test_segment_means_keep_the_total() -> None:
    weights = np.array([3.0, 1.0, 1.0, 5.0])
    groups = segments([1, 1, 9, 2], [5, 5, 1, 90], weights)
    means = segment_means(groups, [6.0, 4.0, 7.0, 5.0], weights)
    assert means[0] == means[1] == 2.5
    assert means @ weights == pytest.approx(22)
