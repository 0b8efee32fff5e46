"""Baselines for the classifier's metrics: less informed classifiers, and nearest centroid."""

from dataclasses import asdict, replace

import numpy as np

from bankseg_assets.classifier.evaluation import (
    evaluate,
)
from bankseg_assets.classifier.temperature import Sample
from bankseg_assets.scoring.bundle import (
    Bundle,
    log_joint,
    project,
    score,
    softmax,
)
from bankseg_assets.scoring.documents import ClassifierQuality
from bankseg_assets.scoring.posterior import log_posterior
from bankseg_assets.stats.arrays import Array, Labels

NEAREST = "nearest centroid"
SHUFFLED = "naive Bayes on shuffled labels"
_OF_PROBABILITIES = ("log_loss", "brier", "calibration_error")


def compared(bundle: Bundle, training: Sample, held_out: Sample) -> list[ClassifierQuality]:
    """Return one row per classifier, all evaluated on the same held-out customers.

    Nearest centroid gives no probabilities, so it has only accuracy and F1. With shuffled labels
    all probabilities are equal, and the calibration error depends on the side of a bin's edge that
    they fall on (0.00 to 0.31 in three samples), so it is omitted.
    """
    measures = {name: held_out.known[name] for name in bundle.measures}
    count = len(held_out.labels)
    found: dict[str, Array] = {
        "naive Bayes, calibrated": softmax(log_posterior(bundle, measures, count)),
        "naive Bayes, uncalibrated": score(bundle, measures).probabilities,
        NEAREST: nearest_centroid(bundle, project(bundle, measures)),
        "always the largest segment": np.tile(bundle.prior, (count, 1)),
        SHUFFLED: _on_shuffled_labels(bundle, training, held_out),
    }
    undefined = {NEAREST: _OF_PROBABILITIES, SHUFFLED: ("calibration_error",)}
    return [
        ClassifierQuality.model_validate(
            asdict(evaluate(given, held_out.labels))
            | dict.fromkeys(undefined.get(name, ()))
            | {"classifier": name}
        )
        for name, given in found.items()
    ]


def nearest_centroid(bundle: Bundle, scores: Array) -> Array:
    """Return one-hot probabilities (n, k) of the centroid nearest to component scores (n, c)."""
    squared = ((scores[:, None, :] - bundle.centroids[None]) ** 2).sum(axis=2)
    found: Array = np.eye(len(bundle.centroids))[squared.argmin(axis=1)]
    return found


def gaussian_fit(scores: Array, labels: Labels, k: int) -> tuple[Array, Array, Array]:
    """Return prior (k,), means (k, c) and variances (k, c) of naive Bayes, in closed form.

    A segment without customers gets the overall means and variances, and prior zero.
    """
    members = [scores[labels == segment] for segment in range(k)]
    filled = [some if len(some) else scores for some in members]
    prior = np.array([len(some) for some in members]) / len(labels)
    means = np.array([some.mean(axis=0) for some in filled])
    variances = np.array([some.var(axis=0) for some in filled])
    return prior, means, variances


def _on_shuffled_labels(bundle: Bundle, training: Sample, held_out: Sample) -> Array:
    """Return P(segment) by naive Bayes fitted on shuffled labels.

    Samples are ordered by a hash, so the next customer is a random one.
    """
    names = bundle.measures
    fitted = project(bundle, {name: training.known[name] for name in names})
    labels = np.roll(training.labels, 1)
    prior, means, variances = gaussian_fit(fitted, labels, len(bundle.prior))
    stranger = replace(
        bundle,
        prior=np.maximum(prior, np.finfo(float).tiny),
        means=means,
        variances=np.maximum(variances, bundle.variances.min()),
    )
    return softmax(log_joint(stranger, project(bundle, {n: held_out.known[n] for n in names})))
