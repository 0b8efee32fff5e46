"""Asset checks: what must hold before anything downstream may use an asset.

They look at what was written, not at how it was computed, and read only the columns they need. The
checks of a release are its gates (`gates.py`).
"""

from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.confusion import held_out_confusion
from bankseg_assets.contracts import DELIVERY_DIGITS
from bankseg_assets.flows import Flow, lost
from bankseg_assets.incremental import dispositions
from bankseg_assets.parts import parts_of, rows_by_delivery
from bankseg_assets.product_checks import PRODUCT_CHECKS
from bankseg_assets.releases import all_releases
from bankseg_assets.resources import DeliveryResource, PublishedResource
from bankseg_assets.scoring import load_bundle
from bankseg_assets.store import version_record
from bankseg_assets.transforms.repeated import repeated_values
from bankseg_assets.transforms.sweep import SMALLEST_SHARE

MOST_CONFLICTS = 0.10  # of repeat customers; the real file has over 90 %: its IDs are scrambled
OLDEST = 110  # years


@dg.asset_check(
    asset="cleaned_transactions", additional_deps=["quarantined_transactions"], blocking=True
)
def every_row_is_accounted_for(published: PublishedResource) -> dg.AssetCheckResult:
    """Rows in = cleaned + quarantined + duplicates for every file, counted in the written files."""
    store = published.store
    rows_in = rows_by_delivery(parts_of(store.latest("raw_transactions")))
    clean = rows_by_delivery(parts_of(store.latest("cleaned_transactions")))
    aside = dispositions(store.latest("quarantined_transactions").glob("*.parquet"))
    names = ("quarantined", "duplicate")
    rows = {
        delivery: (
            count,
            clean.get(delivery, 0),
            *(aside.get(delivery, {}).get(n, 0) for n in names),
        )
        for delivery, count in rows_in.items()
    }
    strangers = (clean.keys() | aside.keys()) - rows_in.keys()
    wrong = [d for d, (count, *places) in rows.items() if count != sum(places)] + sorted(strangers)
    totals = [sum(column) for column in zip(*rows.values(), strict=True)]
    lines = [f"| {d} | " + " | ".join(f"{n:,}" for n in found) + " |" for d, found in rows.items()]
    head = ["| delivery | rows in | clean | quarantined | duplicate |", "|---|---|---|---|---|"]
    return dg.AssetCheckResult(
        passed=not wrong,
        description=f"Does not add up: {', '.join(wrong)}." if wrong else None,
        metadata={
            "rows_in": totals[0],
            "rows_clean": totals[1],
            "rows_quarantined": totals[2],
            "rows_duplicate": totals[3],
            "rows_lost": totals[0] - sum(totals[1:]),
            "by_delivery": dg.MetadataValue.md("\n".join([*head, *lines[-50:]])),
        },
    )


@dg.asset_check(asset="cleaned_transactions", blocking=True)
def transaction_ids_are_unique(
    published: PublishedResource, cleaned_transactions: DataFrame
) -> dg.AssetCheckResult:
    """No transaction is counted twice.

    Files that are linked from the version before were looked at then: only the new ones are
    compared, with one another and with the rest.
    """
    versions = published.store.versions("cleaned_transactions")
    known = {sha256 for _, sha256 in _files(versions[-2]).values()} if versions[:-1] else set()
    fresh = [name for name, (_, sha256) in _files(versions[-1]).items() if sha256 not in known]
    fresh = [name for name in fresh if name.endswith(".parquet")]
    rows = cleaned_transactions.select(
        "transaction_id", F.col("_metadata.file_name").isin(fresh).alias("fresh")
    )
    new = rows.where("fresh").select("transaction_id")
    with repeated_values(new, "transaction_id") as found:
        repeated = found.count()
    if known:
        old = rows.where("NOT fresh").select("transaction_id")
        repeated += old.join(new, "transaction_id", "left_semi").count()
    return dg.AssetCheckResult(
        passed=repeated == 0,
        metadata={"repeated_transaction_ids": repeated, "files_compared": len(fresh)},
    )


