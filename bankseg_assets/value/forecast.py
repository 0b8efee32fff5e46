"""Forecasts for all customers of a snapshot: fitted, tested, and scored for each pattern.

The forecast of a customer's spending is `base` + `share` times what the customer has spent: both
depend on the pattern alone, so that a million customers are scored by a join and a sum.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bankseg_assets.stats.arrays import Array
from bankseg_assets.value.baselines import PAST, past_repeated, segment_means, segments
from bankseg_assets.value.bg_nbd import BgNbd, FitError, fit_bg_nbd
from bankseg_assets.value.gamma_gamma import Amounts, GammaGamma, fit_gamma_gamma
from bankseg_assets.value.intervals import intervals
from bankseg_assets.value.out_of_time import (
    FIRST_PART,
    MODEL,
    Followed,
    Qualities,
    best,
    compare,
    is_reliable,
    verdict,
    why_not_tested,
)
from bankseg_assets.value.patterns import Patterns

HORIZONS = (30, 90, 365)
FAR = 2.0
"""A horizon longer than the span times this is beyond what the test has shown."""
_DAYS, _SPENDING = "days with transactions", "spending"


@dataclass(frozen=True)
class ValueModel:
    """The models of a snapshot, and how well they did out of time.

    span: days from the first transaction to the snapshot. days_by, spend_by: which forecast is
    used, `model`, `past` or `segment`. reliable: in the test, those used ranked customers and had
    about the right totals. days_quality, spend_quality: forecast -> its measures, empty if it was
    not tested. notes: sentences for people.
    """

    span: int
    days_by: str
    spend_by: str
    reliable: bool
    purchases: BgNbd | None
    money: GammaGamma | None
    days_quality: Mapping[str, Mapping[str, Any]]
    spend_quality: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self) | {"horizons": list(HORIZONS), "notes": list(self.notes)}


def cut_day(span: int) -> int:
    """Return the days of the span that the test fits on."""
    return round(span * FIRST_PART)


def fit_value(
    patterns: Patterns, amounts: Amounts, followed: Followed | None, span: int
) -> ValueModel:
    """Return the models of all customers, and which forecasts to use by their test."""
    purchases, money, notes = None, None, []
    try:
        purchases = fit_bg_nbd(patterns)
        money = fit_gamma_gamma(amounts)
    except FitError as error:
        notes.append(str(error))
    days: Qualities = {}
    spend: Qualities = {}
    reliable = False
    untested = why_not_tested(span, followed)
    if untested or followed is None:
        days_by = spend_by = PAST
        notes.append(f"{untested} The past repeated is shown.")
    else:
        days, spend = compare(followed, cut_day(span), span - cut_day(span))
        days_by = best(days) if purchases else PAST
        spend_by = best(spend) if money else PAST
        reliable = is_reliable(days[days_by]) and is_reliable(spend[spend_by])
        notes += [verdict(_DAYS, days), verdict(_SPENDING, spend)]
    far = [str(horizon) for horizon in HORIZONS if horizon > FAR * span]
    if far:
        notes.append(
            f"The data span {span} days: forecasts for {' and '.join(far)} days assume that "
            "customers go on as in these."
        )
    return ValueModel(
        span,
        days_by,
        spend_by,
        reliable,
        purchases,
        money,
        {name: one.to_json() for name, one in days.items()},
        {name: one.to_json() for name, one in spend.items()},
        tuple(notes),
    )


def score(model: ValueModel, patterns: Patterns, spend: Array) -> dict[str, Array]:
    """Return the forecasts of each pattern, column -> (n,), as CUSTOMER_VALUE names them.

    `spend`: the sum of what the customers of each pattern have spent. NaN is unknown.
    """
    unknown = np.full(len(patterns), np.nan)
    active, recency = patterns.repeats + 1, patterns.age - patterns.last
    groups = segments(active, recency, patterns.customers)
    # In this model nothing but a purchase makes inactive, so one purchase says nothing.
    known = model.purchases is not None and model.days_by == MODEL
    alive = model.purchases.p_alive(patterns) if known and model.purchases else unknown
    found = {"p_alive": np.where(patterns.repeats > 0, alive, np.nan)}
    for days in HORIZONS:
        bounds = (
            intervals(model.purchases, model.money, patterns, days) if model.purchases else None
        )
        expected = (
            np.minimum(model.purchases.expected(patterns, days), days)
            if model.purchases
            else unknown
        )
        name = f"days_next_{days}"
        if model.days_by == MODEL and bounds:
            found |= {name: expected, f"{name}_low": bounds.low, f"{name}_high": bounds.high}
        else:
            total = active
            if model.days_by != PAST:
                total = segment_means(groups, active * patterns.customers, patterns.customers)
            found |= {name: past_repeated(total, model.span, days)}
            found |= {f"{name}_low": unknown, f"{name}_high": unknown}
        name = f"spend_next_{days}"
        if model.spend_by == MODEL and bounds and model.money:
            money = model.money
            each = expected * money.p / (money.p * active + money.q - 1)
            for suffix, share in (
                ("", each),
                ("_low", bounds.amount_low),
                ("_high", bounds.amount_high),
            ):
                found |= {f"{name}{suffix}_share": share, f"{name}{suffix}_base": share * money.v}
        else:
            share = past_repeated(np.ones(len(patterns)), model.span, days)
            base = np.zeros(len(patterns))
            if model.spend_by != PAST:
                means = segment_means(groups, spend, patterns.customers)
                share, base = base, past_repeated(means, model.span, days)
            found |= {f"{name}_share": share, f"{name}_base": base}
            for bound in ("low", "high"):
                found |= {f"{name}_{bound}_{part}": unknown for part in ("share", "base")}
    return found
