"""Asset checks that must pass before downstream assets use an asset.

They check the written files, independently of how they were computed, and read only the columns
that they need. The checks of a release are its gates (`release/gates.py`).

A check blocks if its failure means a bug in our code: lost rows, duplicate customers, values that
cleaning should have quarantined. Properties of the data (a single day, unknown customers) only
warn: otherwise one delivery would block every later run.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.classifier.confusion_matrix import held_out_confusion
from bankseg_assets.cleaning.incremental import dispositions
from bankseg_assets.cleaning.parts import delivery_of, parts_of, rows_by_delivery
from bankseg_assets.cleaning.repetition import repeated_values
from bankseg_assets.contracts.tables import DELIVERY_DIGITS, INCOME
from bankseg_assets.contracts.value_ranges import (
    MOST_CONFLICTS,
    OLDEST_YEARS,
    amount_range,
    first_day,
    greatest_sum,
    money_range,
)
from bankseg_assets.customers.customer_key import NULL_KEY_ADVICE
from bankseg_assets.defs.checks.faults import MOST_NAMED, file_names, listed, platform_fault
from bankseg_assets.defs.checks.products import PRODUCT_CHECKS
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.migration.flows import Flow, unbalanced_totals
from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets.presentation.markdown import escaped, raw_table
from bankseg_assets.release.releases import all_releases
from bankseg_assets.scoring.bundle import load_bundle
from bankseg_assets.segmentation.k_selection import SMALLEST_SHARE
from bankseg_assets.storage.outputs import row_count
from bankseg_assets.storage.version_store import version_record

Range = tuple[Any, Any]
"""Allowed minimum and maximum; None for no limit."""
VERSION = "version"
"""Metadata of a check, read by later evaluations: the checked version."""
EVALUATIONS_LOOKED_AT = 20


@dg.asset_check(
    asset="cleaned_transactions", additional_deps=["quarantined_transactions"], blocking=True
)
def every_row_is_accounted_for(
    published: PublishedResource, delivery: DeliveryResource
) -> dg.AssetCheckResult:
    """For each file, rows in = cleaned + quarantined + duplicates, counted in the written files."""
    store = published.store
    rows_in = rows_by_delivery(parts_of(store.latest("raw_transactions")))
    clean = rows_by_delivery(parts_of(store.latest("cleaned_transactions")))
    not_kept = dispositions(store.latest("quarantined_transactions").glob("*.parquet"))
    names = ("quarantined", "duplicate")
    rows = {
        one: (
            rows_in.get(one, 0),
            clean.get(one, 0),
            *(not_kept.get(one, {}).get(n, 0) for n in names),
        )
        for one in [*rows_in, *sorted((clean.keys() | not_kept.keys()) - rows_in.keys())]
    }
    files = file_names(delivery.ledger)
    wrong = {one: counts for one, counts in rows.items() if counts[0] != sum(counts[1:])}
    totals = [sum(column) for column in zip(*rows.values(), strict=True)]
    head = ("delivery", "file", "rows in", "clean", "quarantined", "duplicate")
    cells = [
        (one, escaped(files.get(one, "")), *(f"{n:,}" for n in rows[one]))
        for one in sorted(rows, key=lambda one: one in wrong)  # the wrong ones are never cut off
    ]
    return dg.AssetCheckResult(
        passed=not wrong,
        description=platform_fault(_unbalanced(wrong, files), of_files=True),
        metadata={
            "rows_in": totals[0],
            "rows_clean": totals[1],
            "rows_quarantined": totals[2],
            "rows_duplicate": totals[3],
            "rows_lost": totals[0] - sum(totals[1:]),
            "by_delivery": dg.MetadataValue.md(raw_table(head, cells[-50:])),
        },
    )


def _unbalanced(rows: Mapping[str, tuple[int, ...]], files: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each of the first deliveries whose rows do not add up."""
    for one in list(rows)[:MOST_NAMED]:
        count, *places = rows[one]
        clean, quarantined, duplicate = (f"{n:,}" for n in places)
        difference = count - sum(places)
        yield (
            f"{files.get(one, one)}: expected {count:,} rows, found {clean} clean, {quarantined} "
            f"quarantined and {duplicate} duplicate: {abs(difference):,} "
            f"{'too few' if difference > 0 else 'too many'}."
        )
    if len(rows) > MOST_NAMED:
        yield f"{len(rows) - MOST_NAMED} more files are wrong; `by_delivery` lists them."


