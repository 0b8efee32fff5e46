"""Amounts of customers, reduced to pairs that many customers share."""

import numpy as np
import numpy.typing as npt

from bankseg_assets.stats.arrays import Array, Labels
from bankseg_assets.stats.log_bins import BINS_PER_E_FOLD
from bankseg_assets.value.gamma_gamma import Amounts
from bankseg_assets.value.patterns import rounded

_BIN_BITS = 20
_HALF = 1 << (_BIN_BITS - 1)  # mean amounts from 1e-1138 to 1e1138: every double


def amounts_of(active_days: npt.ArrayLike, spend: npt.ArrayLike) -> Amounts:
    """Return the distinct pairs of days and mean amount; amounts in bins 0.5 % wide.

    `spend`: the sum over all days of a customer. Customers who spent nothing, or whose refunds are
    greater, are left out. The bins are relative: currencies differ by a factor of 10,000.
    """
    return amounts_in(*np.unique(amount_keys(active_days, spend), return_counts=True))


def amount_keys(active_days: npt.ArrayLike, spend: npt.ArrayLike) -> Labels:
    """Return one number for the pair of each customer who has spent more than nothing."""
    days, total = rounded(active_days), np.asarray(spend, dtype=np.float64)
    positive = total > 0
    days, total = days[positive], total[positive]
    bins = np.round(np.log(total / days) * BINS_PER_E_FOLD).astype(np.int64)
    found: Labels = (days.astype(np.int64) << _BIN_BITS) | (bins + _HALF)
    return found


def amounts_in(keys: Labels, customers: npt.ArrayLike) -> Amounts:
    """Return the pairs of distinct keys, with their customers."""
    bins: Array = ((keys & ((1 << _BIN_BITS) - 1)) - _HALF).astype(np.float64)
    return Amounts(
        (keys >> _BIN_BITS).astype(np.float64),
        np.exp(bins / BINS_PER_E_FOLD),
        np.asarray(customers, dtype=np.float64),
    )
