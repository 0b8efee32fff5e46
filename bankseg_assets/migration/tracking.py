"""Track every customer between two snapshots, by the old and by the new model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.migration.flows import CustomerPath
from bankseg_assets.migration.previous_release import NothingToCompareError, PreviousRelease
from bankseg_assets.segmentation.continuity import match
from bankseg_assets.segmentation.features import component_columns
from bankseg_assets.segmentation.partition import Partition

# Logarithms of another Java may differ in the last digit and move a customer at a border.
MOST_RELABELLED = 0.001


@dataclass(frozen=True)
class Migration:
    """The paths of all customers, and the dates of the two snapshots.

    continues: the old segment that each new one continues, None for none (see `continuity`).
    Customers who are in both have stayed, even if the number differs.
    """

    paths: tuple[CustomerPath, ...]
    continues: tuple[int | None, ...]
    old_snapshot: date
    new_snapshot: date


def migrate(before: DataFrame, after: DataFrame, past: PreviousRelease, *, k: int) -> Migration:
    """Track every customer from `before` to `after`, both CUSTOMER_SEGMENTS, in one Spark job.

    `past` is the model behind `before`, and k the number of segments of the new one. Raises
    NothingToCompareError when the two have no customer in common, or when the old model does not
    reproduce the segments in `before`: moves by customers and by the model could not be separated.
    """
    old = _by_old_model(before, past).select(
        "customer_id",
        F.col("segment").alias("before"),
        F.col("snapshot_date").alias("old_snapshot"),
        F.col("monetary").alias("old_money"),
        (F.col("segment") != F.col("by_old_model")).alias("relabelled"),
    )
    new = _by_old_model(after, past).select(
        "customer_id",
        F.col("by_old_model").alias("old_model"),
        F.col("segment").alias("new_model"),
        F.col("snapshot_date").alias("new_snapshot"),
        F.col("monetary").alias("new_money"),
    )
    rows = (
        old.join(new, "customer_id", "full_outer")
        .groupBy("before", "old_model", "new_model")
        .agg(
            F.count(F.lit(1)).alias("customers"),
            F.sum(F.coalesce("new_money", "old_money")).alias("money"),
            F.count_if("relabelled").alias("relabelled"),
            F.max("old_snapshot").alias("old_snapshot"),
            F.max("new_snapshot").alias("new_snapshot"),
        )
        .collect()
    )
    _require_comparable(rows, past)
    paths = tuple(
        CustomerPath(
            row["before"], row["old_model"], row["new_model"], row["customers"], row["money"]
        )
        for row in rows
    )
    return Migration(
        paths=paths,
        continues=_continued(paths, len(past.names), k),
        old_snapshot=max(row["old_snapshot"] for row in rows if row["old_snapshot"]),
        new_snapshot=max(row["new_snapshot"] for row in rows if row["new_snapshot"]),
    )


def _by_old_model(customers: DataFrame, past: PreviousRelease) -> DataFrame:
    """Add `by_old_model`, the segment of these customers by the old model."""
    scores = component_columns(past.features, past.mean, past.scale, past.components)
    segment, _ = Partition(past.centroids, past.shares, past.covariances).columns()
    return customers.select(*past.columns, *scores).withColumn("by_old_model", segment)


def _continued(paths: Sequence[CustomerPath], old_k: int, k: int) -> tuple[int | None, ...]:
    table = np.zeros((old_k, k))
    for way in paths:
        if way.old_model is not None and way.new_model is not None:
            table[way.old_model, way.new_model] += way.customers
    matching = match(table)
    continued = dict(zip(matching.order, matching.continued, strict=True))
    return tuple(continued[segment] for segment in range(k))


def _require_comparable(rows: Sequence[Row], past: PreviousRelease) -> None:
    known = sum(row["customers"] for row in rows if row["before"] is not None)
    stayed = [row for row in rows if None not in (row["before"], row["new_model"])]
    if not stayed:
        raise NothingToCompareError(
            f"No customer of the release in use, {past.release}, is in the new data: it has other "
            "customers, or another customer key."
        )
    relabelled = sum(row["relabelled"] for row in rows)
    if relabelled > MOST_RELABELLED * known:
        raise NothingToCompareError(
            f"The model of the release in use, {past.release}, gives {relabelled / known:.1%} of "
            "its customers another segment than they were published with: this version of the "
            "platform applies it differently."
        )
