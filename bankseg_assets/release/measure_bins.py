"""Bins of the measures' distributions in a release: days, transactions, years, or 5 % of money."""

import math

from bankseg_assets.stats.log_bins import BINS_PER_E_FOLD

MEASURES = ("recency", "frequency", "monetary", "average_amount", "average_balance", "age")
MONEY = ("monetary", "average_amount", "average_balance")
COARSER = 10  # merged bins of 0.5 %: 5 % is fine enough for deciles, at a tenth of the size
GREATEST = 100_000
"""Of days, transactions and years: larger values are in this bin."""


def bin_edges(measure: str, number: int) -> tuple[float, float]:
    """Return the least and the greatest value of a bin.

    >>> bin_edges("recency", 82), [round(edge, 4) for edge in bin_edges("monetary", 0)]
    ((82.0, 82.0), [0.0, 0.0513])
    """
    if measure not in MONEY:
        return float(number), float(number)
    # A negative value's bin counts up from zero too, and dividing rounds it down.
    first, last = COARSER * number, COARSER * number + COARSER - 1
    return _edge(first - (first < 0)), _edge(last + (last >= 0))


def _edge(log_bin: int) -> float:
    """Return the value at which a bin of `histograms.log_bin` begins, seen from zero."""
    return math.copysign(math.expm1(abs(log_bin) / BINS_PER_E_FOLD), log_bin)
