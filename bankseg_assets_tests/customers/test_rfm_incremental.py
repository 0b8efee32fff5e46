"""An incremental update gives the same RFM table as a full recompute."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, Row, SparkSession

from bankseg_assets.customers.rfm import customers, measure_histograms, with_scores
from bankseg_assets.customers.rfm_incremental import (
    TOUCHED,
    carried,
    recompute_customers,
    touched_customers,
)
from bankseg_assets_tests.frames import Rows, cleaned_frame, rfm_frame

SINCE, SNAPSHOT = date(2016, 10, 1), date(2016, 10, 22)


def touched(spark: SparkSession, arrived: Rows, gone: Rows, key: str = "customer_id") -> DataFrame:
    return touched_customers(
        cleaned_frame(spark, arrived), cleaned_frame(spark, gone), customer_key=key
    )


@pytest.mark.slow
def test_only_rows_that_one_side_has_touch_a_customer(spark: SparkSession) -> None:
    rows = [{"customer_id": name, "row_number": n} for n, name in enumerate(["A", "B", "C", "D"])]
    found = touched(spark, rows[:3], rows[1:]).collect()
    assert {row[TOUCHED] for row in found} == {"A", "D"}
    of_another_file = [{**rows[1], "delivery": "d2"}]
    assert {row[0] for row in touched(spark, of_another_file, []).collect()} == {"B"}
    assert touched(spark, rows, rows).isEmpty()


@pytest.mark.slow
def test_untouched_customers_keep_measures_and_age(spark: SparkSession) -> None:
    before = rfm_frame(
        spark,
        [
            # The birthday is between the two snapshots.
            {"recency": 3, "birth_date": date(1986, 10, 10), "age": 29, "snapshot_date": SINCE},
            {"recency": 9, "birth_date": None, "age": None, "snapshot_date": SINCE},
            {"recency": 1, "snapshot_date": SINCE},
        ],
    )
    ids = spark.createDataFrame([("C2",), ("new",)], f"{TOUCHED} string")
    found = carried(before, ids, since=SINCE, snapshot=SNAPSHOT).orderBy("customer_id").collect()
    assert [(row["customer_id"], row["recency"], row["age"]) for row in found] == [
        ("C0", 24, 30),
        ("C1", 30, None),
    ]
    assert {row["snapshot_date"] for row in found} == {SNAPSHOT}
    assert {row["monetary"] for row in found} == {Decimal("100.00")}


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["A", "B", "C", "D"]),
            "gender": st.sampled_from(["F", "M", None]),
            "location": st.sampled_from(["PUNE", "GOA", None]),
            "birth_date": st.sampled_from([date(1986, 10, 10), date(1990, 2, 28), None]),
            "age": st.sampled_from([30, 41, None]),
            "direction": st.sampled_from(["spending", "income", None]),
            "amount": st.decimals(-1000, 1000, places=2),
            "balance": st.none() | st.decimals(-1000, 1000, places=2),
            "transaction_at": st.integers(0, 60).map(
                lambda days: datetime(2016, 8, 1, 12) + timedelta(days)
            ),
        }
    ),
    min_size=1,
    max_size=12,
)
KEYS = ["customer_id", "concat(gender, location)"]  # the second is null for some


@pytest.mark.slow
@given(rows=ROWS, first=st.integers(0, 11), last=st.integers(1, 12), key=st.sampled_from(KEYS))
@settings(max_examples=8, deadline=None)
def test_the_result_is_that_of_all_rows(
    spark: SparkSession, rows: list[dict[str, Any]], first: int, last: int, key: str
) -> None:
    numbered = [row | {"row_number": number} for number, row in enumerate(rows)]
    always = [{"row_number": 99}]  # a customer with a key: without one there is no table
    then, now = numbered[:last] + always, numbered[min(first, len(rows) - 1) :] + always
    old = scored(customers(cleaned_frame(spark, then), customer_key=key, snapshot=SINCE))
    cleaned = cleaned_frame(spark, now)
    ids = touched(spark, now, then, key)
    recomputed = recompute_customers(cleaned, ids, customer_key=key, snapshot=SNAPSHOT)
    same = carried(old, ids, since=SINCE, snapshot=SNAPSHOT)
    found = scored(same.unionByName(recomputed))
    whole = scored(customers(cleaned, customer_key=key, snapshot=SNAPSHOT))
    assert in_order(found) == in_order(whole)


def scored(measures: DataFrame) -> DataFrame:
    return with_scores(measures, measure_histograms(measures))


def in_order(table: DataFrame) -> list[Row]:
    return sorted(table.collect(), key=lambda row: row["customer_id"] or "")


@pytest.mark.slow
def test_transactions_without_a_key_are_left_out(spark: SparkSession) -> None:
    rows = [{"gender": None}, {"gender": None}]
    key = "concat(gender, location)"
    ids = touched(spark, rows[:1], [], key)
    recomputed = recompute_customers(
        cleaned_frame(spark, rows), ids, customer_key=key, snapshot=SNAPSHOT
    ).collect()
    assert recomputed == []


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_unchanged_transactions_recompute_no_customer(spark: SparkSession, key: str) -> None:
    cleaned = cleaned_frame(spark, [{}, {"customer_id": "C2"}])
    ids = touched(spark, [], [], key)
    assert recompute_customers(cleaned, ids, customer_key=key, snapshot=SNAPSHOT).isEmpty()
