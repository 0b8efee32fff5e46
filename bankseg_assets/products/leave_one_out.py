"""Leave-one-out evaluation of recommendations: rank of one hidden holding per customer."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bankseg_assets.products.holding_patterns import Counts, Patterns
from bankseg_assets.products.recommender import (
    NOT_A_CUSTOMER,
    Holdings,
    ProductModel,
    ranking,
)
from bankseg_assets.stats.arrays import Array

TESTED_SHARE = 0.2
MOST_TESTED = 50_000  # customers; the standard error of a share is then 0.2 points
LEAST_TESTED = 100  # customers; with fewer, ALS cannot be distinguished from chance
LEAST_HELD = 2  # holdings of a tested customer: one to hide, and one to predict from
MAP_CUTOFF = 7
HIT_CUTOFF = 3
COMMON_SHARE = 0.5

Scorer = Callable[[npt.NDArray[np.int64], Holdings], Array]
"""segment (n,), held (n, P) -> scores (n, P)."""


@dataclass(frozen=True)
class Split:
    """Training groups, and tested groups with one hidden product each: `hidden` (m,)."""

    training: Patterns
    tested: Patterns
    hidden: Counts

    @property
    def n_tested(self) -> int:
        """The number of tested customers."""
        return int(self.tested.customers.sum())


@dataclass(frozen=True)
class Quality:
    """Ranking metrics over tested customers, each with one hidden product.

    map_at_7: mean average precision; with one product to find, the mean of 1 / rank, 0 beyond 7.
    hit_rate_at_3: share of the customers whose product is among the first three.
    map_at_7_uncommon: of those whose product is held by under half of all holders.
    """

    map_at_7: float
    hit_rate_at_3: float
    map_at_7_uncommon: float

    def to_json(self) -> dict[str, Any]:
        """Return the measures as plain values."""
        return asdict(self)


def split(found: Patterns, seed: int) -> Split:
    """Hide one random product of a fifth of the customers who hold two or more.

    Their remaining holdings stay in the training data.
    """
    rng = np.random.default_rng(seed)
    holders = found.holders
    n_held = holders.held.sum(axis=1)
    eligible = np.where(
        (holders.segment != NOT_A_CUSTOMER) & (n_held >= LEAST_HELD), holders.customers, 0
    )
    share = min(TESTED_SHARE, MOST_TESTED / max(int(eligible.sum()), 1))
    drawn = rng.binomial(eligible, share)
    group = np.repeat(np.arange(len(drawn)), drawn)
    nth = (rng.random(len(group)) * n_held[group]).astype(np.int16) + 1
    place = (np.cumsum(holders.held[group], axis=1, dtype=np.int16) == nth[:, None]).argmax(axis=1)
    cells, customers = np.unique(np.column_stack([group, place]), axis=0, return_counts=True)
    group, hidden = cells[:, 0], cells[:, 1]
    left = holders.held[group]
    left[np.arange(len(group)), hidden] = False
    tested = Patterns(holders.segment[group], left, customers.astype(np.int64))
    training = Patterns(
        np.concatenate([holders.segment, tested.segment]),
        np.concatenate([holders.held, tested.held]),
        np.concatenate([holders.customers - drawn, tested.customers]),
    )
    return Split(training.where(training.customers > 0), tested, hidden)


def compare_recommenders(test: Split, model: ProductModel) -> dict[str, Quality]:
    """Return the quality of the model and its baselines, by name."""

    def popularity(_: npt.NDArray[np.int64], held: Holdings) -> Array:
        return np.broadcast_to(model.shares, held.shape)

    scorers: dict[str, Scorer] = {
        "popularity": popularity,
        "popularity_in_segment": lambda segment, _: model.popularity(segment),
    }
    if (factors := model.factors) is not None:
        scorers = {
            "als": lambda segment, held: model.scores(segment, held)[0],
            "als_without_curves": lambda _, held: factors.preferences(held),
        } | scorers
    return {name: ranking_quality(test, scorer, model.shares) for name, scorer in scorers.items()}


def ranking_quality(test: Split, scorer: Scorer, shares: Array) -> Quality:
    """Rank the products that tested customers do not hold, and evaluate the hidden one's rank."""
    held = test.tested.held
    order = ranking(scorer(test.tested.segment, held), held)
    rank = (order == test.hidden[:, None]).argmax(axis=1) + 1
    precision = np.where(rank <= MAP_CUTOFF, 1 / rank, 0.0)
    customers = test.tested.customers
    uncommon = customers * (shares[test.hidden] < COMMON_SHARE)
    return Quality(
        map_at_7=_mean(precision, customers),
        hit_rate_at_3=_mean(rank <= HIT_CUTOFF, customers),
        map_at_7_uncommon=_mean(precision, uncommon),
    )


def _mean(values: npt.NDArray[Any], weights: Counts) -> float:
    return float(values @ weights / max(int(weights.sum()), 1))
