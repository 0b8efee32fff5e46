"""Customers who may be on the watch list, with what is compared: from Spark to numpy.

Only the most valuable ones leave Spark: the list is short, and ordered by money.
"""

from datetime import timedelta

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.attrition.rhythm import LEAST_DAYS, Rhythms
from bankseg_assets.attrition.watch import Watched
from bankseg_assets.customers.rfm import is_income
from bankseg_assets.stats.arrays import Array

MOST_COMPARED = 20_000
"""Customers with most money; the list has 5,000."""


def watched(
    customers: DataFrame, cleaned: DataFrame, *, customer_key: str, recent: int, with_rhythm: bool
) -> Watched:
    """Return the customers to compare, those with most money.

    `customers`: CUSTOMER_SEGMENTS. `recent`: days before the snapshot whose spending is compared.
    `with_rhythm`: only customers with enough days of transactions to have one.
    """
    some = customers.where(F.col("active_days") >= LEAST_DAYS) if with_rhythm else customers
    doubles = ("monetary", "latest_balance", "average_balance", "p_alive")
    chosen = some.orderBy(F.desc("monetary"), "customer_id").limit(MOST_COMPARED)
    found = chosen.select(
        *("customer_id", "active_days", "recency", "snapshot_date"),
        F.date_diff("snapshot_date", "first_day").alias("age"),
        *(F.col(name).cast("double").alias(name) for name in doubles),
    ).toPandas()
    spent = _recent_spend(cleaned, found, customer_key, recent)
    found["recent_spend"] = found["customer_id"].map(spent).fillna(0.0)

    def numbers(name: str) -> Array:
        values: Array = found[name].to_numpy(np.float64)
        return values

    rhythms = Rhythms(
        active_days=numbers("active_days"),
        recency=numbers("recency"),
        age=numbers("age"),
        spend=numbers("monetary"),
        recent_spend=numbers("recent_spend"),
        balance=numbers("latest_balance"),
        usual_balance=numbers("average_balance"),
    )
    return Watched(found["customer_id"].tolist(), rhythms, numbers("p_alive"))


def _recent_spend(
    cleaned: DataFrame, found: pd.DataFrame, customer_key: str, recent: int
) -> "pd.Series[float]":
    """Return customer -> sum of the amounts of the recent days."""
    if found.empty:
        return pd.Series(dtype=np.float64)
    since = found["snapshot_date"].max() - timedelta(days=recent)
    active = found[found["recency"] <= recent]
    ids = cleaned.sparkSession.createDataFrame(active[["customer_id"]], "customer_id string")
    rows = (
        cleaned.where(F.col("transaction_at") >= F.lit(since).cast("timestamp_ntz"))
        .where(~is_income(F.col("direction")))
        .select(
            F.expr(customer_key).cast("string").alias("customer_id"),
            F.col("amount").cast("double").alias("amount"),
        )
    )
    theirs = rows.join(F.broadcast(ids), "customer_id", "left_semi")
    sums = theirs.groupBy("customer_id").agg(F.sum("amount").alias("amount")).toPandas()
    return sums.set_index("customer_id")["amount"]
