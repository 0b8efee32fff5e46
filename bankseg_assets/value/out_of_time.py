"""Test a forecast on what followed: fitted on the first two thirds of the span, for the last third.

Beside two baselines. A model that is not reliable and better than both is not used: see `best`.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bankseg_assets.stats.arrays import Array
from bankseg_assets.value.baselines import (
    MODEL,
    NAMES,
    PAST,
    SEGMENT,
    past_repeated,
    segment_means,
    segments,
)
from bankseg_assets.value.bg_nbd import BgNbd, FitError, fit_bg_nbd
from bankseg_assets.value.gamma_gamma import fit_gamma_gamma
from bankseg_assets.value.patterns import Patterns, patterns_of
from bankseg_assets.value.spending import amounts_of

FIRST_PART = 2 / 3
LEAST_DAYS = 42
"""Span of the data: with less, the last third is under two weeks, about one cycle of salaries."""
LEAST_CUSTOMERS = 30
"""Who came again before the cut, and who came after it: with fewer, the measures are chance."""
DECILES = 10
FEWEST_ARRIVALS = 0.25
"""Of the new customers a day before: with fewer, the end of the files may be missing."""
LEAST_RANK = 0.1
MOST_OFF = 2.0
"""A forecast is called unreliable below this rank correlation, or if its total is off by more."""


@dataclass(frozen=True)
class Followed:
    """Customers at the cut, and what followed; arrays (n,), of customers seen before the cut.

    active_days, recency, age, spend: until the cut. days_after, spend_after: of the rest.
    recent_spend: of the last third before the cut. balance, usual_balance: latest and mean until
    the cut; NaN where unknown.
    """

    active_days: Array
    recency: Array
    age: Array
    spend: Array
    days_after: Array
    spend_after: Array
    recent_spend: Array
    balance: Array
    usual_balance: Array

    @cached_property
    def histories(self) -> tuple[Patterns, npt.NDArray[np.intp]]:
        """The distinct histories at the cut, and that of each customer."""
        return patterns_of(self.active_days, self.recency, self.age)

    @cached_property
    def purchases(self) -> BgNbd | None:
        """The model of purchases that was fitted at the cut; None where it cannot be fitted."""
        try:
            return fit_bg_nbd(self.histories[0])
        except FitError:
            return None

    @property
    def p_alive(self) -> Array | None:
        """The probability by that model that a customer is still active; None without it."""
        if self.purchases is None:
            return None
        patterns, places = self.histories
        found: Array = self.purchases.p_alive(patterns)[places]
        return found


@dataclass(frozen=True)
class Quality:
    """How good a forecast was.

    total_error: forecast over actual total, minus 1; None if nothing followed. mae: mean absolute
    error per customer. rank_correlation: Spearman's; None if either is the same for all. deciles:
    mean forecast and mean actual value of each tenth of the customers, by forecast.
    """

    total_error: float | None
    mae: float
    rank_correlation: float | None
    deciles: tuple[tuple[float, float], ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "total_error": self.total_error,
            "mae": self.mae,
            "rank_correlation": self.rank_correlation,
            "deciles": [list(pair) for pair in self.deciles],
        }


Qualities = dict[str, Quality]
"""Forecast (`model`, `past`, `segment`) -> its quality."""


def quality(forecast: Array, actual: Array) -> Quality:
    """Return the quality of a forecast."""
    total = float(actual.sum())
    order = np.argsort(forecast, kind="stable")
    parts = [part for part in np.array_split(order, DECILES) if len(part)]
    return Quality(
        float(forecast.sum()) / total - 1 if total > 0 else None,
        float(np.abs(forecast - actual).mean()),
        _spearman(forecast, actual),
        tuple((float(forecast[part].mean()), float(actual[part].mean())) for part in parts),
    )


def why_not_tested(span: int, followed: Followed | None) -> str:
    """Return why a forecast cannot be tested, as a sentence; empty if it can."""
    if span < LEAST_DAYS or followed is None:
        return (
            f"The data span {span} days; a forecast is tested with {LEAST_DAYS} or more, of which "
            "the last third is compared."
        )
    again = int((followed.active_days > 1).sum())
    after = int((followed.days_after > 0).sum())
    for found, when in ((again, "twice in the first two thirds"), (after, "in the last third")):
        if found < LEAST_CUSTOMERS:
            return (
                f"Too few customers have transactions {when} of the span to test a forecast: "
                f"expected {LEAST_CUSTOMERS} or more."
            )
    return ""


def compare(followed: Followed, before: float, after: float) -> tuple[Qualities, Qualities]:
    """Return the quality of the forecasts of days with transactions, and of spending.

    `before`, `after`: days of the span until the cut, and from it. Without `model` where it cannot
    be fitted.
    """
    ones = np.ones(len(followed.age))
    groups = segments(followed.active_days, followed.recency, ones)
    days, spend = (
        {
            PAST: past_repeated(total, before, after),
            SEGMENT: past_repeated(segment_means(groups, total, ones), before, after),
        }
        for total in (followed.active_days, np.maximum(followed.spend, 0.0))
    )
    if followed.purchases is not None:
        patterns, places = followed.histories
        expected = np.minimum(followed.purchases.expected(patterns, after), after)
        days[MODEL] = expected[places]
        with suppress(FitError):
            money = fit_gamma_gamma(amounts_of(followed.active_days, followed.spend))
            mean = followed.spend / followed.active_days
            spend[MODEL] = days[MODEL] * money.expected_mean(followed.active_days, mean)
    return (
        {name: quality(one, followed.days_after) for name, one in days.items()},
        {name: quality(one, followed.spend_after) for name, one in spend.items()},
    )


def best(found: Mapping[str, Quality]) -> str:
    """Return the forecast to use: the model, if it is reliable and no baseline is better.

    One is better than another if it is in two of three measures: the total error, the MAE and the
    rank correlation. A model that predicts nothing is not used even if baselines do worse, because
    users would rely on it: the past repeated is a fact at least.
    """
    if MODEL in found and is_reliable(found[MODEL]) and not _worse_than(found):
        return MODEL
    is_segment = is_reliable(found[SEGMENT]) and _is_better(found[SEGMENT], found[PAST])
    return SEGMENT if is_segment else PAST


def verdict(what: str, found: Mapping[str, Quality]) -> str:
    """Return which forecast is used and why, as a sentence; what: such as `spending`."""
    used, tested = best(found), "On the last third of the span, the model of"
    if used == MODEL:
        return f"{tested} {what} was better than both baselines ({_figures(found[MODEL])})."
    if MODEL not in found:
        why = f"The model of {what} cannot be fitted"
    elif worse := _worse_than(found):
        why = f"{tested} {what} was worse than a baseline, {NAMES[worse]}"
    else:
        why = (
            f"{tested} {what} was better than both baselines, but did not predict what followed "
            f"({_figures(found[MODEL])})"
        )
    shown = f"{NAMES[used]} is shown ({_figures(found[used])})"
    if is_reliable(found[used]):
        return f"{why}; {shown}."
    return (
        f"{why}; {shown}. None of them predicted what followed: do not choose customers by this "
        "forecast."
    )


def _worse_than(found: Mapping[str, Quality]) -> str:
    """Return the first baseline that is better than the model; empty if none is."""
    return next((name for name in NAMES if _is_better(found[name], found[MODEL])), "")


def missing_end(patterns: Patterns, span: int) -> str:
    """Return a note if hardly any customers arrived in the last third of the span; or nothing.

    Customers who stop coming do not keep others from arriving, but files that are not complete do.
    """
    before = round(span * FIRST_PART)
    arrived = patterns.age <= span - before
    later, sooner = (
        float(patterns.customers[which].sum()) / days
        for which, days in ((arrived, span - before), (~arrived, before))
    )
    if later >= sooner * FEWEST_ARRIVALS:
        return ""
    return (
        f"New customers a day fell from {sooner:,.0f} to {later:,.0f} in the last third of the "
        "span, too: the files may lack transactions of these days."
    )


def is_reliable(found: Quality) -> bool:
    """Return whether a forecast ranked customers better than chance, with about the right total."""
    if found.total_error is None or (found.rank_correlation or 0.0) < LEAST_RANK:
        return False
    return 1 / MOST_OFF <= 1 + found.total_error <= MOST_OFF


def _figures(found: Quality) -> str:
    """Return total and rank correlation of a forecast, in words."""
    figures = f"rank correlation with what followed: {found.rank_correlation or 0.0:z.2f}"
    if found.total_error is None:
        return figures
    return f"forecast over actual total: {1 + found.total_error:z.2f}; {figures}"


def _is_better(one: Quality, other: Quality) -> bool:
    """Return whether a forecast is better than another in most of the three measures."""
    errors = [
        np.inf if found.total_error is None else abs(found.total_error) for found in (one, other)
    ]
    ranks = [found.rank_correlation or 0.0 for found in (one, other)]
    wins = (errors[0] < errors[1], one.mae < other.mae, ranks[0] > ranks[1])
    return sum(wins) > len(wins) / 2


def _spearman(one: Array, other: Array) -> float | None:
    ranks = [pd.Series(values).rank().to_numpy() for values in (one, other)]
    if any(np.ptp(values) == 0 for values in ranks):
        return None
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
