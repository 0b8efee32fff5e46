"""Repeated values are found by digests and confirmed by value."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning import repetition
from bankseg_assets.cleaning.repetition import repeated_values


def found_in(spark: SparkSession, values: list[str | None]) -> list[str | None]:
    frame = spark.createDataFrame([(value,) for value in values], "name string")
    with repeated_values(frame, "name") as found:
        return [row[0] for row in found.collect()]


@pytest.mark.slow
@given(st.lists(st.sampled_from(["a", "b", "A", " a", "", None]), max_size=8))
@settings(max_examples=8, deadline=None)
def test_what_occurs_twice_is_found_once(spark: SparkSession, values: list[str | None]) -> None:
    found = found_in(spark, values)
    assert len(found) == len(set(found))
    assert set(found) == {value for value, count in Counter(values).items() if count > 1}


@pytest.mark.slow
def test_values_that_share_only_a_digest_differ(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repetition.F, "xxhash64", lambda column: F.length(column).cast("bigint"))
    assert found_in(spark, ["ab", "cd", "e"]) == []
    assert found_in(spark, ["ab", "cd", "cd"]) == ["cd"]
