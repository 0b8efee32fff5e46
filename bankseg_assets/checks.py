"""Asset checks: what must hold before anything downstream may use an asset."""

from typing import Any

import dagster as dg
import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.assets.cleaned_transactions import count_dispositions
from bankseg_assets.io_managers import row_count
from bankseg_assets.resources import DeliveryResource, PublishedResource
from bankseg_assets.scoring import load_bundle, score

MOST_CONFLICTS = 0.10  # of repeat customers; the real file has over 90 %: its IDs are scrambled


@dg.asset_check(
    asset="cleaned_transactions", additional_deps=["quarantined_transactions"], blocking=True
)
def every_row_is_accounted_for(published: PublishedResource) -> dg.AssetCheckResult:
    """Rows in = cleaned + quarantined + duplicates, counted in the written files."""
    store = published.store
    rows_in = row_count(store.latest("raw_transactions"))
    clean = row_count(store.latest("cleaned_transactions"))
    aside = count_dispositions(store.latest("quarantined_transactions"))
    accounted = clean + sum(aside.values())
    return dg.AssetCheckResult(
        passed=rows_in == accounted,
        metadata={"rows_in": rows_in, "rows_clean": clean, "rows_lost": rows_in - accounted}
        | {f"rows_{name}": count for name, count in aside.items()},
    )


@dg.asset_check(asset="cleaned_transactions", blocking=True)
def transaction_ids_are_unique(cleaned_transactions: DataFrame) -> dg.AssetCheckResult:
    """No transaction is counted twice."""
    rows, distinct = cleaned_transactions.agg(
        F.count(F.lit(1)), F.count_distinct("transaction_id")
    ).collect()[0]
    return dg.AssetCheckResult(
        passed=rows == distinct, metadata={"rows": rows, "distinct_transaction_ids": distinct}
    )


@dg.asset_check(asset="raw_transactions")
def no_file_is_rejected(delivery: DeliveryResource) -> dg.AssetCheckResult:
    """Warn of files that could not be read; what was published before still serves."""
    rejected = [d for d in delivery.ledger.deliveries() if d.status == "rejected"]
    return dg.AssetCheckResult(
        passed=not rejected,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rejected_files": len(rejected)}
        | {f"{d.sha256[:12]}": f"{d.file_name}: {d.reason}" for d in rejected[-20:]},
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


@dg.asset_check(
    asset="nb_classifier",
    additional_ins={"customer_segments": dg.AssetIn("customer_segments")},
    blocking=True,
)
def numpy_scores_as_spark_does(
    published: PublishedResource, customer_segments: DataFrame
) -> dg.AssetCheckResult:
    """Score every held-out customer with numpy; the confusion matrix must equal Spark's."""
    version = published.store.latest("nb_classifier")
    bundle = load_bundle(version)
    held_out = customer_segments.where("held_out").select("segment", *bundle.measures).toPandas()
    predicted = score(bundle, {name: held_out[name] for name in bundle.measures}).segment
    confusion: Any = np.zeros((len(bundle.prior),) * 2, dtype=int)
    np.add.at(confusion, (held_out["segment"].to_numpy(), predicted), 1)
    moved = int(np.abs(confusion - bundle.confusion).sum())
    return dg.AssetCheckResult(
        passed=moved == 0, metadata={"customers": len(held_out), "counts_that_differ": moved}
    )


ALL_CHECKS = [
    every_row_is_accounted_for,
    transaction_ids_are_unique,
    no_file_is_rejected,
    customers_are_persons,
    numpy_scores_as_spark_does,
]
