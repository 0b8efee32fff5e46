"""Quantiles from counts in fixed bins: close to the exact ones, and the same in any order."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.stats.histograms import (
    bin_value,
    histograms,
    histograms_by,
    log_bin,
    quantile_bins,
    quantiles,
    sets_by_id,
)
from bankseg_assets.stats.log_bins import BINS_PER_E_FOLD

TOLERANCE = 0.0025  # of 1 + value
MONEY_CENTS = st.integers(-(10**14), 10**14) | st.integers(-300, 300)  # overdrafts and refunds too
PROBABILITIES = [0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0]


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.integers(0, 2), MONEY_CENTS.map(lambda cents: cents / 100)),
        min_size=1,
        max_size=200,
    )
)
@settings(max_examples=5, deadline=None)
def test_group_quantiles_are_within_quarter_percent(
    spark: SparkSession, rows: list[tuple[int, float]]
) -> None:
    frame = spark.createDataFrame([(g, float(v)) for g, v in rows], "g int, v double")
    found = histograms_by(frame, F.col("g"), {"v": log_bin(F.col("v"))})
    assert list(found) == sorted({group for group, _ in rows})
    for group, counts in found.items():
        values = [value for owner, value in rows if owner == group]
        exact = np.quantile(values, PROBABILITIES, method="inverted_cdf")
        approximate = quantiles(counts["v"], PROBABILITIES)
        assert (np.abs(approximate - exact) <= TOLERANCE * 1.002 * (1 + np.abs(exact))).all()


@given(
    st.lists(st.integers(-50, 50), min_size=1),
    st.lists(st.integers(0, 1000).map(lambda n: n / 1000), min_size=1),
)
def test_quantile_is_first_bin_reaching_share(
    values: list[int], probabilities: list[float]
) -> None:
    histogram = dict(sorted(Counter(values).items()))
    for probability, found in zip(
        probabilities, quantile_bins(histogram, probabilities).tolist(), strict=True
    ):
        wanted = probability * len(values) - 1e-6
        assert sum(value <= found for value in values) >= wanted
        assert found == min(values) or sum(value < found for value in values) < wanted


def test_quantile_of_empty_histogram_raises() -> None:
    with pytest.raises(ValueError, match="No values to compute a quantile of"):
        quantile_bins({}, [0.5])


@given(st.integers(1, 10_000))
def test_bins_value_lies_within_it(number: int) -> None:
    value = float(bin_value(number))
    assert math.floor(math.log1p(value) * BINS_PER_E_FOLD) == number


def test_zero_is_exactly_zero() -> None:
    assert bin_value([0, 1]).tolist()[0] == 0.0


@pytest.mark.slow
def test_histograms_count_several_measures_without_nulls(spark: SparkSession) -> None:
    frame = spark.createDataFrame(
        [("a", 1, 7), ("a", 1, None), ("b", 2, 7), ("b", None, 8), ("b", None, None)],
        "name string, x int, y int",
    )
    bins = {"x": F.col("x"), "y": F.col("y")}
    group = F.when(F.col("name") == "a", 0).otherwise(1)
    assert histograms_by(frame, group, bins) == {
        0: {"x": {1: 2}, "y": {7: 1}},
        1: {"x": {2: 1}, "y": {7: 1, 8: 1}},
    }
    assert histograms(frame, bins) == {"x": {1: 2, 2: 1}, "y": {7: 2, 8: 1}}
    assert histograms(frame.where("false"), bins) == {"x": {}, "y": {}}


def test_bins_come_in_order_of_their_numbers(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(number,) for number in (5, -3, 12, 0)], "x int")
    assert list(histograms(frame, {"x": F.col("x")})["x"]) == [-3, 0, 5, 12]


def test_log_bin_of_null_is_null(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(None,), (0.0,), (math.e - 1,)], "x double")
    found = [row[0] for row in frame.select(log_bin(F.col("x"))).collect()]
    assert found[:2] == [None, 0]
    assert found[2] in (199, 200)  # ln e is the edge between the two


def test_grouping_set_has_number_that_spark_gives_it(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(1, 2, 3)], "a int, b int, c int")
    names, sets = ["a", "b", "c"], [("a",), ("b", "c"), ("c",)]
    columns = [[F.col(name) for name in one] for one in sets]
    rows = frame.groupingSets(columns, *map(F.col, names)).agg(F.grouping_id().alias("id"))
    by_id = {row["id"]: tuple(n for n in names if row[n] is not None) for row in rows.collect()}
    assert by_id == sets_by_id(names, sets)
