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

from bankseg_assets.cleaning.field_text import identifier
from bankseg_assets.cleaning.repetition import repeated_values
from bankseg_assets.cleaning.row_counts import CORRECTED
from bankseg_assets.cleaning.transaction_ids import CONTENT, are_of_content, identified, scoped
from bankseg_assets.cleaning.validation import DUPLICATE, IDS, ROW_KEY, judge, transaction_day
from bankseg_assets.contracts.delivery import DeliveryContract

CONFLICTING = "conflicting_duplicate"


@contextmanager
def repeated_ids(
    arrived: DataFrame,
    before: DataFrame | None,
    contract: DeliveryContract,
    *,
    not_after: Column | None = None,
) -> Iterator[DataFrame]:
    """Yield the `transaction_id`s that occur twice in RAW_TRANSACTIONS because of what arrived.

    `not_after`: as in `judge`; left out, no two-digit year is before 2000.
    """
    last = F.current_date() if not_after is None else not_after
    ids = transaction_ids_of(arrived, contract, not_after=last)
    again = before and transaction_ids_of(before, contract, not_after=last)
    with repeated_among(ids, again) as found:
        yield found


@contextmanager
def repeated_among(ids: DataFrame, before: DataFrame | None) -> Iterator[DataFrame]:
    """Yield the `transaction_id`s that occur twice because of `ids`, which arrived."""
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
    """Return `delivery, row_number, verdict` of the sound rows that are not to be kept.

    Rows of one transaction that agree in everything: the first is kept, the others are
    `duplicate`. Rows that differ: it is unknown which is true, so all are `conflicting_duplicate`.
    `winners`: deliveries, the strongest last. Its rows are true; what differs in another delivery
    is `corrected`, and what agrees is `duplicate`.
    """
    sound = _sound(raw, repeated, contract, not_after)
    # With the nulls, which the hash skips: else M as gender equals M as location.
    content = F.xxhash64(*CONTENT, *(F.isnull(name) for name in CONTENT))
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


def transaction_ids_of(
    raw: DataFrame, contract: DeliveryContract, *, not_after: Column
) -> DataFrame:
    """Return `delivery, transaction_id` of RAW_TRANSACTIONS as cleaning makes them.

    Of IDs that are the bank's, few columns are read: what a file costs is the work of that file.
    """
    if are_of_content(contract):
        judged = identified(judge(raw, contract, not_after=not_after), contract)
        return judged.where("reason IS NULL").select("delivery", "transaction_id")
    return raw.select("delivery", _transaction_id(contract, not_after).alias("transaction_id"))


def _transaction_id(contract: DeliveryContract, not_after: Column) -> Column:
    own, customer = (identifier(F.col(name), contract.columns[name]) for name in IDS)
    is_per_day = contract.columns["transaction_id"].unique_per == "day"
    day = transaction_day(contract, not_after) if is_per_day else F.lit(None)
    return scoped(contract, own, customer, day)


def _sound(
    raw: DataFrame, repeated: DataFrame, contract: DeliveryContract, not_after: Column
) -> DataFrame:
    """Return the sound rows with a repeated ID, judged."""
    if are_of_content(contract):  # a row's number is among all of its delivery
        judged = identified(judge(raw, contract, not_after=not_after), contract)
        return judged.where("reason IS NULL").join(repeated, "transaction_id", "left_semi")
    name = "_scoped_id" if contract.columns["transaction_id"].unique_per else "transaction_id"
    suspects = raw.withColumn(name, _transaction_id(contract, not_after)).join(
        repeated.withColumnRenamed("transaction_id", name), name, "left_semi"
    )
    return judge(suspects, contract, not_after=not_after).where("reason IS NULL")
