"""What a typical member of a segment is like: bins, medians and digits that people are shown."""

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets.stats.histograms import bin_value, log_bin

WHOLE = ("recency", "frequency", "age")
SHOWN_DIGITS = 3  # of money in sentences
MOST_BINS = 1_000_000  # a greater frequency counts as this one


def measure_bin(name: str) -> Column:
    """Whole numbers keep their value; money goes to logarithmic bins."""
    if name in WHOLE:
        # Not `least`, which skips nulls: an unknown age would count as the greatest.
        return F.when(F.col(name) > MOST_BINS, MOST_BINS).otherwise(F.col(name))
    return log_bin(F.col(name))


def bin_values(name: str, bins: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the values of bins of `measure_bin`."""
    return np.asarray(bins, dtype=float) if name in WHOLE else bin_value(bins).round(2)


def is_typical(known: int, customers: int) -> bool:
    """Tell whether what is known of some members may be said of the segment."""
    return 2 * known >= customers and known >= min(SMALLEST_CELL, customers)


def short_number(value: float) -> str:
    """Three significant digits, with thousands separators: 16792.4 -> 16,800, 0.456 -> 0.456."""
    return f"{float(f'{value:.{SHOWN_DIGITS}g}'):,.10g}"
