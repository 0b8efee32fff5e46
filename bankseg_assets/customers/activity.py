"""Group customers by their history, for forecasts; and join the forecasts to customers.

A million customers share a few thousand histories, so that only these leave Spark.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.tables import CUSTOMER_VALUE, VALUE_COLUMNS
from bankseg_assets.customers.rfm import is_income
from bankseg_assets.stats.arrays import Array
from bankseg_assets.stats.log_bins import BINS_PER_E_FOLD
from bankseg_assets.value.gamma_gamma import Amounts
from bankseg_assets.value.out_of_time import Followed
from bankseg_assets.value.patterns import EXACT_BITS, Patterns
from bankseg_assets.value.spending import amounts_in_bins

KEYS = ("repeats", "last", "age")
MOST_TESTED = 50_000
"""Customers of the test out of time: a sample, whose measures are exact to about 2 %."""
_SAMPLE_SEED = 20_050_502
_SAMPLE_PARTS = 1_000


_NAMES = {column.name for column in VALUE_COLUMNS}


def rounded_days(value: Column) -> Column:
    """Return whole days rounded to 7 significant bits, as `patterns.rounded` does."""
    number = value.cast("int")
    exact = 1 << EXACT_BITS
    bits = F.length(F.bin(number)).cast("int")
    step = F.pow(F.lit(2.0), F.greatest(bits - EXACT_BITS, F.lit(0))).cast("int")
    half = F.floor(step / 2).cast("int")
    coarse = (F.floor((number + half) / step) * step).cast("int")
    return F.when(number < exact, number).otherwise(coarse)


def history_columns() -> dict[str, Column]:
    """Return the history of a row of RFM_TABLE, as KEYS."""
    repeats = rounded_days(F.col("active_days") - 1)
    age = rounded_days(_age())
    last = F.greatest(age - rounded_days(F.col("recency")), F.lit(0))
    return {"repeats": repeats, "last": F.when(repeats > 0, last).otherwise(0), "age": age}


@dataclass(frozen=True)
class Histories:
    """The distinct histories of RFM_TABLE; `spent`: the sum of their customers' spending."""

    patterns: Patterns
    spent: Array
    first_day: date
    snapshot: date

    @property
    def span(self) -> int:
        """The days from the first transaction to the snapshot."""
        return (self.snapshot - self.first_day).days


def histories(rfm: DataFrame) -> Histories:
    """Return the distinct histories of RFM_TABLE, of one row or more."""
    spent = F.sum(F.greatest(F.col("monetary").cast("double"), F.lit(0.0)))
    columns = (column.alias(name) for name, column in history_columns().items())
    counted = (
        rfm.select(*columns, "monetary", "first_day", "snapshot_date")
        .groupBy(*KEYS)
        .agg(
            F.count(F.lit(1)).alias("customers"),
            spent.alias("spent"),
            F.min("first_day").alias("first_day"),
            F.max("snapshot_date").alias("snapshot_date"),
        )
    )
    found = counted.toPandas().sort_values(list(KEYS), ignore_index=True)
    return Histories(
        Patterns(*(found[name].to_numpy(np.float64) for name in (*KEYS, "customers"))),
        found["spent"].to_numpy(np.float64),
        found["first_day"].min(),
        found["snapshot_date"].max(),
    )


def amounts(rfm: DataFrame) -> Amounts:
    """Return days and mean amounts of RFM_TABLE; see `spending.amounts_of`."""
    days = rounded_days(F.col("active_days"))
    mean = F.col("monetary").cast("double") / days
    bins = F.round(F.log(mean) * BINS_PER_E_FOLD).cast("int")
    keyed = rfm.where("monetary > 0").select(days.alias("days"), bins.alias("bin"))
    found = keyed.groupBy("days", "bin").agg(F.count(F.lit(1)).alias("customers")).toPandas()
    found = found.sort_values(["days", "bin"])
    return amounts_in_bins(found["days"], found["bin"], found["customers"])