@dg.asset_check(asset="cleaned_transactions", blocking=True)
def transaction_ids_are_unique(
    context: dg.AssetCheckExecutionContext,
    published: PublishedResource,
    delivery: DeliveryResource,
    cleaned_transactions: DataFrame,
) -> dg.AssetCheckResult:
    """Transaction IDs are unique.

    If the previous version passed this check, its files contain no duplicates, so only new files
    are compared, with one another and with the previous ones. Otherwise all files are compared.
    """
    versions = published.store.versions("cleaned_transactions")
    passed = passed_versions(context.instance, "cleaned_transactions", "transaction_ids_are_unique")
    trusted = versions[-2] if versions[:-1] and versions[-2].name in passed else None
    repeated, compared, where = repeated_transactions(cleaned_transactions, versions[-1], trusted)
    files = listed(where, file_names(delivery.ledger))
    faults = [f"{repeated:,} transaction IDs occur more than once, expected none. Files: {files}."]
    return dg.AssetCheckResult(
        passed=repeated == 0,
        description=platform_fault(faults if repeated else (), of_files=True),
        metadata={
            "repeated_transaction_ids": repeated,
            "files_compared": compared,
            VERSION: versions[-1].name,
        },
    )


def passed_versions(instance: dg.DagsterInstance, asset: str, check: str) -> set[str]:
    """Return the versions of an asset that passed its check, among the last evaluations."""
    records = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey(asset), check), limit=EVALUATIONS_LOOKED_AT
    )
    found = set()
    for record in records:
        event = record.event.dagster_event if record.event else None
        if event is None or event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        evaluation = event.asset_check_evaluation_data
        if evaluation.passed and VERSION in evaluation.metadata:
            found.add(str(evaluation.metadata[VERSION].value))
    return found


def repeated_transactions(
    table: DataFrame, version: Path, trusted: Path | None
) -> tuple[int, int, list[str]]:
    """Return the number of duplicate transaction IDs, of compared files, and their deliveries.

    `trusted`: an earlier version without duplicates; its files are not compared with one another.
    """
    known = {sha256 for _, sha256 in _files(trusted).values()} if trusted else set()
    fresh = [name for name, (_, sha256) in _files(version).items() if sha256 not in known]
    fresh = [name for name in fresh if name.endswith(".parquet")]
    rows = table.select("transaction_id", F.col("_metadata.file_name").alias("file"))
    is_fresh = F.col("file").isin(fresh)
    new = rows.where(is_fresh).select("transaction_id")
    where: set[str] = set()
    with repeated_values(new, "transaction_id") as found:
        if repeated := found.count():
            where |= _deliveries_with(rows, found)
    if known:
        old = rows.where(~is_fresh).select("transaction_id")
        shared = old.join(new, "transaction_id", "left_semi")
        if again := shared.count():
            repeated += again
            where |= _deliveries_with(rows, shared)
    return repeated, len(fresh), sorted(where)


def _deliveries_with(rows: DataFrame, transactions: DataFrame) -> set[str]:
    files = rows.join(transactions, "transaction_id", "left_semi").select("file").distinct()
    return {delivery_of(Path(row["file"])) for row in files.collect()}


