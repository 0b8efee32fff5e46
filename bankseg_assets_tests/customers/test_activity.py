"""What followed a day, and forecasts joined to customers, in Spark."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.contracts.tables import CUSTOMER_VALUE, VALUE_COLUMNS
from bankseg_assets.customers import activity
from bankseg_assets.customers.histories import histories
from bankseg_assets.value.forecast import fit_value, score
from bankseg_assets.value.patterns import history, packed, rounded
from bankseg_assets_tests.frames import cleaned_frame, rfm_frame

SNAPSHOT = date(2016, 10, 22)


def customer(days: int, recency: int, age: int, spent: int = 100) -> dict[str, Any]:
    """Return a row of RFM_TABLE."""
    return {
        "active_days": days,
        "recency": recency,
        "first_day": SNAPSHOT - timedelta(days=age),
        "monetary": Decimal(spent),
    }


CUSTOMERS = [
    *(customer(1, 5, 5), customer(1, 5, 5, 300), customer(3, 2, 40, -50)),
    *(customer(200, 1, 300, 9_000), customer(260, 131, 1_001, 500)),
]


def columns(rows: list[dict[str, Any]]) -> tuple[list[int], list[int], list[int]]:
    ages = [(SNAPSHOT - row["first_day"]).days for row in rows]
    return [row["active_days"] for row in rows], [row["recency"] for row in rows], ages


def test_rounded_days_are_those_of_numpy(spark: SparkSession) -> None:
    powers = [2**bits + step for bits in range(7, 21) for step in (-1, 0, 1)]
    values = [*range(130), 1_000, 100_001, *powers]
    frame = spark.createDataFrame([(value,) for value in values], "days int")
    found = activity.rounded_days(frame, ["days"]).toPandas()
    assert found["days"].tolist() == rounded(values).tolist()


def test_history_keys_are_those_of_numpy(spark: SparkSession) -> None:
    found = activity.with_history(rfm_frame(spark, CUSTOMERS)).toPandas()
    assert found["_history"].tolist() == packed(*history(*columns(CUSTOMERS))).tolist()


def test_followed_counts_days_before_and_after_the_cut(spark: SparkSession) -> None:
    """Two transactions on a day are one purchase; income and new customers are left out."""
    rows = [
        {"transaction_at": datetime(2016, 8, day, hour), "amount": Decimal(10)}
        for day, hour in ((1, 9), (1, 20), (4, 9), (20, 9), (20, 10), (25, 1))
    ]
    rows[2] |= {"amount": Decimal(-4)}
    rows.append(rows[0] | {"customer_id": "NEW", "transaction_at": datetime(2016, 8, 21)})
    rows.append(rows[0] | {"transaction_at": datetime(2016, 8, 2), "direction": "income"})
    found = activity.followed(
        cleaned_frame(spark, rows),
        customer_key="customer_id",
        cut=date(2016, 8, 11),
        recent=8,
        customers=2,
    )
    one = {name: values.tolist() for name, values in vars(found).items()}
    assert one == {
        "active_days": [2],
        "recency": [7],
        "age": [10],
        "spend": [16],
        "days_after": [2],
        "spend_after": [30],
        "recent_spend": [-4],
        "balance": [9.5],
        "usual_balance": [9.5],
    }


def test_forecasts_are_joined_to_every_customer(spark: SparkSession, tmp_path: Path) -> None:
    rfm = rfm_frame(spark, CUSTOMERS)
    rfm.write.parquet(str(tmp_path / "rfm"))
    found = histories(tmp_path / "rfm")
    model = fit_value(found.patterns, found.amounts, None, found.span)
    rows = activity.value_rows(found.patterns, score(model, found.patterns, found.spent))
    assert rows.columns.tolist() == CUSTOMER_VALUE.names
    value = spark.createDataFrame(rows.astype(object).where(rows.notna(), None), CUSTOMER_VALUE.ddl)
    valued = activity.with_value(rfm, value).toPandas().set_index("customer_id")
    assert set(valued.columns) >= {column.name for column in VALUE_COLUMNS}
    assert valued.loc["C1", "spend_next_90"] == pytest.approx(300 * 90 / found.span)
    assert valued.loc["C2", "spend_next_90"] == 0
    assert valued.loc["C3", "days_next_90"] == pytest.approx(200 * 90 / found.span, rel=0.01)
    assert pd.isna(valued["p_alive"]).all()
    assert valued["days_next_90"].notna().all()
