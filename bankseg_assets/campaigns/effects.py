"""The effect of a campaign on each measure, from the customers of both arms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from bankseg_assets.campaigns.campaign import ACTIVE, MEASURES, SPEND, TRANSACTIONS, Measure
from bankseg_assets.campaigns.history import values_of
from bankseg_assets.campaigns.results import (
    CUPED,
    HELD_OUT,
    TREATED,
    WELCH,
    Arm,
    ArmFigures,
    Balance,
    Effect,
    Method,
)
from bankseg_assets.contracts.currencies import decimals
from bankseg_assets.presentation.disclosure import is_small
from bankseg_assets.stats.arrays import Array, Mask
from bankseg_assets.stats.two_arms import Difference, cuped, welch

ALPHA = 0.05
_BALANCE_ALPHA = 0.01
_DIGITS = 6


@dataclass(frozen=True)
class Outcomes:
    """What each customer of a campaign did, and did before.

    held_out: (n,). segment: (n,). before: spend and transactions (n,) in the period before; None if
    it is unknown. days: ascending. spend, transactions: (n, days), from the start to each day.
    """

    held_out: Mask
    segment: "pd.Series[str]"
    before: tuple[Array, Array] | None
    days: tuple[date, ...]
    spend: Array
    transactions: Array

    def values(self, measure: Measure, day: int) -> Array:
        """Return a measure of each customer from the start to a day, by its place."""
        return values_of(measure, self.spend[:, day], self.transactions[:, day])

    def values_before(self, measure: Measure) -> Array | None:
        """Return a measure of each customer in the period before; None if it is unknown."""
        return None if self.before is None else values_of(measure, *self.before)

    def of(self, customers: Mask) -> "Outcomes":
        """Return the outcomes of some of the customers."""
        before = self.before
        return Outcomes(
            self.held_out[customers],
            self.segment[customers],
            None if before is None else (before[0][customers], before[1][customers]),
            self.days,
            self.spend[customers],
            self.transactions[customers],
        )

    def until(self, places: Sequence[int]) -> "Outcomes":
        """Return the outcomes until some of the days, by their places."""
        kept = list(places)
        return replace(
            self,
            days=tuple(self.days[place] for place in kept),
            spend=self.spend[:, kept],
            transactions=self.transactions[:, kept],
        )

    def hides(self, transactions: Array) -> bool:
        """Return whether 1 to 10 customers of an arm had these transactions: figures of few."""
        return any(is_small(int((arm > 0).sum())) for arm in _arms(transactions, self.held_out))

    @property
    def hides_before(self) -> bool:
        """Return whether figures of the period before are not shown, or not known."""
        return self.before is None or self.hides(self.before[1])

    @property
    def sizes(self) -> tuple[int, int]:
        """The customers treated and held out."""
        held_out = int(self.held_out.sum())
        return len(self.held_out) - held_out, held_out


def compared(outcomes: Outcomes, measure: Measure, day: int, method: Method) -> Difference:
    """Return the difference of a measure, treated less held out, from the start to a day."""
    first, second = _arms(outcomes.values(measure, day), outcomes.held_out)
    before = outcomes.values_before(measure)
    if method == WELCH or before is None:
        return welch(first, second)
    return cuped(first, second, _arms(before, outcomes.held_out))


def effects_of(outcomes: Outcomes, currency: str) -> list[Effect]:
    """Return the effect on each measure until the last day, by Welch and, if known, by CUPED."""
    methods: tuple[Method, ...] = (WELCH,) if outcomes.before is None else (WELCH, CUPED)
    last = len(outcomes.days) - 1
    return [
        effect_of(
            compared(outcomes, measure, last, method), outcomes, measure, last, method, currency
        )
        for measure in MEASURES
        for method in methods
    ]


def effect_of(
    found: Difference,
    outcomes: Outcomes,
    measure: Measure,
    day: int,
    method: Method,
    currency: str,
    alpha: float = ALPHA,
) -> Effect:
    """Return the effect on a measure until a day, with the interval of confidence 1 - alpha.

    `found`: what `compared` returns for the same outcomes, measure, day and method.
    """
    low, high = found.interval(alpha)
    relative = found.relative(alpha) or (None, None, None)
    treated = outcomes.sizes[0]
    places = decimals(currency) if measure == SPEND else _DIGITS
    narrowing = 0.0
    if method == CUPED:
        plain = compared(outcomes, measure, day, WELCH).half_width(alpha)
        narrowing = 1 - found.half_width(alpha) / plain if plain > 0 else 0.0
    return Effect(
        measure=measure,
        method=method,
        difference=round(found.estimate, places + 2),
        low=round(low, places + 2),
        high=round(high, places + 2),
        p_value=round(found.p_value, _DIGITS),
        relative=_rounded(relative[0]),
        relative_low=_rounded(relative[1]),
        relative_high=_rounded(relative[2]),
        total=round(found.estimate * treated, places),
        total_low=round(low * treated, places),
        total_high=round(high * treated, places),
        narrowing=round(narrowing, _DIGITS),
    )


def figures_of(outcomes: Outcomes, currency: str) -> tuple[ArmFigures, ...]:
    """Return the figures of both arms until the last day."""
    places = decimals(currency)
    arms: dict[Arm, Mask] = {TREATED: ~outcomes.held_out, HELD_OUT: outcomes.held_out}
    found = []
    for name, rows in arms.items():
        arm = outcomes.of(rows)
        past = {one: None if outcomes.hides_before else arm.values_before(one) for one in MEASURES}
        now = {one: arm.values(one, -1) for one in MEASURES}
        means = {
            one: None if values is None else float(values.mean()) for one, values in past.items()
        }
        spend_before = means[SPEND]
        found.append(
            ArmFigures(
                arm=name,
                customers=int(rows.sum()),
                spend=round(float(now[SPEND].mean()), places + 2),
                spend_total=round(float(now[SPEND].sum()), places),
                transactions=round(float(now[TRANSACTIONS].mean()), _DIGITS),
                active_share=round(float(now[ACTIVE].mean()), _DIGITS),
                spend_before=None if spend_before is None else round(spend_before, places + 2),
                transactions_before=_rounded(means[TRANSACTIONS]),
                active_share_before=_rounded(means[ACTIVE]),
            )
        )
    return tuple(found)


def balance_of(outcomes: Outcomes) -> tuple[Balance, ...]:
    """Return how alike the arms were before the start; none if that is unknown."""
    found = []
    for measure in MEASURES:
        before = outcomes.values_before(measure)
        if before is None or outcomes.hides_before:
            break
        first, second = _arms(before, outcomes.held_out)
        difference = welch(first, second)
        spread = float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2))
        found.append(
            Balance(
                measure=measure,
                treated=round(difference.means[0], _DIGITS),
                held_out=round(difference.means[1], _DIGITS),
                standardised_difference=round(difference.estimate / spread, _DIGITS)
                if spread > 0
                else 0.0,
                is_balanced=difference.p_value >= _BALANCE_ALPHA,
            )
        )
    return tuple(found)


def outcomes_from(
    members: pd.DataFrame,
    sums: pd.DataFrame,
    edges: Sequence[date],
    days: tuple[date, ...],
    first: date,
) -> Outcomes:
    """Return the outcomes of a campaign's members.

    members: as CAMPAIGN_MEMBERS, one or more. sums: `customer_id`, `stretch`, `spend` and
    `transactions` from edges[stretch] until before edges[stretch + 1]. edges: ascending, among them
    `first` and the day after each of `days`. A member without a row did nothing: 0.
    """
    start = list(edges).index(first)
    ends = [list(edges).index(day + timedelta(days=1)) - start - 1 for day in days]
    shape = (len(members), ends[-1] + 1)
    customer = pd.Index(members["customer_id"]).get_indexer(sums["customer_id"])
    stretch = sums["stretch"].to_numpy(np.int64) - start
    known = (customer >= 0) & (stretch >= 0) & (stretch < shape[1])
    cell = customer[known] * shape[1] + stretch[known]

    def until_each_day(name: str) -> Array:
        values = np.bincount(cell, sums[name].to_numpy(np.float64)[known], shape[0] * shape[1])
        totals: Array = values.reshape(shape).cumsum(axis=1)[:, ends]
        return totals

    past = members[["spend_before", "transactions_before"]]
    return Outcomes(
        held_out=members["held_out"].to_numpy(np.bool_),
        segment=members["segment"],
        before=None
        if past.isna().any(axis=None)
        else (
            past["spend_before"].to_numpy(np.float64),
            past["transactions_before"].to_numpy(np.float64),
        ),
        days=days,
        spend=until_each_day("spend"),
        transactions=until_each_day("transactions"),
    )


def _arms(values: Array, held_out: Mask) -> tuple[Array, Array]:
    return values[~held_out], values[held_out]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
