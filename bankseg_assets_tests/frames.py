"""Small frames: a valid row of each table, with the test's changes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from bankseg_assets.contracts.tables import (
    CLEANED_TRANSACTIONS,
    CUSTOMER_SEGMENTS,
    RAW_TRANSACTIONS,
    RFM_TABLE,
    Table,
)

Rows = Sequence[Mapping[str, Any]]

RAW_ROW: dict[str, Any] = {
    "transaction_id": "T1",
    "customer_id": "C1",
    "birth_date": "10/1/94",
    "gender": "F",
    "location": "PUNE",
    "balance": "9.5",
    "transaction_date": "2/8/16",
    "transaction_time": "143207",
    "amount": "25",
    "source_file": "bank.csv",
    "delivery": "d1",
    "malformed_text": None,
}

CLEANED_ROW: dict[str, Any] = {
    "customer_id": "C1",
    "birth_date": date(1994, 1, 10),
    "gender": "F",
    "location": "PUNE",
    "balance": Decimal("9.50"),
    "transaction_at": datetime(2016, 8, 2, 14, 32, 7),
    "amount": Decimal("25.00"),
    "outlier_flags": None,
    "source_file": "bank.csv",
    "delivery": "d1",
}

RFM_ROW: dict[str, Any] = {
    "recency": 10,
    "frequency": 1,
    "monetary": Decimal("100.00"),
    "average_amount": 100.0,
    "first_day": date(2016, 10, 12),
    "active_days": 1,
    "average_balance": 1000.0,
    "latest_balance": Decimal("1000.00"),
    "birth_date": date(1986, 1, 10),
    "age": 30,
    "gender": "F",
    "location": "PUNE",
    "recency_score": 3,
    "frequency_score": 1,
    "monetary_score": 3,
    "rfm_group": "About to sleep",
    "identity_conflict": False,
    "snapshot_date": date(2016, 10, 22),
    "held_out": False,
}


def raw_frame(spark: SparkSession, rows: Rows) -> DataFrame:
    """Return RAW_TRANSACTIONS, numbered from 2 as in a CSV."""
    return _frame(
        spark,
        RAW_TRANSACTIONS,
        [RAW_ROW | {"row_number": number} | row for number, row in enumerate(rows, 2)],
    )


def cleaned_frame(spark: SparkSession, rows: Rows) -> DataFrame:
    """Return CLEANED_TRANSACTIONS, with transaction IDs T2, T3 and so on."""
    return _frame(
        spark,
        CLEANED_TRANSACTIONS,
        [
            CLEANED_ROW | {"transaction_id": f"T{number}", "row_number": number} | row
            for number, row in enumerate(rows, 2)
        ],
    )


def rfm_frame(spark: SparkSession, rows: Rows) -> DataFrame:
    """Return RFM_TABLE, with customer IDs C0, C1 and so on."""
    return _frame(
        spark,
        RFM_TABLE,
        [RFM_ROW | {"customer_id": f"C{number}"} | row for number, row in enumerate(rows)],
    )


def segments_frame(spark: SparkSession, rows: Rows) -> DataFrame:
    """Return CUSTOMER_SEGMENTS, with customer IDs C0, C1 and so on."""
    sound = RFM_ROW | {"distance": 0.0}
    return _frame(
        spark,
        CUSTOMER_SEGMENTS,
        [sound | {"customer_id": f"C{number}"} | row for number, row in enumerate(rows)],
    )


def _frame(spark: SparkSession, table: Table, rows: Rows) -> DataFrame:
    unset = {column.name: None for column in table.columns if column.nullable}
    return spark.createDataFrame(
        [tuple((unset | row)[name] for name in table.names) for row in rows], table.ddl
    )
