"""Customers who may be on the watch list, from Spark."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from bankseg_assets.attrition.watch import Watched
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


@pytest.mark.parametrize("customer_key", ["customer_id", "concat(customer_id, '')"])
def test_customers_with_most_money_and_recent_spending(
    spark: SparkSession, tmp_path: Path, customer_key: str
) -> None:
    """Spending before the 30 days and income do not count, whether the key is a column or not."""
    rows = [
        {"customer_id": one, "transaction_at": datetime(*day.timetuple()[:3]), "amount": amount}
        for one, day, amount in ((one, day, Decimal(money)) for one, day, money in SPENT)
    ]
    rows.append(rows[0] | {"direction": "income"})
    cleaned = cleaned_frame(spark, rows)
    customers, transactions = tmp_path / "customers", tmp_path / "transactions"
    segments_frame(spark, CUSTOMERS).write.parquet(str(customers))
    cleaned.write.parquet(str(transactions))

    def found(*, with_rhythm: bool) -> Watched:
        return watched(
            customers,
            transactions,
            cleaned,
            customer_key=customer_key,
            recent=30,
            with_rhythm=with_rhythm,
        )

    some = found(with_rhythm=True)
    assert some.customer_id == ["C2", "C1"]
    assert some.rhythms.recent_spend.tolist() == [0, 18]
    assert some.rhythms.age.tolist() == [10, 10]
    assert some.p_alive[1] == 0.25
    assert found(with_rhythm=False).customer_id == ["C0", "C2", "C1"]


def test_no_customer_has_a_rhythm(spark: SparkSession, tmp_path: Path) -> None:
    segments_frame(spark, CUSTOMERS[:1]).write.parquet(str(tmp_path / "customers"))
    cleaned = cleaned_frame(spark, [])
    cleaned.write.parquet(str(tmp_path / "transactions"))
    found = watched(
        tmp_path / "customers",
        tmp_path / "transactions",
        cleaned,
        customer_key="customer_id",
        recent=30,
        with_rhythm=True,
    )
    assert found.customer_id == []
