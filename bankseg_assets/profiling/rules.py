"""Describe a segment by one rule: at most three thresholds on its measures.

Found greedily on a sample: each step adds the threshold that raises F1 most (the harmonic mean of
coverage and exclusivity), then reoptimizes the earlier ones. A beam of 20 rules instead of one
raised F1 by 0.002 (real half by CustomerID, k = 4) to 0.02 (by the person key, k = 8).
k-means boundaries are oblique in these axes, so a rule describes a segment but does not assign.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets.presentation.phrases import days
from bankseg_assets.stats.arrays import Array

# Average and sum are equal for a customer with one transaction: a rule uses only one of them.
RULE_MEASURES = ("frequency", "average_amount", "monetary", "average_balance", "recency")
_AMOUNTS = {"average_amount", "monetary"}
_WHOLE = {"frequency", "recency"}
MOST_CONDITIONS = 3
LEAST_GAIN = 0.01  # minimum gain of F1 to add a condition
ROUND_GAIN = 0.003  # acceptable loss of F1 for a one-digit threshold: 400, not 410
QUANTILES = 991  # one per tenth of a per cent
SAMPLE = 20_000  # customers: F1 of 54 rules was within 0.023 of that on all
SAMPLE_SEED = 10
BELOW, FROM = "<", ">="
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

Members = npt.NDArray[np.bool_]
_Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class Condition:
    """`measure` is below `value` ("<"), or at least `value` (">="); false if unknown."""

    measure: str
    operator: str
    value: float


_Choice = tuple[Condition, float, float]
"""A condition, the F1 of the rule with it, and the same with the bonus of a round number."""


def sample(segments: DataFrame) -> tuple[dict[str, Array], npt.NDArray[np.int64]]:
    """Return measures and segments of customers sampled by a hash, the same in a rerun."""
    order = F.xxhash64("customer_id", F.lit(SAMPLE_SEED)).alias("order")
    values = [F.col(name).cast("double").alias(name) for name in RULE_MEASURES]
    chosen = segments.select(order, "segment", *values).orderBy("order").limit(SAMPLE).toPandas()
    measures = {name: chosen[name].to_numpy(dtype=np.float64) for name in RULE_MEASURES}
    return measures, chosen["segment"].to_numpy(dtype=np.int64)


def find_rule(measures: Mapping[str, Array], members: Members) -> list[Condition]:
    """Return the conditions that separate members (n,) from others by their measures (n,).

    Empty for fewer than 11 members, whom a rule would disclose, and if nothing separates them.
    """
    if members.sum() < SMALLEST_CELL:
        return []
    thresholds = {name: _thresholds(name, values) for name, values in measures.items()}

    def choices(name: str, others: Iterable[Condition]) -> Iterator[_Choice]:
        held = np.ones(len(members), dtype=bool)
        for other in others:
            held &= _holds(other, measures[other.measure])
        return _best_conditions(name, thresholds[name], measures[name], held, members)

    rule: dict[tuple[str, str], Condition] = {}
    f1 = float(_f1(members.sum(), len(members), members))
    while len(rule) < MOST_CONDITIONS:
        amounts = {measure for measure, _ in rule} & _AMOUNTS
        names = [name for name in measures if name not in _AMOUNTS - amounts or not amounts]
        found = [choice for name in names for choice in choices(name, rule.values())]
        if not found:
            break
        best, reached, _ = max(found, key=lambda choice: choice[2])
        if reached < f1 + LEAST_GAIN:
            break
        rule[best.measure, best.operator] = best
        for measure, operator in rule:
            others = [one for key, one in rule.items() if key != (measure, operator)]
            for condition, reached, _ in choices(measure, others):
                if condition.operator == operator:
                    rule[measure, operator], f1 = condition, reached
    return list(rule.values())


def rule_column(rule: Sequence[Condition]) -> Column:
    """Return a Spark column, without nulls, of whether a customer fulfils all conditions."""
    held = F.lit(True)
    for condition in rule:
        value = F.col(condition.measure).cast("double")
        one = value < condition.value if condition.operator == BELOW else value >= condition.value
        held &= F.coalesce(one, F.lit(False))
    return held


def rule_text(rule: Sequence[Condition], currency: str, *, direction_known: bool = False) -> str:
    """Return a rule in words and numbers; money in `currency`. Empty for an empty rule.

    Where the direction of amounts is known, transactions and amounts are those of spending.

    >>> rule_text([Condition("frequency", "<", 2), Condition("monetary", "<", 420)], "INR")
    'one transaction of under INR 420'
    """
    bounds: dict[str, _Bounds] = {}
    for condition in rule:
        low, high = bounds.get(condition.measure, (None, None))
        below = condition.operator == BELOW
        bounds[condition.measure] = (low, condition.value) if below else (condition.value, high)
    transaction = "spending transaction" if direction_known else "transaction"
    spent_is_said = " spent" if direction_known else ""
    often = _times(bounds["frequency"], transaction) if "frequency" in bounds else ""
    amounts = [
        (_money(bounds[name], currency), how)
        for name, how in (("average_amount", "on average"), ("monetary", "in all"))
        if name in bounds
    ]
    if often == f"one {transaction}" and amounts:
        spent = [f"{often} of {amount}" for amount, _ in amounts]
    else:
        spent = [often] if often else []
        spent += [f"{amount}{spent_is_said} {how}" for amount, how in amounts]
    if "average_balance" in bounds:
        spent.append(_balance(bounds["average_balance"], currency))
    if "recency" in bounds:
        last = f"the last {transaction}" if direction_known and not often else "the last"
        spent.append(f"{last} {_days(bounds['recency'])} ago")
    return ", ".join(spent)


def _best_conditions(
    name: str, thresholds: Array, values: Array, held: Members, members: Members
) -> Iterator[_Choice]:
    """Yield the best threshold of a measure for each operator, among customers `held` so far."""
    if not len(thresholds):
        return
    known = held & ~np.isnan(values)
    bins = np.searchsorted(thresholds, values[known], side="right")
    size = len(thresholds) + 1
    below = np.cumsum(np.bincount(bins, minlength=size))
    members_below = np.cumsum(np.bincount(bins, members[known], minlength=size))
    bonus = ROUND_GAIN * (_rounded(thresholds, 1) == thresholds)
    for operator, hits, chosen in (
        (BELOW, members_below[:-1], below[:-1]),
        (FROM, members_below[-1] - members_below[:-1], below[-1] - below[:-1]),
    ):
        f1 = _f1(hits, chosen, members)
        place = int(np.argmax(f1 + bonus))
        condition = Condition(name, operator, float(thresholds[place]))
        yield condition, float(f1[place]), float(f1[place] + bonus[place])


def _thresholds(name: str, values: Array) -> Array:
    """Return the two-digit numbers between the values, without the outermost half per cent."""
    known = values[~np.isnan(values)]
    if not len(known):
        return known
    found = np.quantile(known, np.linspace(0.005, 0.995, QUANTILES))
    rounded = np.unique(_rounded(np.ceil(found) if name in _WHOLE else found, 2))
    between: Array = rounded[rounded > known.min()]
    return between


def _rounded(values: Array, digits: int) -> Array:
    return np.array([float(f"{value:.{digits}g}") for value in values])


def _holds(condition: Condition, values: Array) -> Members:
    below = condition.operator == BELOW
    found: Members = values < condition.value if below else values >= condition.value
    return found


def _f1(hits: npt.ArrayLike, chosen: npt.ArrayLike, members: Members) -> Array:
    """Return 2 hits / (chosen + members), the harmonic mean of exclusivity and coverage."""
    return np.asarray(2 * np.asarray(hits) / (np.asarray(chosen) + members.sum()))


def _times(bounds: _Bounds, transaction: str) -> str:
    low, high = (None if bound is None else int(bound) for bound in bounds)
    low = max(low or 0, 1)  # every customer has a transaction
    if high is None:
        return f"{in_words(low)} or more {transaction}s"
    most = max(high - 1, low)
    if most == 1:
        return f"one {transaction}"
    if low == 1:
        return f"at most {in_words(most)} {transaction}s"
    return f"{in_words(low)}{f' to {in_words(most)}' if low < most else ''} {transaction}s"


def _days(bounds: _Bounds) -> str:
    low, high = bounds
    if high is None:
        return f"{low:.0f} or more days"
    if low is None:
        return f"under {days(high)}"
    most = max(high - 1, low)
    return days(low) if most == low else f"{low:.0f} to {days(most)}"


def _balance(bounds: _Bounds, currency: str) -> str:
    low, high = bounds
    if high is not None and high <= 0:
        return "overdrawn" + _by(None if low is None else -low, -high, currency)
    if low == 0 and high is None:
        return "not overdrawn"
    return f"a balance of {_money(bounds, currency)}"


def _by(most: float | None, least: float, currency: str) -> str:
    """Return by how much an account is overdrawn; empty if unlimited."""
    if most is None:
        return f" by more than {currency} {_figure(least)}" if least else ""
    if not least:
        return f" by at most {currency} {_figure(most)}"
    return f" by {_money((least, most), currency)}"


def _money(bounds: _Bounds, currency: str) -> str:
    low, high = (None if bound is None else _figure(bound) for bound in bounds)
    if high is None:
        return f"{currency} {low} or more"
    return f"under {currency} {high}" if low is None else f"{currency} {low} to {high}"


def _figure(value: float) -> str:
    return f"{value:z,.10g}"


def in_words(number: int) -> str:
    """Return a whole number as text has it: in words up to ten.

    >>> in_words(2), in_words(1200)
    ('two', '1,200')
    """
    return _WORDS[number] if number < len(_WORDS) else f"{number:,}"
