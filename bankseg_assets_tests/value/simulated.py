"""Customers who behave as the models assume."""

from dataclasses import dataclass

import numpy as np

from bankseg_assets.stats.arrays import Array
from bankseg_assets.value.bg_nbd import BgNbd
from bankseg_assets.value.gamma_gamma import GammaGamma
from bankseg_assets.value.out_of_time import Followed
from bankseg_assets.value.patterns import Patterns

PURCHASES = BgNbd(0.6, 20.0, 0.8, 3.0)
MONEY = GammaGamma(3.0, 3.0, 200.0)


@dataclass(frozen=True)
class Simulated:
    """Histories until a snapshot, in days, and what followed in the next `days`."""

    patterns: Patterns
    spent: Array
    purchases_after: Array
    spent_after: Array

    @property
    def followed(self) -> Followed:
        """The same as customers at a cut."""
        one = self.patterns
        recency = one.age - one.last
        return Followed(
            active_days=one.repeats + 1,
            recency=recency,
            age=one.age,
            spend=self.spent,
            days_after=self.purchases_after,
            spend_after=self.spent_after,
            recent_spend=self.spent / 3,
            balance=np.full(len(one), np.nan),
            usual_balance=np.full(len(one), np.nan),
        )


def simulate(
    count: int, *, span: float = 300.0, days: float = 90.0, model: BgNbd = PURCHASES, seed: int = 1
) -> Simulated:
    """Return customers whose first purchase is in the first 70 % of the span."""
    random = np.random.default_rng(seed)
    rates = random.gamma(model.r, 1 / model.alpha, count)
    chances = random.beta(model.a, model.b, count)
    scales = 1 / random.gamma(MONEY.q, 1 / MONEY.v, count)
    start = random.uniform(0, 0.7 * span, count)
    at, active = start.copy(), np.ones(count, dtype=bool)
    repeats, last, after, spent_after = (np.zeros(count) for _ in range(4))
    spent = random.gamma(MONEY.p, scales)
    while active.any():
        active &= random.random(count) >= np.where(repeats + after > 0, chances, 0.0)
        at = np.where(active, at + random.exponential(1 / rates), np.inf)
        amount = random.gamma(MONEY.p, scales)
        before = at < span
        since = ~before & (at < span + days)
        repeats, last = repeats + before, np.where(before, at - start, last)
        spent = spent + before * amount
        after, spent_after = after + since, spent_after + since * amount
        active &= at < span + days
    patterns = Patterns(repeats, last, span - start, np.ones(count))
    return Simulated(patterns, spent, after, spent_after)