@dg.asset_check(asset="cleaned_transactions", blocking=True)
def values_are_in_range(
    published: PublishedResource, delivery: DeliveryResource
) -> dg.AssetCheckResult:
    """Money and dates are within the contract's range, or a plausible default range.

    Cleaning quarantines other rows by the same rule; see `value_ranges`.
    """
    version = published.store.latest("cleaned_transactions")
    rules = delivery.contract.columns
    day = rules["transaction_date"]
    ingested = [d.taken_at[:10] for d in delivery.ledger.deliveries()]
    last = date.fromisoformat(max(ingested)) + timedelta(days=1) if ingested else date.max
    if isinstance(day.maximum, date):
        last = min(last, day.maximum)
    ranges: dict[str, Range] = {"amount": amount_range(delivery.contract)}
    if "balance" in rules:
        ranges["balance"] = money_range(rules["balance"])
    ranges["transaction_at"] = (
        datetime.combine(first_day(day), time.min),
        datetime.combine(last, time.max),
    )
    faults, metadata = _in_ranges(version, ranges, file_names(delivery.ledger))
    return dg.AssetCheckResult(
        passed=not faults, description=platform_fault(faults, of_files=True), metadata=metadata
    )


@dg.asset_check(asset="raw_transactions")
def no_file_is_rejected(delivery: DeliveryResource) -> dg.AssetCheckResult:
    """Warn about files that could not be read; previously published data stays in use."""
    rejected = [d for d in delivery.ledger.deliveries() if d.status == "rejected"]
    return dg.AssetCheckResult(
        passed=not rejected,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rejected_files": len(rejected)}
        | {d.sha256[:DELIVERY_DIGITS]: f"{d.file_name}: {d.reason}" for d in rejected[-20:]},
    )


@dg.asset_check(asset="rfm_table", blocking=True)
def customers_are_unique(rfm_table: DataFrame) -> dg.AssetCheckResult:
    """The table has one row per customer."""
    rows = rfm_table.count()
    with repeated_values(rfm_table, "customer_id") as found:
        repeated = found.count()
    faults = [f"{repeated:,} customers have several rows, expected one each."] if repeated else []
    return dg.AssetCheckResult(
        passed=not repeated,
        description=platform_fault(faults),
        metadata={"rows": rows, "repeated_customers": repeated},
    )


@dg.asset_check(asset="rfm_table")
def transactions_have_a_customer(published: PublishedResource) -> dg.AssetCheckResult:
    """Warn about transactions whose customer key is null: they belong to no customer.

    Income is excluded, because it is not part of a customer's number of transactions.
    """
    version = published.store.latest("rfm_table")
    cleaned = version.parent.parent / "cleaned_transactions"
    cleaned /= version_record(version).inputs["cleaned_transactions"]
    transactions = row_count(cleaned) - _income_rows(cleaned)
    files = sorted(map(str, version.glob("*.parquet")))
    counted = sum(
        pc.sum(batch["frequency"]).as_py() or 0
        for batch in ds.dataset(files).to_batches(columns=["frequency"])
    )
    missing = transactions - counted
    return dg.AssetCheckResult(
        passed=missing == 0,
        description=f"The customer key is null for {missing:,} of {transactions:,} transactions, "
        f"which belong to no customer. {NULL_KEY_ADVICE}"
        if missing
        else None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"transactions": transactions, "without_customer": missing},
    )


@dg.asset_check(asset="rfm_table", blocking=True)
def measures_are_plausible(
    published: PublishedResource, delivery: DeliveryResource
) -> dg.AssetCheckResult:
    """Measures are in the range given by the contract; warn about data of a single day.

    Money may be negative if the contract allows negative amounts or balances.
    """
    version = published.store.latest("rfm_table")
    rules = delivery.contract.columns
    # In the column's type: Arrow does not compare integers with decimals of 18 digits.
    lowest_amount = Decimal(0) if amount_range(delivery.contract)[0] >= 0 else None
    has_overdrafts = "balance" not in rules or money_range(rules["balance"])[0] < 0
    faults, metadata = _in_ranges(
        version,
        {
            "recency": (0, None),
            "frequency": (1, None),
            "monetary": (lowest_amount, None),
            "average_balance": (None if has_overdrafts else 0.0, None),
            "age": (0, OLDEST_YEARS),
        },
    )
    least, greatest = _range(version, "recency")
    warnings = []
    if least is not None and least == greatest:
        warnings.append(
            f"The last transaction of every customer is {least} days old: recency is not "
            "informative for this data."
        )
    most = greatest_sum(delivery.contract.decimals)
    if max(abs(money or 0) for money in _range(version, "monetary")) >= most:
        warnings.append(f"A customer's total is more than {most:,} and was capped.")
    return dg.AssetCheckResult(
        passed=not faults and not warnings,
        severity=dg.AssetCheckSeverity.ERROR if faults else dg.AssetCheckSeverity.WARN,
        description=" ".join(filter(None, [platform_fault(faults), *warnings])) or None,
        metadata=metadata,
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
        "date or gender: the customer key may not identify persons.",
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"repeat_customers": repeated, "conflict_share": rate, "limit": MOST_CONFLICTS},
    )


