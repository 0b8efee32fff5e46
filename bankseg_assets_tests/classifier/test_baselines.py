"""Baselines of the classifier, on the same held-out customers."""

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from bankseg_assets.classifier.baselines import compared, gaussian_fit, nearest_centroid
from bankseg_assets.classifier.temperature import calibrate
from bankseg_assets.scoring.bundle import bundle_from
from bankseg_assets_tests.fitted_models import Fitted
from bankseg_assets_tests.small_model import small_model


def test_nearest_centroid_has_least_distance() -> None:
    bundle = small_model(centroids=np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]]))
    points = np.array([[1.9, 0.0], [2.1, 0.0], [0.0, 1.6], [10.0, 10.0]])
    assert nearest_centroid(bundle, points).argmax(axis=1).tolist() == [0, 1, 2, 1]


def test_gaussian_fit_equals_reference_implementation() -> None:
    random = np.random.default_rng(0)
    scores, labels = random.normal(size=(500, 2)), random.integers(0, 3, 500)
    prior, means, variances = gaussian_fit(scores, labels, 3)
    other = GaussianNB(var_smoothing=0.0).fit(scores, labels)
    np.testing.assert_allclose(prior, other.class_prior_)
    np.testing.assert_allclose(means, other.theta_)
    np.testing.assert_allclose(variances, other.var_)


def test_empty_segment_has_no_prior() -> None:
    scores = np.array([[0.0], [2.0]])
    prior, means, variances = gaussian_fit(scores, np.array([0, 0]), 2)
    assert (prior.tolist(), means.tolist(), variances.tolist()) == ([1, 0], [[1], [1]], [[1], [1]])


def test_baselines_are_ordered_by_information(fitted: Fitted) -> None:
    calibrated = calibrate(bundle_from(fitted.bundle), fitted.segments)
    rows = {
        row.classifier: row
        for row in compared(calibrated.bundle, calibrated.training, calibrated.held_out)
    }
    bayes = rows["naive Bayes, calibrated"]
    assert bayes.f1_macro == rows["naive Bayes, uncalibrated"].f1_macro
    # The labels come from the nearest centroid, so it reproduces all of them.
    assert rows["nearest centroid"].accuracy == 1.0
    assert rows["nearest centroid"].log_loss is None
    largest = rows["always the largest segment"]
    shuffled = rows["naive Bayes on shuffled labels"]
    # Of 180 customers; an uninformed classifier has the accuracy of the largest segment's share.
    assert shuffled.accuracy == pytest.approx(largest.accuracy, abs=0.15)
    assert shuffled.log_loss is not None
    assert largest.log_loss is not None
    assert bayes.log_loss is not None
    assert shuffled.log_loss > largest.log_loss - 0.05
    assert bayes.accuracy > 0.8 > largest.accuracy
    assert bayes.log_loss < largest.log_loss
    assert fitted.bundle["evaluation"]["classifiers"] == [row.model_dump() for row in rows.values()]
