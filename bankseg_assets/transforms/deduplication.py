"""Which rows describe the same transaction, within a file and across files.

The verdict on a row depends on the delivered contents and, where later rows win, on the recorded
time of delivery; never on the order of processing. A late file gives the same tables as all files
at once.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.accounts import CORRECTED
from bankseg_assets.delivery import DeliveryContract
from bankseg_assets.transforms.cleaning import DUPLICATE, ROW_KEY, judge
from bankseg_assets.transforms.field_text import identifier
from bankseg_assets.transforms.repeated import repeated_values

CONFLICTING = "conflicting_duplicate"

_CONTENT = [
    "customer_id",
    "birth_date",
    "age",
    "gender",
    "location",
    "balance",
    "transaction_at",
    "amount",
    "direction",
]


@contextmanager
def repeated_ids(
    arrived: DataFrame, before: DataFrame | None, contract: DeliveryContract
) -> Iterator[DataFrame]:
    """Yield the `transaction_id`s that occur twice in RAW_TRANSACTIONS because of what arrived.

    Of the rows from before, one column is read: what a file costs is the work of that file.
    """
    ids = arrived.select(transaction_id(contract))
    with repeated_values(ids, "transaction_id") as twice:
        if before is None:
            yield twice
            return
        again = before.select(transaction_id(contract))
        yield twice.union(ids.join(again, "transaction_id", "left_semi")).distinct()


def verdicts(
    raw: DataFrame,
    repeated: DataFrame,
    contract: DeliveryContract,
    *,
    not_after: Column,
    winners: Sequence[str],
) -> DataFrame:
    """Return `delivery, row_number, verdict` of the sound rows that are not to be kept.

    Rows of one transaction that agree in everything: the first is kept, the others are
    `duplicate`. Rows that differ: it is unknown which is true, so all are `conflicting_duplicate`.
    `winners`: deliveries, the strongest last. Its rows are true; what differs in another delivery
    is `corrected`, and what agrees is `duplicate`.
    """
    suspects = raw.withColumn("transaction_id", transaction_id(contract)).join(
        repeated, "transaction_id", "left_semi"
    )
    sound = judge(suspects, contract, not_after=not_after).where("reason IS NULL")
    # With the nulls, which the hash skips: else M as gender equals M as location.
    content = F.xxhash64(*_CONTENT, *(F.isnull(name) for name in _CONTENT))
    rank = F.lit(0)
    if winners:  # a map: `on_conflict = "latest"` ranks every delivery there ever was
        ranks = [F.lit(part) for pair in enumerate(winners, 1) for part in reversed(pair)]
        rank = F.coalesce(F.element_at(F.create_map(*ranks), F.col("delivery")), F.lit(0))
    row = F.struct(*ROW_KEY, content.alias("content"), rank.alias("rank"))
    groups = sound.groupBy("transaction_id").agg(F.sort_array(F.collect_list(row)).alias("rows"))
    newest = F.array_max(F.transform("rows", lambda one: one["rank"]))
    # Those of the strongest delivery; where none wins, all.
    decisive = F.filter("rows", lambda one: one["rank"] == newest)
    contents = F.array_distinct(F.transform(decisive, lambda one: one["content"]))
    differs = F.col("row.content") != F.col("first.content")
    return (
        groups.where(F.size("rows") > 1)
        .select(
            newest.alias("newest"),
            (F.size(contents) == 1).alias("same"),
            F.get(decisive, F.lit(0)).alias("first"),
            F.explode("rows").alias("row"),
        )
        .where("NOT (same AND row = first)")
        .select(
            *(f"row.{name}" for name in ROW_KEY),
            F.when((F.col("row.rank") < F.col("newest")) & (~F.col("same") | differs), CORRECTED)
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


def transaction_id(contract: DeliveryContract) -> Column:
    """Return the `transaction_id` of RAW_TRANSACTIONS as `cleaning.judge` reads it."""
    rule = contract.columns["transaction_id"]
    return identifier(F.col("transaction_id"), rule).alias("transaction_id")
