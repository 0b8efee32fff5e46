"""Amounts of customers, reduced to pairs that many customers share."""

import numpy as np
import numpy.typing as npt

from bankseg_assets.stats.log_bins import BINS_PER_E_FOLD
from bankseg_assets.value.gamma_gamma import Amounts
from bankseg_assets.value.patterns import rounded


def amounts_of(active_days: npt.ArrayLike, spend: npt.ArrayLike) -> Amounts:
    """Return the distinct pairs of days and mean amount; amounts in bins 0.5 % wide.

    `spend`: the sum over all days of a customer. Customers who spent nothing, or whose refunds are
    greater, are left out. The bins are relative: currencies differ by a factor of 10,000.
    """
    days, total = rounded(active_days), np.asarray(spend, dtype=np.float64)
    positive = total > 0
    days, total = days[positive], total[positive]
    keys = np.column_stack([days, np.round(np.log(total / days) * BINS_PER_E_FOLD)])
    distinct, counts = np.unique(keys, axis=0, return_counts=True)
    return amounts_in_bins(distinct[:, 0], distinct[:, 1], counts)


def amounts_in_bins(
    active_days: npt.ArrayLike, bins: npt.ArrayLike, customers: npt.ArrayLike
) -> Amounts:
    """Return the same from bins that are already counted: 200 ln(mean amount), rounded."""
    days, numbers, counts = (
        np.asarray(values, dtype=np.float64) for values in (active_days, bins, customers)
    )
    return Amounts(days, np.exp(numbers / BINS_PER_E_FOLD), counts)
