"""Probabilities are judged for every subset of the inputs, and made honest by a temperature."""

import numpy as np
import pytest

from bankseg_assets.partial import subset_key
from bankseg_assets.scoring import bundle_from, softmax
from bankseg_assets.transforms.calibration import (
    best_temperature,
    calibrate,
    calibration_error,
    judge,
    log_loss,
    reliability,
    subsets,
)
from bankseg_assets_tests.transforms.models import Fitted


def test_subsets_begin_with_nothing_and_end_with_all() -> None:
    assert subsets(["a", "b"]) == [(), ("a",), ("b",), ("a", "b")]
    assert len(subsets(["a", "b", "c", "d"])) == 16


def test_the_calibration_error_is_confidence_less_accuracy() -> None:
    # Four customers at 0.9, three of them right; two at 0.6, both right.
    probabilities = np.array([[0.9, 0.1]] * 4 + [[0.4, 0.6]] * 2)
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert calibration_error(probabilities, labels) == pytest.approx(
        4 / 6 * abs(0.75 - 0.9) + 2 / 6 * abs(1 - 0.6)
    )
    rows = reliability(probabilities, labels)
    assert [row["accuracy"] for row in rows] == [1.0, 0.75]
    assert sum(row["share"] for row in rows) == pytest.approx(1)


def test_measures_of_a_small_case() -> None:
    probabilities, labels = np.array([[0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]), np.array([0, 1, 1])
    found = judge(("x",), probabilities, labels, 1.5)
    assert found.log_loss == pytest.approx(-np.log([0.8, 0.7, 0.4]).mean(), abs=1e-6)
    assert found.brier == pytest.approx((2 * 0.04 + 2 * 0.09 + 2 * 0.36) / 3, abs=1e-6)
    # One of two right in both classes' counts: 2 TP / (2 TP + FP + FN).
    assert found.f1_macro == pytest.approx(2 / 3, abs=1e-6)
    assert found.temperature == 1.5


@pytest.mark.parametrize("factor", [0.4, 1.0, 3.0])
def test_a_temperature_undoes_too_much_or_too_little_confidence(factor: float) -> None:
    random = np.random.default_rng(1)
    honest = random.normal(0, 2, (20_000, 3))
    labels = np.array([random.choice(3, p=row) for row in softmax(honest)])
    found = best_temperature(honest / factor, labels)
    assert found == pytest.approx(factor, rel=0.05)
    assert calibration_error(softmax(found * honest / factor), labels) < 0.02


def test_nothing_known_needs_no_temperature() -> None:
    assert best_temperature(np.log([[0.7, 0.3]] * 5), np.array([0, 1, 0, 0, 0])) == 1.0


def test_every_subset_is_judged_and_beats_the_prior(fitted: Fitted) -> None:
    bundle = bundle_from(fitted.bundle)
    temperatures, found = calibrate(bundle, fitted.segments)
    assert [entry.known for entry in found] == subsets(bundle.measures)
    assert set(temperatures) == {subset_key(names) for names in subsets(bundle.measures)}
    prior, *others = found
    assert prior.known == ()
    # Of 180 customers: a measure that says nothing may cost a little by chance.
    assert all(entry.log_loss < prior.log_loss + 0.02 for entry in others)
    assert found[-1].log_loss == min(entry.log_loss for entry in found)
    assert found[-1].f1_macro == pytest.approx(fitted.evaluation.f1_macro, abs=0.02)


def test_the_bundle_holds_what_was_fitted(fitted: Fitted) -> None:
    bundle = bundle_from(fitted.bundle)
    assert dict(bundle.temperatures) == calibrate(bundle, fitted.segments)[0]
    document = fitted.bundle
    assert document["completeness"][-1]["known"] == bundle.measures
    assert (
        document["metrics"]["calibration_error"]
        == document["completeness"][-1]["calibration_error"]
    )


def test_the_log_loss_of_a_wrong_certainty_is_finite() -> None:
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(34.54, abs=0.01)
