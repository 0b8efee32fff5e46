"""A segment's profile: shares, medians, index and sentence, as computed by hand."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from bankseg_assets.contracts import CUSTOMER_SEGMENTS, SEGMENT_PROFILES
from bankseg_assets.transforms.profiles import TOO_FEW, naming_facts, profile, sentence
from bankseg_assets_tests.transforms.frames import RFM_ROW

ALIKE = 11  # customers of each kind: fewer would not be described
# segment, recency, frequency, monetary, average balance, age
CUSTOMERS = [
    (0, 1, 1, "100", 1230.0, 20),
    (0, 2, 1, "300", None, None),
    (0, 9, 1, "200", 3000.0, 40),
    (1, 40, 4, "3000", None, None),
    (1, 60, 6, "6000", None, None),
]


def segments_of(spark: SparkSession, customers: list[tuple[Any, ...]]) -> DataFrame:
    rows = [
        RFM_ROW
        | {
            "customer_id": f"C{number}",
            "segment": segment,
            "segment_name": ("Small", "Big")[segment],
            "distance": 0.0,
            "recency": recency,
            "frequency": frequency,
            "monetary": Decimal(monetary),
            "average_amount": float(monetary) / frequency,
            "average_balance": balance,
            "age": age,
        }
        for number, (segment, recency, frequency, monetary, balance, age) in enumerate(customers)
    ]
    values = [tuple(row[name] for name in CUSTOMER_SEGMENTS.names) for row in rows]
    return spark.createDataFrame(values, CUSTOMER_SEGMENTS.ddl)


@pytest.fixture(scope="module")
def profiles(spark: SparkSession) -> dict[int, dict[str, Any]]:
    found = profile(segments_of(spark, CUSTOMERS * ALIKE), "INR")
    assert [row["segment"] for row in found] == [1, 0]  # the most money first
    return {row["segment"]: row for row in found}


def test_sizes_and_shares_add_up(profiles: dict[int, dict[str, Any]]) -> None:
    small, big = profiles[0], profiles[1]
    assert (small["segment_name"], small["customers"], big["customers"]) == ("Small", 33, 22)
    assert (small["share_of_customers"], big["share_of_customers"]) == (0.6, 0.4)
    assert (small["total_monetary"], big["total_monetary"]) == (6600.0, 99000.0)
    assert small["share_of_money"] + big["share_of_money"] == pytest.approx(1.0)
    assert small["share_of_money"] == pytest.approx(600 / 9600)


def test_medians_are_exact_for_whole_numbers_and_close_for_money(
    profiles: dict[int, dict[str, Any]],
) -> None:
    small, big = profiles[0], profiles[1]
    assert (small["median_recency"], small["median_frequency"], small["median_age"]) == (2, 1, 20)
    assert (big["median_recency"], big["median_frequency"]) == (40, 4)
    assert small["median_monetary"] == pytest.approx(200, rel=0.003)
    assert small["median_average_amount"] == pytest.approx(200, rel=0.003)
    assert small["median_average_balance"] == pytest.approx(1230, rel=0.003)
    assert (big["median_average_balance"], big["median_age"]) == (None, None)


def test_the_index_is_the_mean_over_the_mean_of_all_times_100(
    profiles: dict[int, dict[str, Any]],
) -> None:
    small, big = profiles[0], profiles[1]
    assert small["index_recency"] == pytest.approx(100 * 4 / 22.4, abs=0.05)
    assert big["index_frequency"] == pytest.approx(100 * 5 / 2.6, abs=0.05)
    assert big["index_monetary"] == pytest.approx(100 * 4500 / 1920, abs=0.05)
    assert (small["index_average_balance"], big["index_average_balance"]) == (100.0, None)


def test_a_profile_has_the_contracts_columns(profiles: dict[int, dict[str, Any]]) -> None:
    for row in profiles.values():
        assert set(row) == set(SEGMENT_PROFILES.names)


def test_the_sentence_says_the_figures(profiles: dict[int, dict[str, Any]]) -> None:
    assert profiles[0]["sentence"] == (
        "60% of customers and 6% of the money: they transacted once, the last 2 days before the "
        "snapshot, spend about INR 200 at a time and hold about INR 1,230."
    )
    assert "they made about 4 transactions, the last 40 days" in profiles[1]["sentence"]
    assert profiles[1]["sentence"].endswith("at a time.")


@pytest.mark.parametrize("size", [1, 10])
def test_a_segment_of_one_to_ten_customers_is_not_described(spark: SparkSession, size: int) -> None:
    frame = segments_of(spark, CUSTOMERS[:3] * ALIKE + CUSTOMERS[3:4] * size)
    described, small = profile(frame, "INR")
    assert described["customers"] == 33
    assert (small["segment"], small["segment_name"], small["sentence"]) == (1, "Big", TOO_FEW)
    hidden = {name: value for name, value in small.items() if not name.startswith("se")}
    assert set(hidden.values()) == {0, None}
    assert set(small) == set(SEGMENT_PROFILES.names)


def test_a_segment_of_eleven_customers_is_described(spark: SparkSession) -> None:
    frame = segments_of(spark, CUSTOMERS[:3] * ALIKE + CUSTOMERS[3:4] * 11)
    (big,) = [row for row in profile(frame, "INR") if row["segment"] == 1]
    assert (big["customers"], big["median_recency"]) == (11, 40)


def test_large_figures_are_said_in_three_digits() -> None:
    row = {
        "share_of_customers": 0.123,
        "share_of_money": 0.5,
        "median_frequency": 1.0,
        "median_recency": 3.0,
        "median_average_amount": 16792.4,
        "median_average_balance": 1234567.0,
    }
    found = sentence(row, "EUR")
    assert "spend about EUR 16,800 at a time and hold about EUR 1,230,000." in found


def test_names_rest_on_mean_logarithms_against_all_customers(spark: SparkSession) -> None:
    rows = [(0, 1, 1, 10.0, None), (0, 3, 1, 20.0, None), (2, 50, 4, 900.0, 5.0)]
    frame = spark.createDataFrame(
        rows,
        "segment int, recency int, frequency int, average_amount double, average_balance double",
    )
    first, empty, last = naming_facts(frame, 3)
    logs = np.log1p([1, 3, 50])
    assert first.deviations["recency"] == pytest.approx(
        (logs[:2].mean() - logs.mean()) / logs.std(ddof=1)
    )
    assert (first.mean_frequency, last.mean_frequency) == (1.0, 4.0)
    assert "average_balance" not in first.deviations
    assert empty.deviations == {}
