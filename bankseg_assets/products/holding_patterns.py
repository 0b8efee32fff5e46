"""Customers grouped by what they hold: a few thousand groups stand for a million customers."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bankseg_assets.products.recommender import NOBODY, Array, Holdings

Counts = npt.NDArray[np.int64]
LEAST_MATCHED = 0.5


@dataclass(frozen=True)
class Coverage:
    """Customers, holders, and how many are both."""

    customers: int
    holders: int
    both: int

    @property
    def matches(self) -> bool:
        """Whether the holdings are of these customers.

        Most holders are customers, or most customers are holders: a bank has holders who made no
        transaction in these days, and a file of holdings may be of one branch. IDs that are written
        differently match in neither.
        """
        return self.both >= LEAST_MATCHED * min(self.holders, self.customers)


@dataclass(frozen=True)
class Patterns:
    """m groups of customers: segment (m,), held (m, P), customers (m,)."""

    segment: Counts
    held: Holdings
    customers: Counts

    @property
    def shares(self) -> Array:
        """(P,): the share of the customers who hold a product."""
        total = max(int(self.customers.sum()), 1)
        return np.asarray(self.customers @ self.held / total, dtype=np.float64)

    @property
    def holders(self) -> "Patterns":
        """The groups that hold a product at all."""
        return self.where(np.asarray(self.held.any(axis=1), dtype=np.bool_))

    @property
    def coverage(self) -> Coverage:
        """How holders and customers meet; holders of the segment NOBODY are no customers."""
        ours = self.where(self.segment != NOBODY)
        return Coverage(
            customers=int(ours.customers.sum()),
            holders=int(self.holders.customers.sum()),
            both=int(ours.holders.customers.sum()),
        )

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Patterns":
        """Return some of the groups."""
        return Patterns(self.segment[chosen], self.held[chosen], self.customers[chosen])

    def sampled(self, most: int) -> "Patterns":
        """Return `most` customers, each group in its proportion; all where they are fewer."""
        total = int(self.customers.sum())
        if total <= most:
            return self
        ends = np.floor(np.cumsum(self.customers) * (most / total) + 0.5).astype(np.int64)
        fewer = replace(self, customers=np.diff(ends, prepend=0))
        return fewer.where(fewer.customers > 0)
