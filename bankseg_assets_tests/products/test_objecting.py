"""Customers who object to marketing have no rows in tables of recommendations."""

import pytest
from pyspark.sql import SparkSession

from bankseg_assets.products.objecting import count_among, without_objections

pytestmark = pytest.mark.slow


def test_customers_who_object_are_left_out(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("C1", 1), ("C1", 2), ("C2", 1)], "customer_id string, rank int")
    found = without_objections(rows, {"C1", "C9"})
    assert found.columns == rows.columns
    assert [tuple(row) for row in found.collect()] == [("C2", 1)]
    assert count_among(found, {"C2", "C9"}) == 1


def test_no_objections_change_nothing(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("C1",)], "customer_id string")
    assert without_objections(rows, ()) is rows
    assert count_among(rows, ()) == 0
