"""Fit P(age band | segment), P(gender | segment), P(location | segment) on training customers."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets.scoring.bundle import InputError
from bankseg_assets.scoring.documents import EvidenceDocument
from bankseg_assets.scoring.evidence import EVIDENCE, OTHER, category

MOST_VALUES = 30  # locations: of thousands, the thirty largest have half of the customers
SMOOTHING = 1.0  # Laplace smoothing: one more customer per value and segment
LOG_DIGITS = 3  # decimals of a log probability
CHANCE = 0.001  # significance level of the G-test


def fit_evidence(segments: DataFrame, names: Sequence[str], k: int) -> dict[str, EvidenceDocument]:
    """Return an evidence table per informative name, as read by `evidence.Evidence.from_document`.

    `segments` is CUSTOMER_SEGMENTS; held-out customers are excluded. Raises InputError for an
    unknown name.
    """
    unknown = [name for name in names if name not in EVIDENCE]
    if unknown:
        raise InputError(f"Unknown evidence {unknown}; choose from {', '.join(EVIDENCE)}.")
    if not names:
        return {}
    facts = [
        F.struct(F.lit(n).alias("name"), F.col(n).cast("string").alias("value")) for n in names
    ]
    rows = (
        segments.where("NOT held_out")
        .select("segment", F.explode(F.array(*facts)).alias("fact"))
        .groupBy("segment", "fact.name", "fact.value")
        .count()
        .collect()
    )
    counts: dict[str, dict[str, npt.NDArray[np.int64]]] = {name: {} for name in names}
    for row in rows:
        value = category(row["name"], row["value"])
        if value is not None:
            of_value = counts[row["name"]].setdefault(value, np.zeros(k, dtype=np.int64))
            of_value[row["segment"]] += row["count"]
    tables = {name: evidence_table(EVIDENCE[name], counts[name], k) for name in names}
    return {name: found for name, found in tables.items() if found is not None}


def evidence_table(
    label: str, counts: Mapping[str, npt.NDArray[np.int64]], k: int
) -> EvidenceDocument | None:
    """Return log P(value | segment) of the most common values, and of all others together.

    None if the segments do not differ significantly.

    counts: value -> customers by segment (k,). A value is listed if every segment has at least 11
    customers with it, because fewer would disclose single persons. The rest is merged to OTHER, or
    is unknown if that has fewer too. Values are in alphabetical order: an order by count would
    disclose which of two is rarer.
    """
    commonest = sorted(counts, key=lambda value: (-int(counts[value].sum()), value))[:MOST_VALUES]
    alone = sorted(value for value in commonest if counts[value].min() >= SMALLEST_CELL)
    none = np.zeros(k, dtype=np.int64)
    left = sum((counts[value] for value in counts if value not in alone), none)
    values = [*alone, OTHER] if left.min() >= SMALLEST_CELL else alone
    numbers = np.array([counts.get(value, left) for value in values]).reshape(len(values), k)
    if not differs_significantly(numbers):
        return None
    smoothed = numbers + SMOOTHING
    log_probability = np.log(smoothed / smoothed.sum(axis=0))
    return EvidenceDocument(
        label=label,
        values=values,
        log_probability=log_probability.round(LOG_DIGITS).tolist(),
    )


def differs_significantly(counts: npt.NDArray[np.int64]) -> bool:
    """Return whether segments differ significantly in their values (v, k), by a G-test.

    Without it noise is used as evidence: for demo customers, whose ages are independent of their
    segments, the log loss was 0.0001 above the prior's.
    """
    from scipy.stats import chi2

    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / max(counts.sum(), 1)
    found = counts > 0
    statistic = 2 * (counts[found] * np.log(counts[found] / expected[found])).sum()
    freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    return freedom > 0 and bool(chi2.sf(statistic, freedom) < CHANCE)
