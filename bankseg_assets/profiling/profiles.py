"""Segment profiles: size, money, quartiles, index, sentence, rule, locations, demographics."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.presentation.disclosure import SMALLEST_CELL, is_small
from bankseg_assets.presentation.formatting import short_number
from bankseg_assets.presentation.phrases import (
    balance_phrase,
    days,
    income_phrase,
    knows_direction,
    money_moved,
    transaction_phrase,
    whole_percent,
)
from bankseg_assets.profiling.demographics import mix_sentence, top_locations
from bankseg_assets.profiling.rules import (
    Condition,
    find_rule,
    in_words,
    rule_column,
    rule_text,
    sample,
)
from bankseg_assets.stats.histograms import Histogram, histograms_by, quantile_bins
from bankseg_assets.stats.typical_values import bin_values, is_typical, measure_bin

INCOME = "income"
MEDIANS = ("recency", "frequency", "monetary", "average_amount", "average_balance", INCOME, "age")
INDEXED = ("recency", "frequency", "monetary", "average_amount", "average_balance", INCOME)
QUARTER = 0.25
QUARTILES = {"lower_quartile": QUARTER, "median": 0.5, "upper_quartile": 1 - QUARTER}
AVERAGE_INDEX = 100.0
TOO_FEW = f"Fewer than {SMALLEST_CELL} customers: too few to describe."
_NO_RULE: dict[str, Any] = {
    "rule": None,
    "rule_conditions": [],
    "rule_coverage": None,
    "rule_exclusivity": None,
}

Rules = Mapping[int, Sequence[Condition]]
Totals = dict[str, Any]


def profile(
    segments: DataFrame, demographics: Sequence[Mapping[str, Any]], currency: str
) -> list[dict[str, Any]]:
    """Return one SEGMENT_PROFILES row per segment, largest share of money first.

    `segments` is CUSTOMER_SEGMENTS, `demographics` the rows of SEGMENT_DEMOGRAPHICS. A segment of
    one to ten customers is not described: its medians would disclose single customers. Its size is
    recorded as zero, which blocks a release. If income is known for any customer, the other amounts
    are spending, and are called so.
    """
    rules = _rules(segments)
    rows, everyone = _totals(segments, rules)
    direction_known = bool(everyone.get(f"{INCOME}_known"))
    measured = [name for name in MEDIANS if direction_known or name != INCOME]
    counts = histograms_by(
        segments, F.col("segment"), {name: measure_bin(name) for name in measured}
    )
    profiles = []
    for segment, row in rows.items():
        if is_small(row["customers"]):
            found = _undescribed(direction_known=direction_known)
        else:
            found = _measures(row, everyone, counts[segment])
            found["total_income"] = float(row["total_income"] or 0) if direction_known else None
            found |= _rule(segment, rules, row, everyone, currency)
            of_it = [one for one in demographics if one["segment"] == segment]
            found |= {"top_locations": top_locations(of_it), "people": mix_sentence(of_it)}
            untypical = [
                f"median_{name}"
                for name in ("average_balance", INCOME)
                if not is_typical(row[f"{name}_known"], row["customers"])
            ]
            found["sentence"] = sentence(found | dict.fromkeys(untypical), currency)
        profiles.append({"segment": segment, "segment_name": row["segment_name"], **found})
    return sorted(profiles, key=lambda row: (-row["share_of_money"], row["segment"]))


def sentence(row: Mapping[str, Any], currency: str) -> str:
    """Return a one-sentence description for marketers.

    It mentions spending and income if the direction of amounts is known (`total_income`).
    """
    direction_known = knows_direction(row)
    transactions = "spending transactions" if direction_known else "transactions"

    def money(value: float) -> str:
        return f"{currency} {short_number(value)}"

    times, amount = row["median_frequency"], row["median_average_amount"]
    ago = f"{days(row['median_recency'])} before the snapshot"
    each = transaction_phrase(amount, money)
    if times <= 1:
        did = f"{each}, {ago}" if amount < 0 else f"one {transactions[:-1]} of {each}, {ago}"
    else:
        of = ", on average " if amount < 0 else " of "
        did = f"{in_words(round(times))} {transactions}{of}{each} each, the last {ago}"
    income, balance = row.get("median_income"), row["median_average_balance"]
    holding = [] if income is None else [income_phrase(income, money)]
    holding += [] if balance is None else [balance_phrase(balance, money)]
    share = row["share_of_customers"]
    who = "All customers" if share == 1 else f"{whole_percent(share)} of customers"
    moved = money_moved(
        row["share_of_money"], row["total_monetary"], money, direction_known=direction_known
    )
    # A share of 100 % is uninformative.
    said = who if share == 1 and row["total_monetary"] > 0 else f"{who} {moved}"
    return f"{said}: typically {', '.join([did, *holding[:-1]])}{_last(holding)}."


def _last(items: Sequence[str]) -> str:
    return f", and {items[-1]}" if items else ""


def _rules(segments: DataFrame) -> dict[int, list[Condition]]:
    """Return the rule of each segment that has one."""
    measures, labels = sample(segments)
    found = {int(segment): find_rule(measures, labels == segment) for segment in set(labels)}
    return {segment: rule for segment, rule in sorted(found.items()) if rule}


def _totals(labelled: DataFrame, rules: Rules) -> tuple[dict[int, Totals], Totals]:
    """Return counts and sums per segment and in total, and how many customers fulfil each rule.

    The name is a grouping key, and totals are summed in Python: for a minimum of texts, and a
    rollup with one, Spark sorted every customer (4.7 of 8.7 s of this asset at 440,000 customers).
    """
    sums = [F.sum(F.col(name).cast("double")).alias(f"{name}_sum") for name in INDEXED]
    known = [F.count(name).alias(f"{name}_known") for name in INDEXED]
    fulfil = [F.count_if(rule_column(rule)).alias(f"rule_{s}") for s, rule in rules.items()]
    grouped = labelled.groupBy("segment", "segment_name").agg(
        F.count(F.lit(1)).alias("customers"),
        F.sum("monetary").alias("money"),
        F.sum(INCOME).alias("total_income"),
        F.count_if(F.col(INCOME) != 0).alias("paid"),
        F.sum(F.col("spend_next_90").cast("double")).alias("spend_next"),
        F.sum(F.col("p_alive").cast("double")).alias("alive"),
        F.count("p_alive").alias("alive_known"),
        *sums,
        *known,
        *fulfil,
    )
    rows = {row["segment"]: row.asDict() for row in grouped.orderBy("segment").collect()}
    for row in rows.values():
        if is_small(row["paid"]):  # also excluded from totals: the difference would disclose them
            row |= {"total_income": 0, f"{INCOME}_sum": 0.0}
    keys = ("segment", "segment_name")
    everyone = {
        name: sum(row[name] or 0 for row in rows.values())
        for name in (grouped.columns if rows else ())
        if name not in keys
    }
    # Refunds can exceed a segment's spending. Its share of the money is then undefined.
    everyone["money_brought"] = float(sum(max(row["money"], 0) for row in rows.values()))
    everyone["below_zero"] = {
        name for name in INDEXED for row in rows.values() if (row[f"{name}_sum"] or 0) < 0
    }
    return {segment: _with_means(row) for segment, row in rows.items()}, _with_means(everyone)


def _with_means(totals: Totals) -> Totals:
    means = {
        f"{name}_mean": totals[f"{name}_sum"] / totals[f"{name}_known"]
        if totals.get(f"{name}_known")
        else None
        for name in INDEXED
    }
    return {**totals, **means}


def _measures(row: Any, everyone: Any, counts: Mapping[str, Histogram]) -> dict[str, Any]:
    total = float(row["money"])
    found: dict[str, Any] = {
        "customers": row["customers"],
        "share_of_customers": row["customers"] / everyone["customers"],
        "total_monetary": total,
        "share_of_money": total / everyone["money_brought"] if total > 0 else 0.0,
        "total_spend_next_90": row["spend_next"],
        "mean_p_alive": row["alive"] / row["alive_known"]
        if row["alive_known"] >= SMALLEST_CELL
        else None,
    }
    for measure in MEDIANS:
        found |= _quartiles(measure, counts.get(measure, {}))
    for measure in INDEXED:
        mean = row[f"{measure}_mean"] if _many(counts.get(measure, {})) else None
        if measure == INCOME and is_small(row["paid"]):
            mean = None
        average = None if measure in everyone["below_zero"] else everyone[f"{measure}_mean"]
        found[f"index_{measure}"] = _index(mean, average)
    return found


def _rule(segment: int, rules: Rules, row: Any, everyone: Any, currency: str) -> dict[str, Any]:
    """Return the segment's rule with its coverage and exclusivity.

    Coverage (recall): the share of the members that fulfil it. Exclusivity (precision): the share
    of those who fulfil it that are members. Both are of all customers; the rule was found on a
    sample.
    """
    rule = rules.get(segment, ())
    hits = row[f"rule_{segment}"] if rule else 0
    if hits < SMALLEST_CELL:
        return dict(_NO_RULE)
    return {
        "rule": rule_text(rule, currency, direction_known=bool(everyone[f"{INCOME}_known"])),
        "rule_conditions": [asdict(condition) for condition in rule],
        "rule_coverage": round(hits / row["customers"], 4),
        "rule_exclusivity": round(hits / everyone[f"rule_{segment}"], 4),
    }


def _undescribed(*, direction_known: bool) -> dict[str, Any]:
    sizes: dict[str, float | None] = {"customers": 0} | dict.fromkeys(
        ("share_of_customers", "total_monetary", "share_of_money"), 0.0
    )
    quartiles = {f"{quartile}_{measure}": None for quartile in QUARTILES for measure in MEDIANS}
    indices: dict[str, Any] = dict.fromkeys(("total_spend_next_90", "mean_p_alive"))
    indices |= {f"index_{measure}": None for measure in INDEXED}
    texts = {"sentence": TOO_FEW, "people": "", "top_locations": []}
    sizes["total_income"] = 0.0 if direction_known else None
    return sizes | quartiles | indices | texts | _NO_RULE


def _quartiles(measure: str, histogram: Mapping[int, int]) -> dict[str, float | None]:
    """Return the quartiles of the members with a known measure, if there are enough.

    The median needs eleven customers, the other quartiles eleven beyond them, so that none
    discloses a single customer.
    """
    found: dict[str, float | None] = {f"{quartile}_{measure}": None for quartile in QUARTILES}
    if not _many(histogram):
        return found
    values = bin_values(measure, quantile_bins(histogram, list(QUARTILES.values())))
    for quartile, value in zip(QUARTILES, values, strict=True):
        if quartile == "median" or _many(histogram, QUARTER):
            found[f"{quartile}_{measure}"] = float(value)
    return found


def _many(histogram: Mapping[int, int], share: float = 1.0) -> bool:
    """Return whether a share of the customers is large enough to be shown."""
    return share * sum(histogram.values()) >= SMALLEST_CELL


def _index(mean: float | None, average: float | None) -> float | None:
    """Return 100 times the mean over the mean of all; None if either is undefined."""
    if mean is None or not average:
        return None
    return round(AVERAGE_INDEX * mean / average, 1)
