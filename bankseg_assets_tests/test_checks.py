"""Checks pass on what is sound, and fail on each fault that they are there for."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.checks import (
    ALL_CHECKS,
    customers_are_persons,
    customers_are_unique,
    every_row_is_accounted_for,
    every_segment_is_worth_a_campaign,
    features_vary,
    measures_are_plausible,
    no_file_is_rejected,
    numpy_scores_as_spark_does,
    transaction_ids_are_unique,
    values_are_in_range,
)
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.resources import DeliveryResource, PublishedResource
from bankseg_assets.scoring import (
    BUNDLE_FILE,
    BUNDLE_FORMAT,
    BundleError,
    bundle_hash,
    feature_list,
)
from bankseg_assets.settings import Settings


@pytest.fixture
def published(settings: Settings) -> PublishedResource:
    return PublishedResource(published_dir=str(settings.published_dir))


@pytest.fixture
def delivery(settings: Settings) -> DeliveryResource:
    return DeliveryResource(
        landing_dir=str(settings.landing_dir),
        raw_dir=str(settings.raw_dir),
        ledger_path=str(settings.ledger_path),
    )


def publish(published: PublishedResource, asset: str, **parts: Mapping[str, Sequence[Any]]) -> Path:
    """Publish a table of one file for each named part; return its version."""
    with published.store.draft(asset, "run") as draft:
        for name, part in parts.items():
            pq.write_table(pa.table(dict(part)), draft.path / f"{name}.parquet")
    assert draft.version is not None
    return draft.version


def values(result: dg.AssetCheckResult) -> dict[str, Any]:
    return {name: found.value for name, found in result.metadata.items()}


def test_faults_that_spoil_what_follows_block_and_the_others_warn() -> None:
    blocking = {spec.name for check in ALL_CHECKS for spec in check.check_specs if spec.blocking}
    assert {spec.name for check in ALL_CHECKS for spec in check.check_specs} - blocking == {
        "no_file_is_rejected",
        "customers_are_persons",
        "every_segment_is_worth_a_campaign",
        "no_holdings_file_is_rejected",
        "als_is_as_good_as_popularity",
    }


def aside(*rows: tuple[str, str]) -> dict[str, list[str]]:
    """Return delivery and disposition of rows that were set aside."""
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], []]
    return dict(zip(("delivery", "disposition"), columns, strict=True))


def test_rows_that_are_kept_set_aside_or_repeated_are_accounted_for_in_every_file(
    published: PublishedResource,
) -> None:
    publish(published, "raw_transactions", a={"x": [1, 2, 3]}, b={"x": [4, 5]})
    publish(published, "cleaned_transactions", **{"a-0": {"x": [1]}, "a-1": {"x": [2]}})
    rows = aside(("a", "quarantined"), ("b", "duplicate"), ("b", "duplicate"))
    publish(published, "quarantined_transactions", repeats=rows)
    result = every_row_is_accounted_for(published=published)
    assert result.passed
    found = values(result)
    assert "| a | 3 | 2 | 1 | 0 |\n| b | 2 | 0 | 0 | 2 |" in found.pop("by_delivery")
    assert found == {
        "rows_in": 5,
        "rows_clean": 2,
        "rows_lost": 0,
        "rows_quarantined": 1,
        "rows_duplicate": 2,
    }


def test_a_written_file_that_is_gone_is_noticed(published: PublishedResource) -> None:
    publish(published, "raw_transactions", a={"x": [1, 2, 3]})
    kept = {"a-0": {"x": [1]}, "a-1": {"x": [2, 3]}}
    version = publish(published, "cleaned_transactions", **kept)
    publish(published, "quarantined_transactions")
    assert every_row_is_accounted_for(published=published).passed
    (version / "a-1.parquet").unlink()
    result = every_row_is_accounted_for(published=published)
    assert not result.passed
    assert result.description == "Does not add up: a."
    assert values(result)["rows_lost"] == 2


def test_what_is_lost_in_one_file_is_not_made_up_for_by_another(
    published: PublishedResource,
) -> None:
    publish(published, "raw_transactions", a={"x": [1, 2]}, b={"x": [3, 4]})
    publish(published, "cleaned_transactions", a={"x": [1]}, b={"x": [3, 4, 4]})
    publish(published, "quarantined_transactions")
    result = every_row_is_accounted_for(published=published)
    assert not result.passed
    assert result.description == "Does not add up: a, b."


@pytest.mark.parametrize(
    ("earlier", "newest", "repeated"),
    [
        ({}, {"a": ["T1", "T2"]}, 0),
        ({}, {"a": ["T1", "T2", "T1"]}, 1),
        ({}, {"a": ["T1"], "b": ["T1"]}, 1),
        ({"a": ["T1"]}, {"a": ["T1"], "b": ["T2"]}, 0),
        ({"a": ["T1"]}, {"a": ["T1"], "b": ["T2", "T1"]}, 1),
        ({"a": ["T1"]}, {"a": ["T1", "T3", "T3"]}, 1),
        ({"a": ["T1"]}, {"a": ["T1"]}, 0),
    ],
)
def test_a_repeated_transaction_id_is_noticed(
    spark: SparkSession,
    published: PublishedResource,
    earlier: dict[str, list[str]],
    newest: dict[str, list[str]],
    repeated: int,
) -> None:
    for parts in (earlier, newest):
        if parts:
            tables = {name: {"transaction_id": ids} for name, ids in parts.items()}
            version = publish(published, "cleaned_transactions", **tables)
    table = spark.read.schema("transaction_id string").parquet(str(version))
    result = transaction_ids_are_unique(published=published, cleaned_transactions=table)
    assert result.passed == (repeated == 0)
    assert values(result)["repeated_transaction_ids"] == repeated


def money(*amounts: str) -> list[Decimal]:
    return [Decimal(amount) for amount in amounts]


@pytest.mark.parametrize(
    ("change", "passed"),
    [
        ({}, True),
        ({"amount": money("0.00")}, True),
        ({"amount": money("-0.01")}, False),
        ({"balance": money("-1.00")}, False),
        ({"balance": pa.array([None], pa.decimal128(18, 2))}, True),
        ({"transaction_at": [datetime(1899, 12, 31)]}, False),
        ({"transaction_at": [datetime(2300, 1, 1)]}, False),
    ],
)
def test_values_out_of_range_are_noticed(
    published: PublishedResource, change: dict[str, Any], passed: bool
) -> None:
    row: dict[str, Any] = {
        "amount": money("1.00"),
        "balance": money("2.00"),
        "transaction_at": [datetime(2016, 8, 2)],
    }
    publish(published, "cleaned_transactions", a=row | change)
    assert values_are_in_range(published=published).passed == passed


@pytest.mark.parametrize(("ids", "passed"), [(["C1", "C2"], True), (["C1", "C1"], False)])
def test_a_customer_with_two_rows_is_noticed(
    spark: SparkSession, ids: list[str], passed: bool
) -> None:
    table = spark.createDataFrame([(one,) for one in ids], "customer_id string")
    assert customers_are_unique(table).passed == passed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, None),
        ({"age": pa.array([None, None], pa.int32())}, None),
        ({"recency": [3, 3]}, "recency is the same for all: the data covers a single day"),
        ({"age": [20, 111]}, "an age is above 110 years"),
        ({"age": [-1, 20]}, "age is negative"),
        ({"average_balance": [-0.5, 1.0]}, "average_balance is negative"),
    ],
)
def test_implausible_measures_are_named(
    published: PublishedResource, change: dict[str, Any], told: str | None
) -> None:
    rows: dict[str, Any] = {
        "recency": [1, 2],
        "frequency": [1, 1],
        "monetary": [1.0, 1.0],
        "average_balance": [1.0, 1.0],
        "age": [0, 110],
    }
    publish(published, "rfm_table", a=rows | change)
    result = measures_are_plausible(published=published)
    assert (result.passed, result.description) == (told is None, told)


@pytest.mark.parametrize(("scale", "told"), [(1.5, None), (0.0, "Constant: recency.")])
def test_a_feature_that_does_not_vary_is_named(scale: float, told: str | None) -> None:
    model = {"features": [{"name": "repeat"}, {"name": "recency"}], "scale": [1.0, scale]}
    result = features_vary(model)
    assert (result.passed, result.description) == (told is None, told)


@pytest.mark.parametrize(("smallest", "passed"), [(0.01, True), (0.009, False)])
def test_a_segment_too_small_for_a_campaign_warns(
    spark: SparkSession, smallest: float, passed: bool
) -> None:
    rows = [("Small", smallest), ("Large", 1 - smallest)]
    table = spark.createDataFrame(rows, "segment_name string, share_of_customers double")
    result = every_segment_is_worth_a_campaign(table)
    assert (result.passed, result.severity) == (passed, dg.AssetCheckSeverity.WARN)


def test_a_rejected_file_warns_with_its_name_and_reason(delivery: DeliveryResource) -> None:
    good = Delivery("a" * 64, "good.csv", "accepted", "", 9, 3, "run")
    delivery.ledger.record(good)
    assert no_file_is_rejected(delivery).passed
    delivery.ledger.record(Delivery("b" * 64, "bad.csv", "rejected", "It is empty.", 0, 0, "run"))
    result = no_file_is_rejected(delivery)
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert values(result) == {"rejected_files": 1, "b" * 12: "bad.csv: It is empty."}


@pytest.mark.parametrize(
    ("conflicting", "passed"), [(0, True), (1, True), (2, False)], ids=["none", "limit", "beyond"]
)
def test_customers_that_mix_people_warn(
    spark: SparkSession, conflicting: int, passed: bool
) -> None:
    repeat = [(2, number < conflicting) for number in range(10)]
    # One transaction cannot disagree with itself; were it counted, it would thin the share.
    once = [(1, False)] * 100
    table = spark.createDataFrame([*repeat, *once], "frequency int, identity_conflict boolean")
    result = customers_are_persons(table)
    assert (result.passed, result.severity) == (passed, dg.AssetCheckSeverity.WARN)
    assert values(result)["repeat_customers"] == 10
    assert values(result)["conflict_share"] == conflicting / 10


def test_without_repeat_customers_there_is_no_conflict(spark: SparkSession) -> None:
    table = spark.createDataFrame([(1, False)], "frequency int, identity_conflict boolean")
    assert customers_are_persons(table).passed


# Segments: one transaction; three or more; an unknown balance counts as the mean.
CUSTOMERS = {
    "segment": pa.array([0, 0, 1, 1], pa.int32()),
    "frequency": pa.array([1, 1, 3, 1], pa.int32()),
    "average_balance": [100.0, 150.0, None, None],
    "held_out": [True, True, True, False],
}


def publish_classifier(published: PublishedResource, confusion: list[list[int]]) -> Path:
    features = [vars(f) for f in feature_list(["capped_frequency", "log_average_balance"])]
    document: dict[str, Any] = {
        "format": BUNDLE_FORMAT,
        "version": "run",
        "snapshot_date": "2016-10-22",
        "currency": "INR",
        "features": features,
        "mean": [2.0, float(np.log(100.0))],
        "scale": [1.0, 1.0],
        "components": [[1.0, 0.0], [0.0, 1.0]],
        "residual": [[0.0, 0.0], [0.0, 0.0]],
        "calibration": {},
        "evidence": {},
        "evidence_weights": {},
        "evaluation": {},
        "centroids": [[-1.0, 0.0], [1.0, 0.0]],
        "prior": [0.5, 0.5],
        "means": [[-1.0, 0.0], [1.0, 0.0]],
        "variances": [[0.2, 0.2], [0.2, 0.2]],
        "segments": [{}, {}],
        "inputs": [],
        "metrics": {},
        "confusion": confusion,
    }
    with published.store.draft("nb_classifier", "run") as draft:
        text = json.dumps(document | {"sha256": bundle_hash(document)})
        (draft.path / BUNDLE_FILE).write_text(text, encoding="utf-8")
    assert draft.version is not None
    return draft.version


def test_numpy_finds_the_confusion_that_spark_found(published: PublishedResource) -> None:
    publish_classifier(published, [[2, 0], [0, 1]])
    publish(published, "customer_segments", part=CUSTOMERS)
    result = numpy_scores_as_spark_does(published=published)
    assert result.passed
    assert values(result) == {"customers": 3, "counts_that_differ": 0}


def test_a_customer_that_numpy_scores_otherwise_is_noticed(published: PublishedResource) -> None:
    publish_classifier(published, [[1, 1], [0, 1]])
    publish(published, "customer_segments", part=CUSTOMERS)
    result = numpy_scores_as_spark_does(published=published)
    assert not result.passed
    assert values(result)["counts_that_differ"] == 2


def test_a_bundle_that_was_changed_after_it_was_published_is_refused(
    published: PublishedResource,
) -> None:
    file = publish_classifier(published, [[2, 0], [0, 1]]) / BUNDLE_FILE
    file.write_text(file.read_text(encoding="utf-8").replace("0.5", "0.6"), encoding="utf-8")
    publish(published, "customer_segments", part=CUSTOMERS)
    with pytest.raises(BundleError, match="SHA-256 differs"):
        numpy_scores_as_spark_does(published=published)
