"""Old rows are found by the day that cleaning reads, and rows of one transaction stay together."""

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.cleaning.ages import rows_before, write_rows_before
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets_tests.frames import raw_frame

pytestmark = pytest.mark.slow

TAKEN_ON = {"d1": date(2016, 11, 1), "d2": date(2014, 1, 1)}
BEFORE = date(2015, 1, 1)


def old(spark: SparkSession, *rows: dict[str, object]) -> list[tuple[str, int]]:
    """Return delivery and number of the old rows; each row has its own transaction by default."""
    numbered = [
        {"transaction_id": f"T{number}", "row_number": number, **row}
        for number, row in enumerate(rows, 1)
    ]
    raw = raw_frame(spark, numbered)
    found = rows_before(raw, DeliveryContract(), taken_on=TAKEN_ON, before=BEFORE)
    return sorted((row["delivery"], row["row_number"]) for row in found.collect())


def test_row_is_old_by_its_day(spark: SparkSession) -> None:
    days = ("31/12/14", " 31/12/14 ", "1/1/15", "2/8/16")
    rows = [{"transaction_date": day} for day in days]
    assert old(spark, *rows) == [("d1", 1), ("d1", 2)]


def test_row_without_plausible_day_is_as_old_as_its_file(spark: SparkSession) -> None:
    days = ("32/13/16", "", None, "1/1/70", "1/1/99")
    rows = [
        {"transaction_date": day, "delivery": delivery} for delivery in ("d1", "d2") for day in days
    ]
    assert old(spark, *rows) == [("d2", number) for number in range(6, 11)]


def test_rows_of_one_transaction_leave_together(spark: SparkSession) -> None:
    """The conflicting row would be kept by the next batch if the other one left alone."""
    conflicting = [
        {"transaction_id": "T1", "transaction_date": "1/1/14"},
        {"transaction_id": "T1", "transaction_date": "1/1/16"},
        {"transaction_id": "", "transaction_date": "1/1/14"},
        {"transaction_id": "", "transaction_date": "1/1/16"},
        {"transaction_id": "T2", "transaction_date": "1/1/14"},
        {"transaction_id": "T2", "transaction_date": "2/1/14"},
    ]
    assert old(spark, *conflicting) == [("d1", 3), ("d1", 5), ("d1", 6)]


def test_numbers_are_written_by_delivery(spark: SparkSession, tmp_path: Path) -> None:
    files = {}
    for delivery, numbers in (("d1", (5, 6)), ("d2", (7,))):
        rows = [
            {
                "row_number": number,
                "delivery": delivery,
                "transaction_id": f"{delivery}{number}",
                "transaction_date": "1/1/14",
            }
            for number in numbers
        ]
        files[delivery] = tmp_path / delivery
        raw_frame(spark, rows).write.parquet(str(files[delivery]))
    found = write_rows_before(spark, DeliveryContract(), files, TAKEN_ON, BEFORE, tmp_path)
    assert {
        delivery: sorted(
            number
            for path in paths
            for number in pq.ParquetFile(path).read(["row_number"])["row_number"].to_pylist()
        )
        for delivery, paths in found.items()
    } == {"d1": [5, 6], "d2": [7]}
