"""Drift of the customers relative to those that the model in use was fitted on."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.release.measure_bins import COARSER, GREATEST, MEASURES, MONEY
from bankseg_assets.stats.arrays import Array
from bankseg_assets.stats.histograms import histograms, log_bin

BINS = 10

CHI_SQUARE = 27.88
"""With 9 degrees of freedom, exceeded once in a thousand: three measures a batch can refuse."""

# An empty bin would make the index infinite, so it counts as half a customer. With 1e-4 instead,
# one empty bin of ten gave a PSI of 0.69 for two samples of 50 customers.
_LEAST_SHARE = 1e-4
_LEAST_CUSTOMERS = 0.5


def distributions(rfm: DataFrame) -> dict[str, dict[int, int]]:
    """Return measure -> bin -> customers; bins are days, transactions, years, or 5 % of money."""
    bins = {
        name: F.floor(log_bin(F.col(name)) / COARSER)
        if name in MONEY
        else F.least(F.col(name), F.lit(GREATEST))
        for name in MEASURES
    }
    known = {name: F.when(F.col(name).isNotNull(), column) for name, column in bins.items()}
    return histograms(rfm, known)


def population_stability_index(before: Mapping[int, int], now: Mapping[int, int]) -> float:
    """Return PSI = sum over ten bins of (q - p) ln(q / p); 0 for equal distributions.

    The bins are the deciles of `before`. Below 0.1 is usually read as stable, above 0.25 as a
    different population (Siddiqi, Credit Risk Scorecards, 2006). 0 when either side has no values.
    """
    if not before or not now:
        return 0.0
    values = np.array(sorted(before))
    cumulative = np.cumsum([before[int(value)] for value in values])
    wanted = cumulative[-1] * np.arange(1, BINS) / BINS
    edges = np.unique(values[np.searchsorted(cumulative, wanted - 1e-9)])
    least = max(_LEAST_SHARE, _LEAST_CUSTOMERS / min(cumulative[-1], sum(now.values())))
    p, q = (np.maximum(_shares(found, edges), least) for found in (before, now))
    return float(((q - p) * np.log(q / p)).sum())


def psi_noise(before: Mapping[int, int], now: Mapping[int, int]) -> float:
    """Return the expected PSI of two samples of the same population.

    Without any change, PSI is about (1/n + 1/m) times a chi-square with bins - 1 degrees of freedom
    (Yurdakul and Naranjo, Statistical properties of the population stability index, 2020). Its
    mean, 9 (1/n + 1/m), is 0.36 for two samples of 50 customers: above the limit for a different
    population.
    """
    n, m = sum(before.values()), sum(now.values())
    return CHI_SQUARE * (1 / n + 1 / m) if n and m else 0.0


def _shares(counts: Mapping[int, int], edges: npt.NDArray[np.int64]) -> Array:
    places = np.searchsorted(edges, np.array(list(counts)))
    shares = np.bincount(places, weights=list(counts.values()), minlength=len(edges) + 1)
    found: Array = shares / shares.sum()
    return found
