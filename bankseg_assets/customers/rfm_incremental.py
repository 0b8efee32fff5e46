"""Update an RFM table by recomputing only customers with changed transactions.

All other customers keep their measures, except the two that depend on the snapshot date: recency
and age.
"""

from collections.abc import Collection
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.validation import ROW_KEY
from bankseg_assets.customers.rfm import MEASURES, RARELY_KNOWN, age_at, customers

TOUCHED = "_touched"
"""The one column of customers whose transactions have changed: their key, null included."""

_KEY = "_key"


def touched_customers(arrived: DataFrame, gone: DataFrame, *, customer_key: str) -> DataFrame:
    """Return the customers of rows that only one of two sets of CLEANED_TRANSACTIONS has.

    `arrived` and `gone`: the rows of the files that only the new table, or only the old one, has.
    All unchanged rows of a rewritten file are in both.
    """
    key = F.expr(customer_key).cast("string").alias(TOUCHED)
    added = arrived.join(gone, ROW_KEY, "left_anti").select(key)
    lost = gone.join(arrived, ROW_KEY, "left_anti").select(key)
    return added.union(lost).distinct()


def recompute_customers(
    cleaned: DataFrame,
    touched: DataFrame,
    *,
    customer_key: str,
    snapshot: date,
    known: Collection[str] = RARELY_KNOWN,
) -> DataFrame:
    """Aggregate all the transactions of the touched customers; see `rfm.customers`."""
    keyed = cleaned.withColumn(_KEY, F.expr(customer_key).cast("string"))
    theirs = keyed.join(touched, F.col(_KEY).eqNullSafe(F.col(TOUCHED)), "left_semi").drop(_KEY)
    return customers(theirs, customer_key=customer_key, snapshot=snapshot, known=known)


def carried(before: DataFrame, touched: DataFrame, *, since: date, snapshot: date) -> DataFrame:
    """Return the measures of the untouched customers of RFM_TABLE `before`.

    `since`: the snapshot date of `before`.
    """
    same = before.join(touched, F.col("customer_id").eqNullSafe(F.col(TOUCHED)), "left_anti")
    # An age delivered without a birth date is unchanged.
    born, delivered = F.col("birth_date"), F.col("age")
    moved = {
        "recency": F.col("recency") + (snapshot - since).days,
        "age": F.when(born.isNull(), delivered).otherwise(age_at(snapshot, born)),
        "snapshot_date": F.lit(snapshot),
    }
    return same.withColumns(moved).select(*MEASURES)
