"""Typical values of a segment: bins, medians, and the digits that are displayed."""

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets.stats.histograms import bin_value, log_bin

WHOLE = ("recency", "frequency", "age")
MOST_BINS = 1_000_000  # greater frequencies are capped here


def measure_bin(name: str) -> Column:
    """Return the bin of a measure: whole numbers keep their value, money is binned by logarithm."""
    if name in WHOLE:
        # Not `least`, which skips nulls: an unknown age would become the greatest.
        return F.when(F.col(name) > MOST_BINS, MOST_BINS).otherwise(F.col(name))
    return log_bin(F.col(name))


def bin_values(name: str, bins: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the values that bins of `measure_bin` stand for."""
    return np.asarray(bins, dtype=float) if name in WHOLE else bin_value(bins).round(2)


def is_typical(known: int, customers: int) -> bool:
    """Return whether enough members have a known value to describe the segment by it."""
    return 2 * known >= customers and known >= min(SMALLEST_CELL, customers)
