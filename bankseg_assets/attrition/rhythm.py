"""How unusual a customer's silence, balance and spending are, compared with the customer's past.

Rules, without a model: they hold for any bank, and each can be explained in a sentence.
"""

from dataclasses import dataclass

import numpy as np

from bankseg_assets.stats.arrays import Array, Mask

LEAST_DAYS = 3
"""Days with transactions: with two gaps or more, a customer has a rhythm."""
UNUSUAL_GAPS = 3.0
"""Silence over the usual gap: by chance, one in twenty random gaps is 3 times the mean (e^-3)."""
LEAST_SILENCE = 7
"""Days: every week has days without transactions."""
FALLEN = 0.5
"""A balance or spending below this share of the customer's own past has fallen."""
RECENT_PART = 1 / 3
"""The recent part of the span, whose spending is compared with the spending before."""
LONGEST_RECENT = 90

SILENT, SPENDS_LESS, LOWER_BALANCE = "silent", "spends_less", "lower_balance"


@dataclass(frozen=True)
class Rhythms:
    """Customers at a day; arrays (n,).

    active_days, recency, age, spend: as in `Followed`. recent_spend: of the recent days. balance,
    usual_balance: the latest and the mean one; NaN where unknown.
    """

    active_days: Array
    recency: Array
    age: Array
    spend: Array
    recent_spend: Array
    balance: Array
    usual_balance: Array

    @property
    def has_rhythm(self) -> Mask:
        """Whether a customer has enough days with transactions to compare with."""
        found: Mask = self.active_days >= LEAST_DAYS
        return found


def recent_days(span: int) -> int:
    """Return the days of the recent part of a span."""
    return max(1, min(LONGEST_RECENT, round(span * RECENT_PART)))


def may_return(some: Rhythms, recent: int) -> Mask:
    """Return whether a customer has a rhythm, and was seen in the recent days.

    The others have left already, which any ranking finds.
    """
    found: Mask = some.has_rhythm & (some.recency <= recent)
    return found


def usual_gap(some: Rhythms) -> Array:
    """Return the mean days between transactions; NaN for customers without a rhythm."""
    gaps = np.maximum(some.active_days - 1, 1)
    found: Array = np.where(some.has_rhythm, (some.age - some.recency) / gaps, np.nan)
    return found


def silence(some: Rhythms) -> Array:
    """Return the silence over the usual gap; 0 without a rhythm, or for less than a week."""
    gaps = np.maximum(np.nan_to_num(usual_gap(some), nan=1.0), 1.0)
    found: Array = np.where(
        some.has_rhythm & (some.recency >= LEAST_SILENCE), some.recency / gaps, 0.0
    )
    return found


def spending_left(some: Rhythms, recent: int) -> Array:
    """Return the recent spending a day over that before; NaN where there is too little before.

    The part before must be at least as long as the recent one.
    """
    before = some.age - recent
    rate = (some.spend - some.recent_spend) / np.maximum(before, 1)
    known = some.has_rhythm & (before >= recent) & (rate > 0)
    found: Array = np.full(len(some.age), np.nan)
    found[known] = np.maximum(some.recent_spend[known], 0.0) / recent / rate[known]
    return found


def balance_left(some: Rhythms) -> Array:
    """Return the latest balance over the mean one; NaN where it is unknown or not above zero."""
    known = some.has_rhythm & (np.nan_to_num(some.usual_balance, nan=0.0) > 0)
    found: Array = np.full(len(some.age), np.nan)
    found[known] = some.balance[known] / some.usual_balance[known]
    return found


def reasons(some: Rhythms, recent: int) -> dict[str, Mask]:
    """Return reason -> whether it holds for each customer."""
    with np.errstate(invalid="ignore"):
        return {
            SILENT: silence(some) >= UNUSUAL_GAPS,
            SPENDS_LESS: spending_left(some, recent) < FALLEN,
            LOWER_BALANCE: balance_left(some) < FALLEN,
        }


def risk(some: Rhythms, recent: int) -> Array:
    """Return a number from 0 to 1 by which customers are ranked; not a probability.

    The share of gaps that are shorter than the silence, if gaps were random; and a quarter of the
    rest for each of spending and balance that has fallen.
    """
    found = 1 - np.exp(-silence(some))
    held = reasons(some, recent)
    for name in (SPENDS_LESS, LOWER_BALANCE):
        found = np.where(held[name], found + (1 - found) / 4, found)
    return found
