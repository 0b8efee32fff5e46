"""Which values a measure may take, and back from a feature to its measure."""

import numpy as np

from bankseg_assets.partial import Known
from bankseg_assets.scoring import DERIVED, LOG_OFFSET, Array, Bundle, Feature

WHOLE = ("recency", "frequency")
LEAST = {"frequency": 1.0}
MOST_WHOLE = 2_000  # days or transactions: no answer depends on more
SMALLEST_COIN = 0.01  # of a rupee: no amount is finer
MOST_MONEY = 1e10  # where a model names no range


def limits(bundle: Bundle, measure: str) -> tuple[float, float]:
    """Return the least and the greatest value that a form takes."""
    most = float(MOST_WHOLE) if measure in WHOLE else MOST_MONEY
    for field in bundle.inputs:
        if field["measure"] == measure:
            return float(field["minimum"]), min(float(field["maximum"]), most)
    return LEAST.get(measure, 0.0), most


def log_offset(bundle: Bundle, measure: str) -> float:
    """Return what is added to a measure before the logarithm is taken; 1 where none is."""
    for feature in bundle.features:
        if feature.transform == LOG_OFFSET and _own_part(feature) == measure:
            return max(feature.parameter, SMALLEST_COIN)
    return 1.0


def invertible(feature: Feature, measure: str) -> bool:
    """Tell whether the measure follows from the feature, all other measures being given."""
    return feature.transform in ("identity", LOG_OFFSET) and _own_part(feature) == measure


def inverse(feature: Feature, values: Array, known: Known) -> Array:
    """Return the measure for values of an `invertible` feature."""
    found = values if feature.transform == "identity" else np.exp(values) - feature.parameter
    if feature.measure not in DERIVED:
        return found
    divisor = np.maximum(known[DERIVED[feature.measure][1]], 1.0)
    times: Array = found * divisor
    return times


def _own_part(feature: Feature) -> str:
    """Return the measure that grows with the feature: of an average, the sum."""
    return DERIVED.get(feature.measure, (feature.measure,))[0]
