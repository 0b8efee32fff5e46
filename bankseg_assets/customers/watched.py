"""Customers who may be on the watch list, with what is compared: the most valuable ones.

The list is short, and ordered by money.
"""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.attrition.rhythm import LEAST_DAYS, Rhythms
from bankseg_assets.attrition.watch import Watched
from bankseg_assets.contracts.tables import CLEANED_TRANSACTIONS, INCOME
from bankseg_assets.customers.rfm import is_income
from bankseg_assets.stats.arrays import Array
from bankseg_assets.storage.parquet import parquet_batches

MOST_COMPARED = 20_000
"""Customers with most money; the list has 5,000."""
_COLUMNS = ("customer_id", "first_day", "snapshot_date")
_MONEY = ("monetary", "latest_balance", "average_balance")
_NUMBERS = ("active_days", "recency", *_MONEY, "p_alive")
_TEXTS = {one.name for one in CLEANED_TRANSACTIONS.columns if one.type == "string"}
"""Columns of the transactions that can be the customer key as they are."""
_BY_MONEY = [("monetary", "descending"), ("customer_id", "ascending")]


def watched(
    customers: Path,
    transactions: Path,
    cleaned: DataFrame,
    *,
    customer_key: str,
    recent: int,
    with_rhythm: bool,
) -> Watched:
    """Return the customers to compare, those with most money.

    `customers`, `transactions`: versions of CUSTOMER_SEGMENTS and CLEANED_TRANSACTIONS; `cleaned`:
    the latter in Spark, which evaluates a key that is an expression. `recent`: days before the
    snapshot whose spending is compared. `with_rhythm`: only customers with enough days of
    transactions to have one.
    """
    found = _most_valuable(customers, with_rhythm=with_rhythm)
    ids = found.loc[found["recency"] <= recent, "customer_id"]
    since = found["snapshot_date"].max() - timedelta(days=recent) if len(ids) else date.max
    spent = (
        _spend_of_column(transactions, ids, customer_key, since)
        if customer_key in _TEXTS
        else _spend_of_key(cleaned, ids, customer_key, since)
    )
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


def _most_valuable(customers: Path, *, with_rhythm: bool) -> pd.DataFrame:
    """Return the customers with most money, by ID where that is equal; and their ages."""
    wanted = pc.field("active_days") >= LEAST_DAYS if with_rhythm else None
    best: list[pa.Table] = []
    for batch in parquet_batches(customers, (*_COLUMNS, *_NUMBERS), wanted):
        rows = pa.concat_tables([*best, pa.Table.from_batches([batch])])
        best = [rows.take(pc.select_k_unstable(rows, MOST_COMPARED, sort_keys=_BY_MONEY))]
    if not best:
        return pd.DataFrame(columns=[*_COLUMNS, *_NUMBERS, "age"])
    found: pd.DataFrame = best[0].select(_COLUMNS).to_pandas()
    ages = pc.days_between(best[0]["first_day"], best[0]["snapshot_date"])
    numbers = {name: best[0][name].cast(pa.float64()).to_pandas() for name in _NUMBERS}
    return found.assign(**numbers, age=ages.to_pandas())


def _spend_of_column(
    transactions: Path, ids: "pd.Series[str]", customer_key: str, since: date
) -> "pd.Series[float]":
    """Return customer -> sum of the amounts since a day, for a key that is a column."""
    known = pa.array(ids, pa.string())
    sums = np.zeros(len(known))
    direction = pc.field("direction")
    wanted = pc.field("transaction_at") >= pa.scalar(
        datetime.combine(since, time.min), pa.timestamp("us")
    )
    spending = direction.is_null() | (direction != INCOME)
    for batch in parquet_batches(transactions, (customer_key, "amount"), wanted & spending):
        places = pc.index_in(batch[customer_key], value_set=known)
        theirs = places.is_valid()
        amounts = batch["amount"].filter(theirs).cast(pa.float64()).to_numpy(zero_copy_only=False)
        sums += np.bincount(places.filter(theirs).to_numpy(), amounts, len(known))
    return pd.Series(sums, index=ids)


def _spend_of_key(
    cleaned: DataFrame, ids: "pd.Series[str]", customer_key: str, since: date
) -> "pd.Series[float]":
    """Return the same for a key that is an expression of Spark SQL."""
    if ids.empty:
        return pd.Series(dtype=np.float64)
    known = cleaned.sparkSession.createDataFrame(ids.to_frame(), "customer_id string")
    rows = (
        cleaned.where(F.col("transaction_at") >= F.lit(since).cast("timestamp_ntz"))
        .where(~is_income(F.col("direction")))
        .select(
            F.expr(customer_key).cast("string").alias("customer_id"),
            F.col("amount").cast("double").alias("amount"),
        )
    )
    theirs = rows.join(F.broadcast(known), "customer_id", "left_semi")
    sums = theirs.groupBy("customer_id").agg(F.sum("amount").alias("amount")).toPandas()
    return sums.set_index("customer_id")["amount"]
