"""Metrics of predicted probabilities: F1, log loss, Brier score, calibration error."""

from dataclasses import dataclass

import numpy as np

from bankseg_assets.classifier.naive_bayes import LEAST_PROBABILITY
from bankseg_assets.presentation.disclosure import is_small
from bankseg_assets.scoring.documents import ReliabilityBin
from bankseg_assets.stats.agreement import contingency
from bankseg_assets.stats.arrays import Array, Labels
from bankseg_assets.stats.metrics import f1_scores, occurs

BINS = 15
DIGITS = 6


@dataclass(frozen=True)
class Metrics:
    """Classification metrics of n customers."""

    accuracy: float
    f1_weighted: float
    f1_macro: float
    log_loss: float
    brier: float
    calibration_error: float


def evaluate(probabilities: Array, labels: Labels) -> Metrics:
    """Evaluate probabilities (n, k) against the true segments (n,)."""
    k = probabilities.shape[1]
    # scikit-learn's confusion_matrix warns of a single label even if `labels` names all.
    confusion = contingency(labels, probabilities.argmax(axis=1), np.ones(len(labels)), (k, k))
    f1, shares = f1_scores(confusion), confusion.sum(axis=1) / len(labels)
    truth = np.eye(k)[labels]
    return Metrics(
        accuracy=round(float(np.trace(confusion) / len(labels)), DIGITS),
        f1_weighted=round(float(shares @ f1), DIGITS),
        f1_macro=round(float(f1[occurs(confusion)].mean()), DIGITS),
        log_loss=round(log_loss(probabilities, labels), DIGITS),
        brier=round(float(((probabilities - truth) ** 2).sum(axis=1).mean()), DIGITS),
        calibration_error=round(calibration_error(probabilities, labels), DIGITS),
    )


def log_loss(probabilities: Array, labels: Labels) -> float:
    """Return the mean of -ln P(true segment)."""
    given = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(given, LEAST_PROBABILITY)).mean())


def calibration_error(probabilities: Array, labels: Labels) -> float:
    """Return the expected calibration error: weighted |accuracy - confidence| over 15 bins."""
    bins = reliability(probabilities, labels)
    gaps = [row.customers * abs(row.accuracy - row.confidence) for row in bins]
    return float(sum(gaps)) / len(labels)


def reliability(probabilities: Array, labels: Labels) -> list[ReliabilityBin]:
    """Return customers, confidence and accuracy per bin of the highest probability."""
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        ReliabilityBin(
            customers=int((bins == number).sum()),
            confidence=round(float(confidence[bins == number].mean()), DIGITS),
            accuracy=round(float(hit[bins == number].mean()), DIGITS),
        )
        for number in np.unique(bins)
    ]


def publishable_bins(bins: list[ReliabilityBin]) -> list[ReliabilityBin]:
    """Return the bins of `reliability` that are large enough to be shown."""
    return [row for row in bins if not is_small(row.customers)]
