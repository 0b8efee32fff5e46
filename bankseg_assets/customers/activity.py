"""What followed a day in the past, to test forecasts; and join the forecasts to customers."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.tables import CUSTOMER_VALUE, VALUE_COLUMNS
from bankseg_assets.customers.rfm import is_income
from bankseg_assets.stats.arrays import Array
from bankseg_assets.value.out_of_time import Followed
from bankseg_assets.value.patterns import EXACT_BITS, PART_BITS, Patterns

KEYS = ("repeats", "last", "age")
_KEY = "_history"
MOST_TESTED = 50_000
"""Customers of the test out of time: a sample, whose measures are exact to about 2 %."""
_SAMPLE_SEED = 20_050_502
_SAMPLE_PARTS = 1_000


_NAMES = {column.name for column in VALUE_COLUMNS}


def rounded_days(frame: DataFrame, names: Sequence[str]) -> DataFrame:
    """Round columns of whole days to 7 significant bits, as `patterns.rounded` does.

    By the logarithm of n + 1/2, whose whole part is exact: Spark has the number of bits only as the
    length of a text, which took half of the time of scoring. In steps, because Spark computes a
    named column once, and a repeated expression each time.
    """
    shifts = {
        f"{name}_shift": F.greatest(
            F.floor(F.log2(F.col(name) + F.lit(0.5))).cast("int") - (EXACT_BITS - 1), F.lit(0)
        )
        for name in names
    }
    rounded = {}
    for name, shift in zip(names, map(F.col, shifts), strict=True):
        half = F.shiftright(F.call_function("shiftleft", F.lit(1), shift), 1)
        coarse = F.call_function("shiftright", F.col(name) + half, shift)
        rounded[name] = F.call_function("shiftleft", coarse, shift)
    return frame.withColumns(shifts).withColumns(rounded).drop(*shifts)


def with_history(customers: DataFrame) -> DataFrame:
    """Add the history of each row of RFM_TABLE as one number, as `patterns.packed` does: _KEY."""
    parts = {
        "_repeats": F.col("active_days") - 1,
        "_silence": F.col("recency"),
        "_age": F.date_diff("snapshot_date", "first_day"),
    }
    repeats, silence, age = map(F.col, parts)
    last = F.when(repeats > 0, F.greatest(age - silence, F.lit(0))).otherwise(0)
    numbers = {name: part.cast("int") for name, part in parts.items()}
    rounded = rounded_days(customers.withColumns(numbers), list(parts))
    return rounded.withColumn(_KEY, _packed(repeats, last, age)).drop(*parts)


def _packed(*parts: Column) -> Column:
    """Return one long: Spark joins it several times as fast as three integers."""
    found = F.lit(0).cast("long")
    for part in parts:
        found = F.shiftleft(found, PART_BITS).bitwiseOR(part.cast("long"))
    return found


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
        if name.removesuffix("_base").removesuffix("_share") in _NAMES
    ]
    forecasts = [F.col(name).alias(f"_value_{name}") for name in used]
    table = F.broadcast(value.select(_packed(*map(F.col, KEYS)).alias(_KEY), *forecasts))
    spent = F.greatest(F.col("monetary").cast("double"), F.lit(0.0))
    columns = {}
    for column in VALUE_COLUMNS:
        name = column.name
        if name in value.columns:
            found = F.col(f"_value_{name}")
        else:
            found = F.col(f"_value_{name}_base") + F.col(f"_value_{name}_share") * spent
        columns[name] = found.cast(column.type)
    joined = with_history(customers).join(table, _KEY, "left")
    return joined.select(
        *customers.columns, *(column.alias(name) for name, column in columns.items())
    )


def value_rows(keys: Patterns, scores: dict[str, Array]) -> pd.DataFrame:
    """Return CUSTOMER_VALUE from patterns and their scores."""
    counts = {
        **{"repeats": keys.repeats, "last": keys.last, "age": keys.age},
        "customers": keys.customers,
    }
    columns = {name: values.astype(np.int64) for name, values in counts.items()}
    return pd.DataFrame(columns | scores)[CUSTOMER_VALUE.names]


def _sum_where(condition: Column) -> Column:
    return F.coalesce(F.sum(F.when(condition, F.col("amount"))), F.lit(0.0))
