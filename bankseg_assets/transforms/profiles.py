"""What each segment is like: size, money, medians, index against the average, name, sentence."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.suppression import SMALLEST_CELL, is_small
from bankseg_assets.transforms.histograms import histograms_by, log_bin, quantiles
from bankseg_assets.transforms.naming import WORDINGS, SegmentFacts

MEDIANS = ("recency", "frequency", "monetary", "average_amount", "average_balance", "age")
INDEXED = ("recency", "frequency", "monetary", "average_amount", "average_balance")
AVERAGE_INDEX = 100.0
TOO_FEW = f"Fewer than {SMALLEST_CELL} customers: too few to be described."
MOST_BINS = 1_000_000  # a greater frequency counts as this one


def naming_facts(labelled: DataFrame, k: int) -> list[SegmentFacts]:
    """Return what the segments' names may say, from customers with `segment` and the measures."""
    logs = {name: F.log1p(F.col(name).cast("double")) for name in WORDINGS}
    aggregates = [F.avg(value).alias(f"{name}_mean") for name, value in logs.items()]
    spreads = [F.stddev_samp(value).alias(f"{name}_spread") for name, value in logs.items()]
    rows = (
        labelled.rollup("segment")
        .agg(*aggregates, *spreads, F.avg("frequency").alias("frequency_plain"))
        .collect()
    )
    of_segment = {row["segment"]: row for row in rows}
    everyone = of_segment[None]
    return [_facts(of_segment.get(segment), everyone) for segment in range(k)]


def profile(segments: DataFrame, currency: str) -> list[dict[str, Any]]:
    """Return one SEGMENT_PROFILES row a segment, largest share of money first.

    `segments` is CUSTOMER_SEGMENTS. A segment of one to ten customers is not described: its
    medians would be theirs. Its size counts as none, for which no release is promoted.
    """
    counts = histograms_by(
        segments, F.col("segment"), {name: _profile_bin(name) for name in MEDIANS}
    )
    rows = {row["segment"]: row for row in _totals(segments).collect()}
    everyone = rows.pop(None)
    profiles = []
    for segment, row in rows.items():
        small = is_small(row["customers"])
        found = _undescribed() if small else _measures(row, everyone, counts[segment])
        text = TOO_FEW if small else sentence(found, currency)
        name = row["name"]
        profiles.append({"segment": segment, "segment_name": name, "sentence": text, **found})
    return sorted(profiles, key=lambda row: (-row["share_of_money"], row["segment"]))


def sentence(row: Mapping[str, Any], currency: str) -> str:
    """Return one plain sentence that a marketer understands."""
    balance = row["median_average_balance"]
    holding = "" if balance is None else f" and hold about {currency} {_short(balance)}"
    times = row["median_frequency"]
    often = "transacted once" if times <= 1 else f"made about {times:.0f} transactions"
    return (
        f"{row['share_of_customers']:.0%} of customers and {row['share_of_money']:.0%} of the "
        f"money: they {often}, the last {row['median_recency']:.0f} days before the snapshot, "
        f"spend about {currency} {_short(row['median_average_amount'])} at a time{holding}."
    )


def _facts(row: Any, everyone: Any) -> SegmentFacts:
    if row is None:  # no customer is nearest to this centroid
        return SegmentFacts({}, 0.0)
    deviations = {
        name: (row[f"{name}_mean"] - everyone[f"{name}_mean"]) / everyone[f"{name}_spread"]
        for name in WORDINGS
        if row[f"{name}_mean"] is not None and everyone[f"{name}_spread"]
    }
    return SegmentFacts(deviations, row["frequency_plain"])


def _totals(labelled: DataFrame) -> DataFrame:
    means = [F.avg(F.col(name).cast("double")).alias(f"{name}_mean") for name in INDEXED]
    return labelled.rollup("segment").agg(
        F.min("segment_name").alias("name"),
        F.count(F.lit(1)).alias("customers"),
        F.sum("monetary").alias("money"),
        *means,
    )


def _profile_bin(name: str) -> Column:
    """Whole numbers keep their value; money goes to logarithmic bins."""
    if name in ("recency", "frequency", "age"):
        # Not `least`, which skips nulls: an unknown age would count as the greatest.
        return F.when(F.col(name) > MOST_BINS, MOST_BINS).otherwise(F.col(name))
    return log_bin(F.col(name))


def _measures(row: Any, everyone: Any, counts: Mapping[str, Mapping[int, int]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "customers": row["customers"],
        "share_of_customers": row["customers"] / everyone["customers"],
        "total_monetary": float(row["money"]),
        "share_of_money": float(row["money"]) / max(float(everyone["money"]), 1e-9),
    }
    for measure in MEDIANS:
        found[f"median_{measure}"] = _median(measure, counts[measure])
    for measure in INDEXED:
        found[f"index_{measure}"] = _index(row[f"{measure}_mean"], everyone[f"{measure}_mean"])
    return found


def _undescribed() -> dict[str, Any]:
    sizes = {
        "customers": 0,
        "share_of_customers": 0.0,
        "total_monetary": 0.0,
        "share_of_money": 0.0,
    }
    medians = {f"median_{measure}": None for measure in MEDIANS}
    return sizes | medians | {f"index_{measure}": None for measure in INDEXED}


def _median(measure: str, histogram: Mapping[int, int]) -> float | None:
    if not histogram:
        return None
    if measure in ("recency", "frequency", "age"):
        values = np.array(list(histogram))
        cumulative = np.cumsum(list(histogram.values()))
        return float(values[np.searchsorted(cumulative, cumulative[-1] / 2 - 1e-9)])
    return round(float(quantiles(histogram, [0.5])[0]), 2)


def _index(mean: float | None, average: float | None) -> float | None:
    if mean is None or not average:
        return None
    return round(AVERAGE_INDEX * mean / average, 1)


def _short(value: float) -> str:
    """Three significant digits, with thousands separators: 16792.4 -> 16,800."""
    return f"{float(f'{value:.3g}'):,.0f}"
