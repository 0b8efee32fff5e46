"""Test how well a ranking finds the customers who did not come back, against recency alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankseg_assets.attrition.rhythm import Rhythms, may_return, recent_days, risk, usual_gap
from bankseg_assets.stats.arrays import Array
from bankseg_assets.value.out_of_time import Followed

MODEL, RULES, RECENCY = "model", "rules", "recency"
NAMES = {MODEL: "the model", RULES: "rules", RECENCY: "recency alone"}
SHARES = (0.01, 0.05, 0.1)
"""Of the customers, from the top of the ranking."""
DECISIVE = 0.05
EXPECTED = 3.0
"""Customers are tested whose gap fits this often into the days that follow: the others may be
silent without having left."""
LEAST_CUSTOMERS, LEAST_LEFT = 200, 30
"""With fewer, one in a hundred is two customers, and the precision is chance."""

_BY_RECENCY = "The list is by recency and value."


@dataclass(frozen=True)
class RankingTest:
    """How rankings did; precision: ranking -> of each of SHARES, the share who left.

    customers: that were tested. left: the share of them without any transaction afterwards. by: the
    ranking to use. note: for people.
    """

    customers: int
    left: float
    precision: Mapping[str, tuple[float, ...]]
    by: str
    note: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "customers": self.customers,
            "left": self.left,
            "shares": list(SHARES),
            "precision": {name: list(one) for name, one in self.precision.items()},
            "by": self.by,
            "note": self.note,
        }


def precision_at(scores: Array, left: Array, share: float) -> float:
    """Return the share of customers who left among those with the highest scores.

    Customers with the same score as the last one count in part, so that their order does not
    matter.
    """
    count = max(1, round(share * len(scores)))
    limit = np.sort(scores)[-count]
    above, equal = scores > limit, scores == limit
    part = (count - above.sum()) / equal.sum()
    return float((left[above].sum() + part * left[equal].sum()) / count)


def compare_rankings(
    some: Rhythms, came_after: Array, *, recent: int, after: int, p_alive: Array | None
) -> RankingTest:
    """Return how the rankings of customers at a cut did in the days after it.

    came_after: days with transactions in these days. recent: the recent days before the cut, whose
    spending is compared. p_alive: by a model that was fitted at the cut; None without one.
    """
    gaps = usual_gap(some)
    with np.errstate(invalid="ignore"):
        tested = may_return(some, recent) & (np.maximum(gaps, 1.0) * EXPECTED <= after)
    left = (came_after == 0).astype(np.float64)[tested]
    if len(left) < LEAST_CUSTOMERS or left.sum() < LEAST_LEFT or left.mean() > 1 - DECISIVE:
        return RankingTest(len(left), _share(left), {}, RECENCY, _why_not(left, len(some.age)))
    scores = {RULES: risk(some, recent)[tested], RECENCY: some.recency[tested]}
    if p_alive is not None:
        scores[MODEL] = 1 - p_alive[tested]
    found = {
        name: tuple(precision_at(one, left, share) for share in SHARES)
        for name, one in scores.items()
    }
    place = SHARES.index(DECISIVE)
    by = max(found, key=lambda name: (found[name][place], name == MODEL, name == RULES))
    return RankingTest(len(left), _share(left), found, by, _sentence(found, by, _share(left)))


def _share(left: Array) -> float:
    return float(left.mean()) if len(left) else 0.0


def _sentence(found: Mapping[str, tuple[float, ...]], by: str, base: float) -> str:
    place = SHARES.index(DECISIVE)
    used, alone = found[by][place], found[RECENCY][place]
    figures = (
        f"of the 5% at the top, {used:.0%} did not come back ({used / base:.1f} times as many as "
        "of all customers with a rhythm)"
    )
    if by == RECENCY:
        return (
            f"Neither model nor rules found more of those who left than recency alone: {figures}."
        )
    return (
        f"Customers are ranked by {NAMES[by]}. On the last third of the span, {figures}; by "
        f"recency alone, {alone:.0%}."
    )


def _why_not(left: Array, customers: int) -> str:
    share = len(left) / max(customers, 1)
    if len(left) < LEAST_CUSTOMERS:
        why = (
            f"only {share:.1%} of the customers have a rhythm of transactions that the last third "
            "of the span could confirm"
        )
    elif left.sum() < LEAST_LEFT:
        why = "hardly any customer with a rhythm of transactions stayed away afterwards"
    else:
        why = "nearly all customers stayed away in the last third of the span"
    return f"Who is about to leave cannot be tested: {why}. {_BY_RECENCY}"


def ranking_at_cut(
    followed: Followed | None, before: int, after: int, *, with_model: bool
) -> RankingTest:
    """Return how the rankings did on what followed a cut; `followed`: None for too short a span.

    `before`, `after`: days of the span until the cut, and from it. `with_model`: the forecasts are
    those of the model, so that it may rank.
    """
    if followed is None:
        note = f"Who is about to leave cannot be tested: the data span {before + after} days."
        return RankingTest(0, 0.0, {}, RECENCY, f"{note} {_BY_RECENCY}")
    some = Rhythms(**{name: getattr(followed, name) for name in Rhythms.__dataclass_fields__})
    p_alive = followed.p_alive if with_model else None
    return compare_rankings(
        some, followed.days_after, recent=recent_days(before), after=after, p_alive=p_alive
    )
