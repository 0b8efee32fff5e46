"""What customers will do, without a model: the past repeated, and the mean of their segment."""

import numpy as np
import numpy.typing as npt

from bankseg_assets.stats.arrays import Array

MODEL, PAST, SEGMENT = "model", "past", "segment"
"""Forecasts; the last two are baselines."""
NAMES = {PAST: "the past repeated", SEGMENT: "the mean of the segment"}
_DAYS_FROM = (2, 3, 6)
"""Segments have 1, 2, 3 to 5, and 6 or more days with transactions, in each fifth of recency."""
_RECENCY_PARTS = 5


def past_repeated(total: npt.ArrayLike, span: float, days: float) -> Array:
    """Return what happens in the next days if it goes on as over the span of the data.

    Over the whole span for all customers: over the age, a customer of yesterday is a daily one.
    """
    return np.asarray(total, dtype=np.float64) * (days / span)


def segments(active_days: npt.ArrayLike, recency: npt.ArrayLike, weights: Array) -> Array:
    """Return the segment of each history: its recency, in fifths of the customers, and its days.

    `weights`: the customers of each history.
    """
    days = np.asarray(active_days)
    silence: Array = np.asarray(recency, dtype=np.float64)
    order = np.argsort(silence, kind="stable")
    reached = np.cumsum(weights[order]) / max(float(weights.sum()), 1.0)
    ends = np.searchsorted(reached, np.arange(1, _RECENCY_PARTS) / _RECENCY_PARTS - 1e-9)
    cuts = silence[order][np.minimum(ends, len(order) - 1)] if len(order) else np.empty(0)
    part = np.searchsorted(np.unique(cuts), silence)
    classes = np.searchsorted(_DAYS_FROM, days, side="right")
    found: Array = (part * (len(_DAYS_FROM) + 1) + classes).astype(np.float64)
    return found


def segment_means(found: Array, total: npt.ArrayLike, weights: Array) -> Array:
    """Return the mean total of the customers in each one's segment; total: per history, summed."""
    _, places = np.unique(found, return_inverse=True)
    sums = np.bincount(places, np.asarray(total, dtype=np.float64))
    means: Array = (sums / np.bincount(places, weights))[places]
    return means
