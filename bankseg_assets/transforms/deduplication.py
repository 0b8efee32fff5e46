"""Which rows tell of the same transaction, within a file and across files.

The verdict on a row depends on the set of delivered contents alone, never on the order in which
they arrived: a late file gives the same tables as all files at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.delivery import DeliveryContract
from bankseg_assets.transforms.cleaning import ROW_KEY, judge
from bankseg_assets.transforms.repeated import repeated_values

DUPLICATE = "duplicate"
CONFLICTING = "conflicting_duplicate"
CORRECTED = "corrected"

_CONTENT = [
    "customer_id",
    "birth_date",
    "gender",
    "location",
    "balance",
    "transaction_at",
    "amount",
]


@contextmanager
def repeated_ids(arrived: DataFrame, before: DataFrame | None) -> Iterator[DataFrame]:
    """Yield the `transaction_id`s that occur twice in RAW_TRANSACTIONS because of what arrived.

    Of the rows from before, one column is read: what a file costs is the work of that file.
    """
    ids = arrived.select(_identifier().alias("transaction_id"))
    with repeated_values(ids, "transaction_id") as twice:
        if before is None:
            yield twice
            return
        again = before.select(_identifier().alias("transaction_id"))
        yield twice.union(ids.join(again, "transaction_id", "left_semi")).distinct()


def verdicts(
    raw: DataFrame,
    repeated: DataFrame,
    contract: DeliveryContract,
    *,
    not_after: Column,
    corrections: list[str],
) -> DataFrame:
    """Return `delivery, row_number, verdict` of the sound rows that are not to be kept.

    Rows of one transaction that agree in everything: the first is kept, the others are
    `duplicate`. Rows that differ: nobody knows which is true, so all are `conflicting_duplicate`.
    A row of a delivery in `corrections` is known to be true: the others are `corrected`.
    """
    identifier = _identifier()
    suspects = raw.withColumn("transaction_id", identifier).join(
        repeated, "transaction_id", "left_semi"
    )
    sound = judge(suspects, contract, not_after=not_after).where("reason IS NULL")
    # With the nulls, which the hash skips: else M as gender equals M as location.
    content = F.xxhash64(*_CONTENT, *(F.isnull(name) for name in _CONTENT))
    corrects = F.col("delivery").isin(corrections) if corrections else F.lit(False)
    row = F.struct(*ROW_KEY, content.alias("content"), corrects.alias("corrects"))
    groups = sound.groupBy("transaction_id").agg(F.sort_array(F.collect_list(row)).alias("rows"))
    true_rows = F.filter("rows", lambda one: one["corrects"])
    judged = F.when(F.size(true_rows) > 0, true_rows).otherwise(F.col("rows"))
    contents = F.array_distinct(F.transform(judged, lambda one: one["content"]))
    return (
        groups.where(F.size("rows") > 1)
        .select(
            (F.size(contents) == 1).alias("same"),
            (F.size(true_rows) > 0).alias("corrected"),
            F.get(judged, F.lit(0)).alias("first"),
            F.explode("rows").alias("row"),
        )
        .where("NOT (same AND row = first)")
        .select(
            *(f"row.{name}" for name in ROW_KEY),
            F.when(F.col("corrected") & ~F.col("row.corrects"), CORRECTED)
            .when(F.col("same"), DUPLICATE)
            .otherwise(CONFLICTING)
            .alias("verdict"),
        )
    )


def day_of_grace(taken_on: dict[str, date]) -> Column:
    """Return the last day that a transaction of each delivery can have: the day after it came.

    A day of grace, because the bank's midnight may come before the server's; the delivery's day
    and not today's, so that a rerun judges every row the same.
    """
    pairs = [F.lit(part) for delivery, day in taken_on.items() for part in (delivery, day)]
    if not pairs:
        return F.current_date()
    return F.date_add(F.element_at(F.create_map(*pairs), F.col("delivery")), 1)


def _identifier() -> Column:
    return F.trim("transaction_id")
