"""Metrics of probabilities, compared with manual results."""

import numpy as np
import pytest

from bankseg_assets.classifier.evaluation import (
    calibration_error,
    evaluate,
    log_loss,
    publishable_bins,
    reliability,
)
from bankseg_assets.scoring.documents import ReliabilityBin


def test_calibration_error_is_accuracy_confidence_gap() -> None:
    # Four customers at 0.9, three of them right; two at 0.6, both right.
    probabilities = np.array([[0.9, 0.1]] * 4 + [[0.4, 0.6]] * 2)
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert calibration_error(probabilities, labels) == pytest.approx(
        4 / 6 * abs(0.75 - 0.9) + 2 / 6 * abs(1 - 0.6)
    )
    assert reliability(probabilities, labels) == [
        ReliabilityBin(customers=2, confidence=0.6, accuracy=1.0),
        ReliabilityBin(customers=4, confidence=0.9, accuracy=0.75),
    ]


def test_publishable_bins_omit_small_bins() -> None:
    rows = [
        ReliabilityBin(customers=count, confidence=0.9, accuracy=0.8)
        for count in (1, 10, 11, 20_000)
    ]
    assert [row.customers for row in publishable_bins(rows)] == [11, 20_000]


def test_measures_of_small_case() -> None:
    probabilities, labels = np.array([[0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]), np.array([0, 1, 1])
    found = evaluate(probabilities, labels)
    assert found.log_loss == pytest.approx(-np.log([0.8, 0.7, 0.4]).mean(), abs=1e-6)
    assert found.brier == pytest.approx((2 * 0.04 + 2 * 0.09 + 2 * 0.36) / 3, abs=1e-6)
    # One of two right in both classes' counts: 2 TP / (2 TP + FP + FN).
    assert found.f1_macro == found.f1_weighted == pytest.approx(2 / 3, abs=1e-6)
    assert found.accuracy == pytest.approx(2 / 3, abs=1e-6)


def test_log_loss_of_wrong_certainty_is_finite() -> None:
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(34.54, abs=0.01)
