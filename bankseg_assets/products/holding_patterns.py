"""Customers grouped by segment and holdings: a few thousand groups for a million customers."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bankseg_assets.products.recommender import (
    NOT_A_CUSTOMER,
    Holdings,
)
from bankseg_assets.stats.arrays import Array

Counts = npt.NDArray[np.int64]
LEAST_MATCHED = 0.5


@dataclass(frozen=True)
class Coverage:
    """Numbers of customers, of holders, and of those who are both."""

    customers: int
    holders: int
    both: int

    @property
    def matches(self) -> bool:
        """Whether the holdings belong to these customers.

        True if most holders are customers, or most customers are holders: holders may have no
        transaction in the period, and a file may cover one branch. With IDs in different notations,
        neither is true.
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
        """Share of the customers who hold each product (P,)."""
        total = max(int(self.customers.sum()), 1)
        return np.asarray(self.customers @ self.held / total, dtype=np.float64)

    @property
    def holders(self) -> "Patterns":
        """The groups that hold at least one product."""
        return self.where(np.asarray(self.held.any(axis=1), dtype=np.bool_))

    @property
    def coverage(self) -> Coverage:
        """The overlap of holders and customers; the segment NOT_A_CUSTOMER marks other holders."""
        ours = self.where(self.segment != NOT_A_CUSTOMER)
        return Coverage(
            customers=int(ours.customers.sum()),
            holders=int(self.holders.customers.sum()),
            both=int(ours.holders.customers.sum()),
        )

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Patterns":
        """Return the groups selected by a mask."""
        return Patterns(self.segment[chosen], self.held[chosen], self.customers[chosen])

    def sampled(self, most: int) -> "Patterns":
        """Return a proportional sample of `most` customers, or all if there are fewer."""
        total = int(self.customers.sum())
        if total <= most:
            return self
        ends = np.floor(np.cumsum(self.customers) * (most / total) + 0.5).astype(np.int64)
        fewer = replace(self, customers=np.diff(ends, prepend=0))
        return fewer.where(fewer.customers > 0)