@dg.asset_check(asset="pca_model", blocking=True)
def features_vary(pca_model: dict[str, Any]) -> dg.AssetCheckResult:
    """Every feature has a finite scale above zero, because scoring divides by it.

    Features that do not vary are dropped by `pca_model`, or have scale 1 in a model of one segment.
    """
    names = [feature["name"] for feature in pca_model["features"]]
    scales = dict(zip(names, pca_model["scale"], strict=True))
    faults = [
        f"{name}: expected a finite scale above zero, found {scale:g}."
        for name, scale in scales.items()
        if not 0 < scale < float("inf")
    ]
    return dg.AssetCheckResult(
        passed=not faults,
        description=platform_fault(faults),
        metadata={f"scale_of_{name}": scale for name, scale in scales.items()},
    )


@dg.asset_check(asset="segment_profiles")
def every_segment_is_worth_a_campaign(segment_profiles: DataFrame) -> dg.AssetCheckResult:
    """Warn about segments with under 1 % of the customers, or fewer than 11."""
    rows = segment_profiles.select("segment_name", "customers", "share_of_customers").collect()
    sizes = {
        row["segment_name"]: f"{row['share_of_customers']:.2%} of the customers"
        if row["customers"] >= SMALLEST_CELL
        else f"fewer than {SMALLEST_CELL} customers"
        for row in rows
    }
    small = [
        f"{row['segment_name']} has {sizes[row['segment_name']]}."
        for row in rows
        if row["customers"] < SMALLEST_CELL or row["share_of_customers"] < SMALLEST_SHARE
    ]
    return dg.AssetCheckResult(
        passed=not small,
        description=" ".join(small) or None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={f"share_of_{name}": size for name, size in sizes.items()},
    )


