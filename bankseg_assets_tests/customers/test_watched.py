"""Customers who may be on the watch list, from Spark."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from pyspark.sql import SparkSession

from bankseg_assets.customers.watched import watched
from bankseg_assets_tests.frames import cleaned_frame, segments_frame

OF_SEGMENT = {"segment": 0, "segment_name": "All"}
CUSTOMERS = [
    OF_SEGMENT | {"active_days": 1, "monetary": Decimal(900)},
    OF_SEGMENT | {"active_days": 5, "monetary": Decimal(100), "p_alive": 0.25},
    OF_SEGMENT | {"active_days": 3, "monetary": Decimal(500), "recency": 40},
]
SPENT = [
    ("C1", date(2016, 10, 20), 7),
    ("C1", date(2016, 9, 22), 11),
    ("C1", date(2016, 9, 21), 1_000),
    ("C0", date(2016, 10, 20), 5),
]


def test_customers_with_most_money_and_recent_spending(spark: SparkSession, tmp_path: Path) -> None:
    """Spending before the 30 days and income do not count."""
    customers = tmp_path / "customers"
    segments_frame(spark, CUSTOMERS).write.parquet(str(customers))
    rows = [
        {"customer_id": one, "transaction_at": datetime(*day.timetuple()[:3]), "amount": amount}
        for one, day, amount in ((one, day, Decimal(money)) for one, day, money in SPENT)
    ]
    rows.append(rows[0] | {"direction": "income"})
    found = watched(
        customers,
        cleaned_frame(spark, rows),
        customer_key="customer_id",
        recent=30,
        with_rhythm=True,
    )
    assert found.customer_id == ["C2", "C1"]
    assert found.rhythms.recent_spend.tolist() == [0, 18]
    assert found.rhythms.age.tolist() == [10, 10]
    assert found.p_alive[1] == 0.25
    everyone = watched(
        customers,
        cleaned_frame(spark, rows),
        customer_key="customer_id",
        recent=30,
        with_rhythm=False,
    )
    assert everyone.customer_id == ["C0", "C2", "C1"]
