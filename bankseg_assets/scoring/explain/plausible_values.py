"""Value ranges of measures, and inverse transforms from features to measures."""

from typing import Any

import numpy as np

from bankseg_assets.contracts.feature_catalogue import LOG_OFFSET, SIGNED_LOG, Feature
from bankseg_assets.scoring.bundle import (
    DERIVED,
    Bundle,
)
from bankseg_assets.scoring.observed import range_in_data
from bankseg_assets.scoring.posterior import Known
from bankseg_assets.stats.arrays import Array

WHOLE = ("recency", "frequency")
LEAST = {"frequency": 1.0}
MOST_WHOLE = 2_000  # days or transactions: larger values do not change an answer
SMALLEST_COIN = 0.01  # of a rupee: the smallest amount
MOST_MONEY = 1e10  # if the model has no range
LOGARITHMS = (LOG_OFFSET, SIGNED_LOG)


def limits(bundle: Bundle, measure: str) -> tuple[float, float]:
    """Return the range that customers have or, if unknown, the one that a form accepts."""
    if found := range_in_data(bundle, measure):
        return found
    most = float(MOST_WHOLE) if measure in WHOLE else MOST_MONEY
    for field in bundle.inputs:
        if field.measure == measure:
            return float(field.minimum), min(float(field.maximum), most)
    return LEAST.get(measure, 0.0), most


def log_offset(bundle: Bundle, measure: str) -> float:
    """Return the offset of a measure's logarithm; 1 if it has no logarithmic feature."""
    for feature in bundle.features:
        if feature.transform in LOGARITHMS and _own_part(feature) == measure:
            return max(feature.parameter, SMALLEST_COIN)
    return 1.0


def invertible(feature: Feature, measure: str) -> bool:
    """Return whether the measure can be computed from the feature, given all other measures."""
    return feature.transform in ("identity", *LOGARITHMS) and _own_part(feature) == measure


def inverse(feature: Feature, values: Array, known: Known) -> Array:
    """Return the measure for values of an `invertible` feature."""
    found = _inverse(feature, values)
    if feature.measure not in DERIVED:
        return found
    divisor = np.maximum(known[DERIVED[feature.measure][1]], 1.0)
    times: Array = found * divisor
    return times


def spread(first: float, last: float, count: int, offset: float) -> Array:
    """Return values from one to the other, evenly spread on the scale sign(x) ln(1 + |x|/offset).

    >>> spread(-9, 9, 3, offset=1.0).tolist()
    [-9.0, 0.0, 9.0]
    """
    ends = np.array([first, last])
    low, high = np.sign(ends) * np.log1p(np.abs(ends) / offset)
    values = unlogged(np.linspace(low, high, count), offset)
    return np.clip(values, min(first, last), max(first, last))


def unlogged(values: Any, offset: float) -> Array:
    """Invert sign(x) ln(1 + |x|/offset)."""
    found: Array = np.sign(values) * offset * np.expm1(np.abs(values))
    return found


def _inverse(feature: Feature, values: Array) -> Array:
    if feature.transform == "identity":
        return values
    if feature.transform == SIGNED_LOG:
        return unlogged(values, feature.parameter)
    found: Array = np.exp(values) - feature.parameter
    return found


def _own_part(feature: Feature) -> str:
    """Return the measure that the feature increases with: for an average, the sum."""
    return DERIVED.get(feature.measure, (feature.measure,))[0]