@dg.asset_check(asset="cleaned_transactions", blocking=True)
def values_are_in_range(published: PublishedResource) -> dg.AssetCheckResult:
    """No negative money, and no transaction before 1900 or after tomorrow."""
    version = published.store.latest("cleaned_transactions")
    amount, balance, moment = (
        _range(version, name) for name in ("amount", "balance", "transaction_at")
    )
    latest = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=2)
    passed = all(low is None or low >= 0 for low, _ in (amount, balance)) and (
        moment[0] is None or (moment[0] >= datetime(1900, 1, 1) and moment[1] < latest)
    )
    return dg.AssetCheckResult(
        passed=passed,
        metadata={
            "first_transaction": str(moment[0]),
            "last_transaction": str(moment[1]),
            "amount_range": f"{amount[0]} to {amount[1]}",
            "balance_range": f"{balance[0]} to {balance[1]}",
        },
    )


@dg.asset_check(asset="raw_transactions")
def no_file_is_rejected(delivery: DeliveryResource) -> dg.AssetCheckResult:
    """Warn of files that could not be read; what was published before still serves."""
    rejected = [d for d in delivery.ledger.deliveries() if d.status == "rejected"]
    return dg.AssetCheckResult(
        passed=not rejected,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rejected_files": len(rejected)}
        | {d.sha256[:DELIVERY_DIGITS]: f"{d.file_name}: {d.reason}" for d in rejected[-20:]},
    )


@dg.asset_check(asset="rfm_table", blocking=True)
def customers_are_unique(rfm_table: DataFrame) -> dg.AssetCheckResult:
    """One row a customer, and every customer has a key."""
    rows, known = rfm_table.agg(F.count(F.lit(1)), F.count("customer_id")).collect()[0]
    with repeated_values(rfm_table, "customer_id") as found:
        repeated = found.count()
    return dg.AssetCheckResult(
        passed=rows == known and not repeated,
        description=None
        if rows == known
        else "The customer key is null for some transactions, which are nobody's then. In the key, "
        "take concat_ws instead of concat or ||, or coalesce(column, '').",
        metadata={"rows": rows, "repeated_customers": repeated},
    )


@dg.asset_check(asset="rfm_table", blocking=True)
def measures_are_plausible(published: PublishedResource) -> dg.AssetCheckResult:
    """Ages are 0 to 110 years, recency is not constant, and nothing is negative."""
    version = published.store.latest("rfm_table")
    names = ("recency", "frequency", "monetary", "average_balance", "age")
    ranges = {name: _range(version, name) for name in names}
    faults = [
        f"{name} is negative" for name, (low, _) in ranges.items() if low is not None and low < 0
    ]
    if ranges["recency"][0] == ranges["recency"][1]:
        faults.append("recency is the same for all: the data covers a single day")
    if (ranges["age"][1] or 0) > OLDEST:
        faults.append(f"an age is above {OLDEST} years")
    return dg.AssetCheckResult(
        passed=not faults,
        description="; ".join(faults) or None,
        metadata={
            f"{name}_range": "none known" if low is None else f"{low:,} to {high:,}"
            for name, (low, high) in ranges.items()
        },
    )


@dg.asset_check(asset="rfm_table")
def customers_are_persons(rfm_table: DataFrame) -> dg.AssetCheckResult:
    """Warn when the rows of one customer disagree in birth date or gender."""
    repeat = F.col("frequency") > 1
    repeated, conflicts = rfm_table.agg(
        F.count_if(repeat), F.count_if(repeat & F.col("identity_conflict"))
    ).collect()[0]
    rate = conflicts / repeated if repeated else 0.0
    return dg.AssetCheckResult(
        passed=rate <= MOST_CONFLICTS,
        description=f"{rate:.0%} of {repeated:,} repeat customers have rows that disagree in birth "
        "date or gender: the customer key may not name persons.",
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"repeat_customers": repeated, "conflict_share": rate, "limit": MOST_CONFLICTS},
    )


@dg.asset_check(asset="pca_model", blocking=True)
def features_vary(pca_model: dict[str, Any]) -> dg.AssetCheckResult:
    """No feature has zero variance: it would tell nobody apart, and divide by zero."""
    names = [feature["name"] for feature in pca_model["features"]]
    scales = dict(zip(names, pca_model["scale"], strict=True))
    constant = [name for name, scale in scales.items() if not 0 < scale < float("inf")]
    return dg.AssetCheckResult(
        passed=not constant,
        description=f"Constant: {', '.join(constant)}." if constant else None,
        metadata={f"scale_of_{name}": scale for name, scale in scales.items()},
    )


