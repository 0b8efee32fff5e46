"""Histories of customers, reduced to patterns that many customers share.

A history is three numbers (Fader, Hardie and Lee 2005): x repeat purchases, at age t_x the last of
them, and the age T. Here a purchase is a day with transactions: several on one day are one, because
the models assume independent purchases, and the second payment of a shopping trip is not.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bankseg_assets.stats.arrays import Array

EXACT_BITS = 7
"""Numbers below 2^7 are exact; greater ones are rounded to 7 significant bits, which is 0.8 %."""


@dataclass(frozen=True)
class Patterns:
    """Distinct histories, each with its number of customers; all arrays have one shape (n,).

    repeats: x, the days with transactions after the first. last: t_x, the age at the last of them,
    in days; 0 without any. age: T, from the first transaction to the snapshot.
    """

    repeats: Array
    last: Array
    age: Array
    customers: Array

    def __len__(self) -> int:
        return len(self.repeats)

    @cached_property
    def distinct_repeats(self) -> tuple[Array, npt.NDArray[np.intp]]:
        """The distinct numbers of repeat purchases, a few hundred; and each pattern's place."""
        return np.unique(self.repeats, return_inverse=True)


def rounded(values: npt.ArrayLike) -> Array:
    """Return whole numbers rounded to 7 significant bits, so that few distinct ones remain.

    >>> [float(value) for value in rounded([0, 3, 127, 129, 1000])]
    [0.0, 3.0, 127.0, 130.0, 1000.0]
    """
    given = np.asarray(values, dtype=np.float64)
    _, exponents = np.frexp(given)
    step = np.exp2(np.maximum(exponents - EXACT_BITS, 0))
    # Half a step up at halves: numpy's own rounding to even is not what Spark does.
    found: Array = np.floor(given / step + 0.5) * step
    return found


def patterns_of(
    active_days: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike
) -> tuple[Patterns, npt.NDArray[np.intp]]:
    """Return the distinct histories of customers, and the pattern of each customer.

    active_days: days with transactions, at least 1. recency, age: days from the last and from the
    first of them to the snapshot.
    """
    repeats, last, ages = history(active_days, recency, age)
    distinct, places, counts = np.unique(
        np.column_stack([repeats, last, ages]), axis=0, return_inverse=True, return_counts=True
    )
    found = Patterns(distinct[:, 0], distinct[:, 1], distinct[:, 2], counts.astype(np.float64))
    return found, places.ravel()


def history(
    active_days: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike
) -> tuple[Array, Array, Array]:
    """Return x, t_x and T, rounded."""
    repeats = rounded(np.asarray(active_days, dtype=np.float64) - 1)
    ages, silences = rounded(age), rounded(recency)
    # The silence is rounded, not t_x: of 300 days, one without a transaction matters.
    last = np.where(repeats > 0, np.maximum(ages - silences, 0), 0.0)
    return repeats, last, ages
