"""How far the customers have moved away from those that the model in use was made of."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.transforms.histograms import histograms, log_bin

MEASURES = ("recency", "frequency", "monetary", "average_amount", "average_balance", "age")
_MONEY = ("monetary", "average_amount", "average_balance")
COARSER = 10  # of histograms' bins of 0.5 %: 5 % is fine enough for deciles, in a tenth of the room
BINS = 10
Array = npt.NDArray[np.float64]

_LEAST_SHARE = 1e-4  # an empty bin would make the index infinite


def distributions(rfm: DataFrame) -> dict[str, dict[int, int]]:
    """Return measure -> bin -> customers: days, transactions, years, or money in 5 % bins."""
    bins = {
        name: F.floor(log_bin(F.col(name)) / COARSER)
        if name in _MONEY
        else F.least(F.col(name), F.lit(100_000))
        for name in MEASURES
    }
    known = {name: F.when(F.col(name).isNotNull(), column) for name, column in bins.items()}
    return histograms(rfm, known)


def population_stability_index(before: Mapping[int, int], now: Mapping[int, int]) -> float:
    """Return PSI = sum over ten bins of (q - p) ln(q / p); 0 for equal shapes.

    The bins are the deciles of `before`. Below 0.1 is usually read as stable, above 0.25 as
    another population (Siddiqi, Credit Risk Scorecards, 2006). 0 when either side has no values.
    """
    if not before or not now:
        return 0.0
    values = np.array(sorted(before))
    cumulative = np.cumsum([before[int(value)] for value in values])
    wanted = cumulative[-1] * np.arange(1, BINS) / BINS
    edges = np.unique(values[np.searchsorted(cumulative, wanted - 1e-9)])
    p, q = (_shares(found, edges) for found in (before, now))
    return float(((q - p) * np.log(q / p)).sum())


def _shares(counts: Mapping[int, int], edges: npt.NDArray[np.int64]) -> Array:
    places = np.searchsorted(edges, np.array(list(counts)))
    shares = np.bincount(places, weights=list(counts.values()), minlength=len(edges) + 1)
    found: Array = np.maximum(shares / shares.sum(), _LEAST_SHARE)
    return found