@dg.asset_check(asset="segment_migration", blocking=True)
def no_customer_is_lost_on_the_way(published: PublishedResource) -> dg.AssetCheckResult:
    """The flows add up to the customers and money of every segment in both tables.

    The tables are those of the release that was in use and of this run. Passes without flows.
    """
    store = published.store
    version = store.latest("segment_migration")
    rows = ds.dataset(sorted(map(str, version.glob("*.parquet")))).to_table().to_pylist()
    if not rows:
        return dg.AssetCheckResult(passed=True, description="There is nothing to compare with.")
    name = rows[0]["compared_with"]
    old = next((release for release in all_releases(store.folder) if release.name == name), None)
    if old is None or not any(old.path("customer_segments").glob("*.parquet")):
        return dg.AssetCheckResult(
            passed=True,
            description=f"The release {name}, which the flows compare with, is no longer stored: "
            "its customers cannot be counted.",
        )
    names = [field.name for field in fields(Flow)]
    found = [Flow(**{name: row[name] for name in names}) for row in rows]
    new = version.parent.parent / "customer_segments"
    new /= version_record(version).inputs["customer_segments"]
    before, _ = _segment_sizes(old.path("customer_segments"))
    after, money = _segment_sizes(new)
    faults = unbalanced_totals(found, before, after, money)
    return dg.AssetCheckResult(
        passed=not faults,
        description=platform_fault(faults),
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
    fault = (
        f"numpy and Spark predict different segments for the {int(found.sum()):,} held-out "
        f"customers: expected the same confusion matrix, found {moved:,} different counts."
    )
    return dg.AssetCheckResult(
        passed=moved == 0,
        description=platform_fault([fault] if moved else ()),
        metadata={"customers": int(found.sum()), "counts_that_differ": moved},
    )


ALL_CHECKS = [
    every_row_is_accounted_for,
    transaction_ids_are_unique,
    values_are_in_range,
    no_file_is_rejected,
    customers_are_unique,
    transactions_have_a_customer,
    measures_are_plausible,
    customers_are_persons,
    features_vary,
    every_segment_is_worth_a_campaign,
    no_customer_is_lost_on_the_way,
    numpy_scores_as_spark_does,
    *PRODUCT_CHECKS,
]


def _income_rows(cleaned: Path) -> int:
    """Count the transactions of a written table that are income."""
    rows = ds.dataset(sorted(map(str, cleaned.glob("*.parquet"))))
    if "direction" not in rows.schema.names:
        return 0
    count: int = rows.count_rows(filter=ds.field("direction") == INCOME)
    return count


def _files(version: Path) -> dict[str, tuple[int, str]]:
    return version_record(version).files


def _segment_sizes(version: Path) -> tuple[dict[int, int], Decimal]:
    """Return segment -> customers of a written table, and their total monetary."""
    files = sorted(map(str, version.glob("*.parquet")))
    sizes: Counter[int] = Counter()
    money = Decimal(0)
    for batch in ds.dataset(files).to_batches(columns=["segment", "monetary"]):
        for entry in pc.value_counts(batch["segment"]).to_pylist():
            sizes[entry["values"]] += entry["counts"]
        money += pc.sum(batch["monetary"]).as_py() or 0
    return sizes, money


def _range(version: Path, column: str) -> tuple[Any, Any]:
    """Return minimum and maximum of a written column, read in batches; None if empty."""
    files = sorted(map(str, version.glob("*.parquet")))
    least, greatest = None, None
    for batch in ds.dataset(files).to_batches(columns=[column]) if files else ():
        found = pc.min_max(batch[column]).as_py()
        if found["min"] is not None:
            least = found["min"] if least is None else min(least, found["min"])
            greatest = found["max"] if greatest is None else max(greatest, found["max"])
    return least, greatest


def _in_ranges(
    version: Path, ranges: Mapping[str, Range], names: Mapping[str, str] | None = None
) -> tuple[list[str], dict[str, str]]:
    """Return a sentence for each column with values out of range, and the ranges found.

    `names`: of the files, by delivery, if each delivery has files of its own.
    """
    files = sorted(version.glob("*.parquet"))
    faults, metadata = [], {}
    for name, (low, high) in ranges.items():
        least, greatest = _range(version, name)
        found = "no values" if least is None else f"{_text(least)} to {_text(greatest)}"
        metadata[f"{name}_range"] = found
        if least is None:
            continue
        # In the column's type: Arrow does not compare decimals with integers.
        too_low = None if low is None else ds.field(name) < _as_kind(least, low)
        too_high = None if high is None else ds.field(name) > _as_kind(least, high)
        outside = [limit for limit in (too_low, too_high) if limit is not None]
        if not outside:
            continue
        is_outside = reduce(or_, outside)
        if count := ds.dataset(files).count_rows(filter=is_outside):
            where = "" if names is None else _files_with(files, is_outside, names)
            allowed = " and ".join(
                f"{word} {_text(limit)}"
                for word, limit in (("at least", low), ("at most", high))
                if limit is not None
            )
            faults.append(
                f"{name}: {count:,} rows are out of range; expected {allowed}, found {found}."
                + where
            )
    return faults, metadata


def _files_with(files: Iterable[Path], rows: pc.Expression, names: Mapping[str, str]) -> str:
    deliveries = [delivery_of(one) for one in files if ds.dataset(one).count_rows(filter=rows)]
    return f" Files: {listed(dict.fromkeys(deliveries), names)}."


def _text(value: Any) -> str:
    return str(value) if isinstance(value, datetime) else f"{value:,}"


def _as_kind(value: Any, limit: Any) -> Any:
    return Decimal(limit) if isinstance(value, Decimal) else limit
