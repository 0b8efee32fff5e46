"""Naming facts: the medians displayed in the profile, relative to all customers."""

from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from bankseg_assets.presentation.formatting import short_number
from bankseg_assets.profiling.demographics import demographics
from bankseg_assets.profiling.profiles import profile
from bankseg_assets.segmentation.naming_facts import naming_facts
from bankseg_assets.segmentation.segment_words import SegmentFacts
from bankseg_assets_tests.fitted_models import Fitted

Customers = list[tuple[Any, ...]]


def frame_of(spark: SparkSession, customers: Customers) -> DataFrame:
    return spark.createDataFrame(
        customers,
        "segment int, recency int, frequency int, average_amount double, average_balance double",
    )


def test_median_is_placed_among_all_customers(spark: SparkSession) -> None:
    rows = [(0, 1, 1, 10.0, None), (0, 1, 1, 20.0, None), (2, 50, 4, 900.0, 5.0)]
    first, empty, last = naming_facts(frame_of(spark, rows), 3)
    assert first.medians == {"recency": 1.0, "frequency": 1.0, "average_amount": 10.0}
    logs = np.log1p([1, 1, 50])
    assert first.deviations["recency"] == pytest.approx((logs[0] - logs.mean()) / logs.std())
    assert last.ratios["frequency"] == pytest.approx(2.0)
    assert (first.one_time_share, last.one_time_share) == (1.0, 0.0)
    assert (first.customers, empty.customers, last.customers) == (2, 0, 1)
    assert {first.days, empty.days, last.days} == {50.0}
    assert empty.deviations == {}


def test_overdrafts_and_refunds_are_placed_below_zero(spark: SparkSession) -> None:
    rows = [(0, 1, 1, -12.0, -600.0), (1, 1, 1, 12.0, 600.0)]
    low, high = naming_facts(frame_of(spark, rows), 2)
    assert low.medians["average_balance"] == -high.medians["average_balance"] == -599.0
    assert low.deviations["average_amount"] == pytest.approx(-1.0, abs=0.01)
    assert high.deviations["average_amount"] == pytest.approx(1.0, abs=0.01)
    # The overall means are zero: no ratio is defined.
    assert "average_balance" not in low.ratios


def test_constant_measure_has_no_deviation(spark: SparkSession) -> None:
    rows = [(segment, 1, 25, 10.0 + segment, 0.0) for segment in (0, 1)]
    for found in naming_facts(frame_of(spark, rows), 2):
        assert list(found.deviations) == ["average_amount"]
        assert found.medians["frequency"] == 25.0


def test_measure_known_of_few_has_no_fact(spark: SparkSession) -> None:
    few: Customers = [(0, 1, 1, 10.0, 5.0 if number < 10 else None) for number in range(20)]
    most: Customers = [(1, 1, 1, 10.0, 5.0 if number < 11 else None) for number in range(20)]
    minority: Customers = [(2, 1, 1, 10.0, 5.0 if number < 11 else None) for number in range(30)]
    found = naming_facts(frame_of(spark, few + most + minority), 3)
    assert ["average_balance" in one.medians for one in found] == [False, True, False]


def test_no_customers_have_no_facts(spark: SparkSession) -> None:
    assert naming_facts(frame_of(spark, []), 1) == [SegmentFacts(days=0.0)]


def test_sentence_shows_number_that_named_segment(fitted: Fitted) -> None:
    found = naming_facts(fitted.segments, fitted.kmeans.k)
    rows = profile(fitted.segments, demographics(fitted.segments), "X")
    for row in rows:
        for measure, median in found[row["segment"]].medians.items():
            assert short_number(row[f"median_{measure}"]) == short_number(median)
