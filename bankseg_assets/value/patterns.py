"""Histories of customers, reduced to patterns that many customers share.

A history is three numbers (Fader, Hardie and Lee 2005): x repeat purchases, at age t_x the last of
them, and the age T. Here a purchase is a day with transactions: several on one day are one, because
the models assume independent purchases, and the second payment of a shopping trip is not.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bankseg_assets.stats.arrays import Array, Labels

EXACT_BITS = 7
"""Numbers below 2^7 are exact; greater ones are rounded to 7 significant bits, which is 0.8 %."""
PART_BITS = 21
"""Of each number in a packed history: 5,700 years of days."""


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
    keys = packed(*history(active_days, recency, age))
    distinct, places, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return Patterns(*unpacked(distinct), counts.astype(np.float64)), places


def history(
    active_days: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike
) -> tuple[Array, Array, Array]:
    """Return x, t_x and T, rounded."""
    repeats = rounded(np.asarray(active_days, dtype=np.float64) - 1)
    ages, silences = rounded(age), rounded(recency)
    # The silence is rounded, not t_x: of 300 days, one without a transaction matters.
    last = np.where(repeats > 0, np.maximum(ages - silences, 0), 0.0)
    return repeats, last, ages


def packed(repeats: Array, last: Array, age: Array) -> Labels:
    """Return one number for each history, in the order of x, t_x and T.

    One number is sorted and joined several times as fast as three.

    >>> [one.tolist() for one in unpacked(packed(*history([1, 3], [5, 2], [5, 40])))]
    [[0.0, 2.0], [0.0, 38.0], [5.0, 40.0]]
    """
    found: Labels = np.zeros(len(repeats), dtype=np.int64)
    for part in (repeats, last, age):
        found = (found << PART_BITS) | part.astype(np.int64)
    return found


def unpacked(keys: Labels) -> tuple[Array, Array, Array]:
    """Return x, t_x and T of packed histories."""
    mask = (1 << PART_BITS) - 1
    repeats, last, age = (
        ((keys >> shift) & mask).astype(np.float64) for shift in (2 * PART_BITS, PART_BITS, 0)
    )
    return repeats, last, age