def followed(
    cleaned: DataFrame, *, customer_key: str, cut: date, recent: int, customers: int
) -> Followed:
    """Return a sample of the customers seen before a day, and what followed from it.

    `recent`: days before the cut, whose spending is also summed alone. `customers`: of the whole
    table, to choose the sample's share. Balances are those at spending.
    """
    parts = min(_SAMPLE_PARTS, int(np.ceil(_SAMPLE_PARTS * MOST_TESTED / max(customers, 1))))
    key = F.expr(customer_key).cast("string")
    rows = cleaned.where(~is_income(F.col("direction"))).select(
        key.alias("customer_id"),
        F.col("transaction_at").cast("date").alias("day"),
        F.col("amount").cast("double").alias("amount"),
        F.struct("transaction_at", F.col("balance").cast("double").alias("balance")).alias("state"),
    )
    if parts < _SAMPLE_PARTS:
        place = F.pmod(F.xxhash64("customer_id", F.lit(_SAMPLE_SEED)), F.lit(_SAMPLE_PARTS))
        rows = rows.where(place < parts)
    before = F.col("day") < F.lit(cut)
    grouped = (
        rows.where("customer_id IS NOT NULL")
        .repartition("customer_id")
        .groupBy("customer_id", "day")
        .agg(
            F.sum("amount").alias("amount"),
            F.max(F.when(F.col("state.balance").isNotNull(), F.col("state"))).alias("state"),
            F.sum("state.balance").alias("balances"),
            F.count("state.balance").alias("balance_rows"),
        )
        .groupBy("customer_id")
        .agg(
            F.count_if(before).alias("active_days"),
            F.date_diff(F.lit(cut), F.max(F.when(before, F.col("day")))).alias("recency"),
            F.date_diff(F.lit(cut), F.min("day")).alias("age"),
            _sum_where(before).alias("spend"),
            F.count_if(~before).alias("days_after"),
            _sum_where(~before).alias("spend_after"),
            _sum_where(before & (F.col("day") >= F.lit(cut - timedelta(recent)))).alias(
                "recent_spend"
            ),
            F.max(F.when(before, F.col("state")))["balance"].alias("balance"),
            F.try_divide(
                F.sum(F.when(before, F.col("balances"))),
                F.sum(F.when(before, F.col("balance_rows"))),
            ).alias("usual_balance"),
        )
        .where("active_days > 0")
        .drop("customer_id")
    )
    found = grouped.toPandas()
    return Followed(**{name: found[name].to_numpy(np.float64) for name in found.columns})


def with_value(customers: DataFrame, value: DataFrame) -> DataFrame:
    """Add VALUE_COLUMNS to customers with the columns of RFM_TABLE.

    `value`: CUSTOMER_VALUE of the same customers.
    """
    used = [
        name
        for name in value.columns
        if name in KEYS or name.removesuffix("_base").removesuffix("_share") in _NAMES
    ]
    forecasts = {name: f"_value_{name}" for name in used}
    table = F.broadcast(value.select(*(F.col(old).alias(new) for old, new in forecasts.items())))
    matches = [F.col(f"_value_{name}") == column for name, column in history_columns().items()]
    spent = F.greatest(F.col("monetary").cast("double"), F.lit(0.0))
    columns = {}
    for column in VALUE_COLUMNS:
        name = column.name
        if name in value.columns:
            found = F.col(f"_value_{name}")
        else:
            found = F.col(f"_value_{name}_base") + F.col(f"_value_{name}_share") * spent
        columns[name] = found.cast(column.type)
    joined = customers.join(table, matches[0] & matches[1] & matches[2], "left")
    return joined.select("*", *(column.alias(name) for name, column in columns.items()))


def value_rows(keys: Patterns, scores: dict[str, Array]) -> pd.DataFrame:
    """Return CUSTOMER_VALUE from patterns and their scores."""
    counts = {
        **{"repeats": keys.repeats, "last": keys.last, "age": keys.age},
        "customers": keys.customers,
    }
    columns = {name: values.astype(np.int64) for name, values in counts.items()}
    return pd.DataFrame(columns | scores)[CUSTOMER_VALUE.names]


def _age() -> Column:
    return F.date_diff("snapshot_date", "first_day")


def _sum_where(condition: Column) -> Column:
    return F.coalesce(F.sum(F.when(condition, F.col("amount"))), F.lit(0.0))
