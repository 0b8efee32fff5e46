"""Sum what the customers of campaigns did, in one pass over the transactions of their days."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.customers.rfm import is_income
from bankseg_assets.storage.parquet import read_parquet

COLUMNS = ("customer_id", "stretch", "spend", "transactions")


def spending(
    cleaned: DataFrame, members: Sequence[Path], edges: Sequence[date], *, customer_key: str
) -> pd.DataFrame:
    """Return COLUMNS: the sums of each customer from each edge until before the next.

    members: tables with the `customer_id` of campaigns. edges: ascending, two or more. Income is
    left out, as in RFM. Customers without a transaction in a stretch have no row.
    """
    ids = read_parquet(cleaned.sparkSession, "customer_id string", *members).distinct()
    moment = F.col("transaction_at")
    day = moment.cast("date")
    stretch = F.lit(0)  # the number of edges after the first that are not after the day
    for edge in edges[1:]:
        stretch += F.when(day >= F.lit(edge), 1).otherwise(0)
    rows = (
        cleaned.where(moment >= F.lit(edges[0]).cast("timestamp_ntz"))
        .where(moment < F.lit(edges[-1]).cast("timestamp_ntz"))
        .where(~is_income(F.col("direction")))
        .select(
            F.expr(customer_key).cast("string").alias("customer_id"),
            stretch.alias("stretch"),
            "amount",
        )
    )
    theirs = rows.join(ids, "customer_id", "left_semi")
    sums = theirs.groupBy("customer_id", "stretch").agg(
        F.sum("amount").cast("double").alias("spend"), F.count(F.lit(1)).alias("transactions")
    )
    found: pd.DataFrame = sums.select(*COLUMNS).toPandas()
    return found