@dg.asset_check(asset="segment_profiles")
def every_segment_is_worth_a_campaign(segment_profiles: DataFrame) -> dg.AssetCheckResult:
    """Warn of a segment with under 1 % of the customers."""
    shares = {row["segment_name"]: row["share_of_customers"] for row in segment_profiles.collect()}
    return dg.AssetCheckResult(
        passed=min(shares.values()) >= SMALLEST_SHARE,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={f"share_of_{name}": share for name, share in shares.items()},
    )


@dg.asset_check(asset="segment_migration", blocking=True)
def no_customer_is_lost_on_the_way(published: PublishedResource) -> dg.AssetCheckResult:
    """The flows hold every customer of both tables, and all money, by segment; or there are none.

    Compared with the tables themselves: the one of the release that was in use, and the new one.
    """
    store = published.store
    version = store.latest("segment_migration")
    rows = ds.dataset(sorted(map(str, version.glob("*.parquet")))).to_table().to_pylist()
    if not rows:
        return dg.AssetCheckResult(passed=True, description="There is nothing to compare with.")
    names = [field.name for field in fields(Flow)]
    found = [Flow(**{name: row[name] for name in names}) for row in rows]
    (old,) = (r for r in all_releases(store.folder) if r.name == rows[0]["compared_with"])
    new = version.parent.parent / "customer_segments"
    new /= version_record(version)["inputs"]["customer_segments"]
    before, _ = _segment_sizes(old.path("customer_segments"))
    after, money = _segment_sizes(new)
    faults = lost(found, before, after, money)
    return dg.AssetCheckResult(
        passed=not faults,
        description=" ".join(faults) or None,
        metadata={
            "customers_before": sum(before.values()),
            "customers_after": sum(after.values()),
            "totals_that_differ": len(faults),
        },
    )


@dg.asset_check(asset="nb_classifier", additional_deps=["customer_segments"], blocking=True)
def numpy_scores_as_spark_does(published: PublishedResource) -> dg.AssetCheckResult:
    """Score every held-out customer with numpy; the confusion matrix must equal Spark's."""
    bundle = load_bundle(published.store.latest("nb_classifier"))
    found = held_out_confusion(bundle, published.store.latest("customer_segments"))
    confusion = np.zeros_like(bundle.confusion)
    confusion[: len(found)] = found
    moved = int(np.abs(confusion - bundle.confusion).sum())
    return dg.AssetCheckResult(
        passed=moved == 0,
        metadata={"customers": int(found.sum()), "counts_that_differ": moved},
    )


ALL_CHECKS = [
    every_row_is_accounted_for,
    transaction_ids_are_unique,
    values_are_in_range,
    no_file_is_rejected,
    customers_are_unique,
    measures_are_plausible,
    customers_are_persons,
    features_vary,
    every_segment_is_worth_a_campaign,
    no_customer_is_lost_on_the_way,
    numpy_scores_as_spark_does,
    *PRODUCT_CHECKS,
]


def _files(version: Path) -> dict[str, tuple[int, str]]:
    files: dict[str, tuple[int, str]] = version_record(version)["files"]
    return files


def _segment_sizes(version: Path) -> tuple[dict[int, int], Decimal]:
    """Return segment -> customers of a written table, and the sum of their monetary."""
    files = sorted(map(str, version.glob("*.parquet")))
    sizes: Counter[int] = Counter()
    money = Decimal(0)
    for batch in ds.dataset(files).to_batches(columns=["segment", "monetary"]):
        for entry in pc.value_counts(batch["segment"]).to_pylist():
            sizes[entry["values"]] += entry["counts"]
        money += pc.sum(batch["monetary"]).as_py() or 0
    return sizes, money


def _range(version: Path, column: str) -> tuple[Any, Any]:
    """Return the least and greatest value of a written column, a batch at a time; None if empty."""
    files = sorted(map(str, version.glob("*.parquet")))
    least, greatest = None, None
    for batch in ds.dataset(files).to_batches(columns=[column]) if files else ():
        found = pc.min_max(batch[column]).as_py()
        if found["min"] is not None:
            least = found["min"] if least is None else min(least, found["min"])
            greatest = found["max"] if greatest is None else max(greatest, found["max"])
    return least, greatest
