"""Forecasts for all customers of a snapshot: fitted, tested, and scored for each pattern.

The forecast of a customer's spending is `base` + `share` times what the customer has spent: both
depend on the pattern alone, so that a million customers are scored by a join and a sum.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bankseg_assets.stats.arrays import Array
from bankseg_assets.value.baselines import MODEL, PAST, past_repeated, segment_means, segments
from bankseg_assets.value.bg_nbd import BgNbd, FitError, fit_bg_nbd
from bankseg_assets.value.gamma_gamma import Amounts, GammaGamma, fit_gamma_gamma
from bankseg_assets.value.intervals import intervals
from bankseg_assets.value.out_of_time import (
    FIRST_PART,
    Followed,
    Qualities,
    best,
    compare,
    is_reliable,
    missing_end,
    verdict,
    why_not_tested,
)
from bankseg_assets.value.patterns import Patterns

HORIZONS = (30, 90, 365)
FAR = 2.0
"""A horizon longer than the span times this is beyond what the test has shown."""
MOST_GROWN = 1.1
"""Models are kept while customers and span have not grown by more than a tenth."""
_DAYS, _SPENDING = "days with transactions", "spending"


@dataclass(frozen=True)
class ValueModel:
    """The models of a snapshot, and how well they did out of time.

    span: days from the first transaction to the snapshot. fitted_span, fitted_customers: those that
    the models were fitted on. days_by, spend_by: which forecast is used, `model`, `past` or
    `segment`. reliable: in the test, those used ranked customers and had about the right totals.
    days_quality, spend_quality: forecast -> its measures, empty if it was not tested. verdicts:
    sentences for people.
    """

    span: int
    fitted_span: int
    fitted_customers: int
    days_by: str
    spend_by: str
    reliable: bool
    purchases: BgNbd | None
    money: GammaGamma | None
    days_quality: Mapping[str, Mapping[str, Any]]
    spend_quality: Mapping[str, Mapping[str, Any]]
    verdicts: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """The verdicts, and what the horizons assume."""
        far = [str(horizon) for horizon in HORIZONS if horizon > FAR * self.span]
        if not far:
            return self.verdicts
        return (
            *self.verdicts,
            f"The data span {self.span} days: forecasts for {' and '.join(far)} days assume that "
            "customers go on as in these.",
        )

    def suits(self, span: int, customers: int) -> bool:
        """Return whether models and test hold for customers of another snapshot.

        They were tested, and there is hardly more to fit on.
        """
        least, most = self.fitted_customers / MOST_GROWN, self.fitted_customers * MOST_GROWN
        return (
            bool(self.days_quality)
            and self.fitted_span <= span <= self.fitted_span * MOST_GROWN
            and least <= customers <= most
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        found = asdict(self) | {"horizons": list(HORIZONS)}
        return found | {"verdicts": list(self.verdicts), "notes": list(self.notes)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ValueModel":
        """Return the model of a document. Raises KeyError or TypeError for another format."""
        found = {name: document[name] for name in cls.__dataclass_fields__}
        for name, kind in (("purchases", BgNbd), ("money", GammaGamma)):
            found[name] = kind(**found[name]) if found[name] is not None else None
        return cls(**found | {"verdicts": tuple(found["verdicts"])})


def cut_day(span: int) -> int:
    """Return the days of the span that the test fits on."""
    return round(span * FIRST_PART)


def fit_value(
    patterns: Patterns, amounts: Amounts, followed: Followed | None, span: int
) -> ValueModel:
    """Return the models of all customers, and which forecasts to use by their test."""
    purchases, money, verdicts = None, None, []
    try:
        purchases = fit_bg_nbd(patterns)
        money = fit_gamma_gamma(amounts)
    except FitError as error:
        verdicts.append(str(error))
    days: Qualities = {}
    spend: Qualities = {}
    reliable = False
    untested = why_not_tested(span, followed)
    if untested or followed is None:
        days_by = spend_by = PAST
        verdicts.append(f"{untested} The past repeated is shown.")
    else:
        days, spend = compare(followed, cut_day(span), span - cut_day(span))
        days_by = best(days) if purchases else PAST
        spend_by = best(spend) if money else PAST
        reliable = is_reliable(days[days_by]) and is_reliable(spend[spend_by])
        verdicts += [verdict(_DAYS, days), verdict(_SPENDING, spend)]
        if not reliable and (note := missing_end(patterns, span)):
            verdicts.append(note)
    return ValueModel(
        span,
        span,
        int(patterns.customers.sum()),
        days_by,
        spend_by,
        reliable,
        purchases,
        money,
        {name: one.to_json() for name, one in days.items()},
        {name: one.to_json() for name, one in spend.items()},
        tuple(verdicts),
    )


def score(model: ValueModel, patterns: Patterns, spend: Array) -> dict[str, Array]:
    """Return the forecasts of each pattern, column -> (n,), as CUSTOMER_VALUE names them.

    `spend`: the sum of what the customers of each pattern have spent. NaN is unknown.
    """
    unknown = np.full(len(patterns), np.nan)
    active, recency = patterns.repeats + 1, patterns.age - patterns.last
    groups = segments(active, recency, patterns.customers)
    purchases = model.purchases if model.days_by == MODEL else None
    money = model.money if model.spend_by == MODEL else None
    of_days = model.purchases if purchases or money else None
    # In this model nothing but a purchase makes inactive, so one purchase says nothing.
    alive = purchases.p_alive(patterns) if purchases else unknown
    found = {"p_alive": np.where(patterns.repeats > 0, alive, np.nan)}
    bounds = intervals(of_days, money, patterns, HORIZONS) if of_days else {}
    for days in HORIZONS:
        expected = np.minimum(of_days.expected(patterns, days), days) if of_days else unknown
        name = f"days_next_{days}"
        if purchases:
            low, high = bounds[days].low, bounds[days].high
            found |= {name: expected, f"{name}_low": low, f"{name}_high": high}
        else:
            total = active
            if model.days_by != PAST:
                total = segment_means(groups, active * patterns.customers, patterns.customers)
            found |= {name: past_repeated(total, model.span, days)}
            found |= {f"{name}_low": unknown, f"{name}_high": unknown}
        name = f"spend_next_{days}"
        if money and of_days:
            each = expected * money.p / (money.p * active + money.q - 1)
            for suffix, share in (
                ("", each),
                ("_low", bounds[days].amount_low),
                ("_high", bounds[days].amount_high),
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
