"""Detect rows that describe the same transaction, within and across files.

The verdict on a row depends on the delivered contents and, if later rows win, on the recorded time
of delivery; never on the order of processing. A late file gives the same tables as all files at
once.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.field_text import identifier
from bankseg_assets.cleaning.repetition import repeated_values
from bankseg_assets.cleaning.row_counts import CORRECTED
from bankseg_assets.cleaning.transaction_ids import CONTENT, are_of_content, identified, scoped
from bankseg_assets.cleaning.validation import DUPLICATE, IDS, ROW_KEY, transaction_day, validate
from bankseg_assets.contracts.delivery import DeliveryContract

CONFLICTING = "conflicting_duplicate"


@contextmanager
def repeated_among(ids: DataFrame, before: DataFrame | None) -> Iterator[DataFrame]:
    """Yield the `transaction_id`s that occur twice due to `ids`, those of the new rows."""
    with repeated_values(ids, "transaction_id") as twice:
        if before is None:
            yield twice
            return
        again = before.select("transaction_id")
        yield twice.union(
            ids.select("transaction_id").join(again, "transaction_id", "left_semi")
        ).distinct()


def verdicts(
    raw: DataFrame,
    repeated: DataFrame,
    contract: DeliveryContract,
    *,
    not_after: Column,
    winners: Sequence[str],
) -> DataFrame:
    """Return `delivery, row_number, verdict` of the valid rows that are not kept.

    Rows of one transaction that agree in every column: the first is kept, the others are
    `duplicate`. Rows that differ: it is unknown which is true, so all are `conflicting_duplicate`.
    `winners`: deliveries, the strongest last. Their rows are true; a differing row of another
    delivery is `corrected`, an equal one is `duplicate`.
    """
    sound = _sound(raw, repeated, contract, not_after)
    # Nulls are encoded, because the hash skips them: else M as gender equals M as location.
    content = F.xxhash64(*CONTENT, *(F.isnull(name) for name in CONTENT))
    rank = F.lit(0)
    if winners:  # a map: `on_conflict = "latest"` ranks all deliveries
        ranks = [F.lit(part) for pair in enumerate(winners, 1) for part in reversed(pair)]
        rank = F.coalesce(F.element_at(F.create_map(*ranks), F.col("delivery")), F.lit(0))
    row = F.struct(*ROW_KEY, content.alias("content"), rank.alias("rank"))
    groups = sound.groupBy("transaction_id").agg(F.sort_array(F.collect_list(row)).alias("rows"))
    newest = F.array_max(F.transform("rows", lambda one: one["rank"]))
    # Rows of the strongest delivery; all rows if no delivery wins.
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
    """Return the last valid transaction day of each delivery: the day after it was ingested.

    One day of grace, because the bank's midnight may precede the server's. It depends on the
    delivery's day, not today, so that a rerun validates every row alike.
    """
    pairs = [F.lit(part) for delivery, day in taken_on.items() for part in (delivery, day)]
    if not pairs:
        return F.current_date()
    return F.date_add(F.element_at(F.create_map(*pairs), F.col("delivery")), 1)


def transaction_ids_of(
    raw: DataFrame, contract: DeliveryContract, *, not_after: Column
) -> DataFrame:
    """Return `delivery, transaction_id` of RAW_TRANSACTIONS, as cleaning computes them.

    IDs that the bank delivers need only few columns, which keeps the cost per file low.
    """
    if are_of_content(contract):
        validated = identified(validate(raw, contract, not_after=not_after), contract)
        return validated.where("reason IS NULL").select("delivery", "transaction_id")
    return raw.select("delivery", transaction_id_of(contract, not_after).alias("transaction_id"))


def transaction_id_of(contract: DeliveryContract, not_after: Column) -> Column:
    """Return the ID of a row of RAW_TRANSACTIONS, if the bank delivers it, within its scope."""
    own, customer = (identifier(F.col(name), contract.columns[name]) for name in IDS)
    is_per_day = contract.columns["transaction_id"].unique_per == "day"
    day = transaction_day(contract, not_after) if is_per_day else F.lit(None)
    return scoped(contract, own, customer, day)


def _sound(
    raw: DataFrame, repeated: DataFrame, contract: DeliveryContract, not_after: Column
) -> DataFrame:
    """Return the validated, sound rows with a repeated ID."""
    if are_of_content(contract):  # an ID's number counts all rows of the delivery
        validated = identified(validate(raw, contract, not_after=not_after), contract)
        return validated.where("reason IS NULL").join(repeated, "transaction_id", "left_semi")
    name = "_scoped_id" if contract.columns["transaction_id"].unique_per else "transaction_id"
    suspects = raw.withColumn(name, transaction_id_of(contract, not_after)).join(
        repeated.withColumnRenamed("transaction_id", name), name, "left_semi"
    )
    return validate(suspects, contract, not_after=not_after).where("reason IS NULL")
