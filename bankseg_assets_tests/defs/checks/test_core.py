"""Checks pass on valid data and fail on the faults that they are meant to detect."""

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

from bankseg_assets.contracts.tables import DELIVERY_DIGITS
from bankseg_assets.defs.checks.core import (
    ALL_CHECKS,
    VERSION,
    customers_are_persons,
    customers_are_unique,
    every_row_is_accounted_for,
    every_segment_is_worth_a_campaign,
    features_vary,
    measures_are_plausible,
    no_customer_is_lost_on_the_way,
    no_file_is_rejected,
    numpy_scores_as_spark_does,
    repeated_transactions,
    transaction_ids_are_unique,
    transactions_have_a_customer,
    values_are_in_range,
)
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT, Settings
from bankseg_assets.scoring.bundle import (
    BUNDLE_FORMAT,
    BundleError,
    bundle_hash,
    feature_list,
)
from bankseg_assets.storage.documents import DOCUMENT_FILE

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


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


@pytest.fixture
def of_other_bank(settings: Settings) -> DeliveryResource:
    """Deliveries of a bank whose accounts may be overdrawn."""
    contracts = DEFAULT_CONTRACT.parent / "docs" / "contracts"
    return DeliveryResource(
        landing_dir=str(settings.landing_dir),
        raw_dir=str(settings.raw_dir),
        ledger_path=str(settings.ledger_path),
        contract_path=str(contracts / "differently_shaped_bank.toml"),
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


def test_code_faults_block_and_data_faults_warn() -> None:
    blocking = {spec.name for check in ALL_CHECKS for spec in check.check_specs if spec.blocking}
    assert {spec.name for check in ALL_CHECKS for spec in check.check_specs} - blocking == {
        "no_file_is_rejected",
        "customers_are_persons",
        "transactions_have_a_customer",
        "every_segment_is_worth_a_campaign",
        "no_holdings_file_is_rejected",
        "holdings_are_of_the_customers",
        "als_is_as_good_as_popularity",
    }


def disposed_rows(*rows: tuple[str, str]) -> dict[str, list[str]]:
    """Return delivery and disposition of quarantined rows."""
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], []]
    return dict(zip(("delivery", "disposition"), columns, strict=True))


def test_every_row_is_accounted_for_per_file(
    published: PublishedResource, delivery: DeliveryResource
) -> None:
    delivery.ledger.record(Delivery("a" * 64, "may.csv", "accepted", "", 9, 3, "run"))
    a = "a" * DELIVERY_DIGITS
    publish(published, "raw_transactions", **{a: {"x": [1, 2, 3]}, "b": {"x": [4, 5]}})
    publish(published, "cleaned_transactions", **{f"{a}-0": {"x": [1]}, f"{a}-1": {"x": [2]}})
    rows = disposed_rows((a, "quarantined"), ("b", "duplicate"), ("b", "duplicate"))
    publish(published, "quarantined_transactions", repeats=rows)
    result = every_row_is_accounted_for(published=published, delivery=delivery)
    assert result.passed
    found = values(result)
    table = f"| {a} | may.csv (aaaaaaaa) | 3 | 2 | 1 | 0 |\n| b |  | 2 | 0 | 0 | 2 |"
    assert table in found.pop("by_delivery")
    assert result.description is None
    assert found == {
        "rows_in": 5,
        "rows_clean": 2,
        "rows_lost": 0,
        "rows_quarantined": 1,
        "rows_duplicate": 2,
    }


def test_missing_written_file_fails(
    published: PublishedResource, delivery: DeliveryResource
) -> None:
    publish(published, "raw_transactions", a={"x": [1, 2, 3]})
    kept = {"a-0": {"x": [1]}, "a-1": {"x": [2, 3]}}
    version = publish(published, "cleaned_transactions", **kept)
    publish(published, "quarantined_transactions")
    assert every_row_is_accounted_for(published=published, delivery=delivery).passed
    (version / "a-1.parquet").unlink()
    result = every_row_is_accounted_for(published=published, delivery=delivery)
    assert not result.passed
    assert result.description is not None
    assert result.description.startswith(
        "a: expected 3 rows, found 1 clean, 0 quarantined and 0 duplicate: 2 too few. This is "
        "a fault of the platform, not of the file: "
    )
    assert "`bankseg withdraw`" in result.description
    assert values(result)["rows_lost"] == 2


def test_rows_are_not_balanced_between_files(
    published: PublishedResource, delivery: DeliveryResource
) -> None:
    publish(published, "raw_transactions", a={"x": [1, 2]}, b={"x": [3, 4]})
    publish(published, "cleaned_transactions", a={"x": [1]}, b={"x": [3, 4, 4]})
    publish(published, "quarantined_transactions")
    result = every_row_is_accounted_for(published=published, delivery=delivery)
    assert not result.passed
    assert str(result.description).startswith(
        "a: expected 2 rows, found 1 clean, 0 quarantined and 0 duplicate: 1 too few. "
        "b: expected 2 rows, found 3 clean, 0 quarantined and 0 duplicate: 1 too many. This is"
    )


def test_rows_of_no_delivery_fail(published: PublishedResource, delivery: DeliveryResource) -> None:
    publish(published, "raw_transactions", a={"x": [1]})
    publish(published, "cleaned_transactions", a={"x": [1]}, z={"x": [2]})
    publish(published, "quarantined_transactions")
    result = every_row_is_accounted_for(published=published, delivery=delivery)
    assert not result.passed
    assert str(result.description).startswith("z: expected 0 rows, found 1 clean")
    assert values(result)["rows_lost"] == -1


def test_many_wrong_files_are_listed_in_the_metadata(
    published: PublishedResource, delivery: DeliveryResource
) -> None:
    good = {f"b{number}": {"x": [1]} for number in range(60)}
    wrong = {f"a{number}": {"x": [1]} for number in range(5)}
    publish(published, "raw_transactions", **good, **wrong)
    publish(published, "cleaned_transactions", **good)
    publish(published, "quarantined_transactions")
    result = every_row_is_accounted_for(published=published, delivery=delivery)
    assert "2 more files are wrong; `by_delivery` lists them." in str(result.description)
    assert all(f"| {name} |" in values(result)["by_delivery"] for name in wrong)


@pytest.mark.slow
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
def test_duplicate_transaction_id_fails(
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
    old = published.store.versions("cleaned_transactions")[-2] if earlier else None
    found, _, where = repeated_transactions(table, version, old)
    assert (found, bool(where)) == (repeated, bool(repeated))
    assert set(where) <= newest.keys()


@pytest.mark.slow
@pytest.mark.parametrize(("passed", "repeated", "compared"), [(False, 1, 2), (True, 0, 1)])
def test_earlier_version_is_trusted_only_if_passed(
    spark: SparkSession,
    published: PublishedResource,
    delivery: DeliveryResource,
    passed: bool,
    repeated: int,
    compared: int,
) -> None:
    """A version with a duplicate ID fails, and so must the next one, which links its files."""
    check, asset = "transaction_ids_are_unique", "cleaned_transactions"
    part = {"transaction_id": ["T1", "T1"]}
    earlier = publish(published, asset, a=part)
    version = publish(published, asset, a=part, b={"transaction_id": ["T2"]})
    table = spark.read.schema("transaction_id string").parquet(str(version))
    with dg.DagsterInstance.ephemeral() as instance:
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(asset),
                check_name=check,
                passed=passed,
                metadata={VERSION: dg.MetadataValue.text(earlier.name)},
            )
        )
        context = dg.build_asset_check_context(instance=instance)
        result = transaction_ids_are_unique(
            context, published=published, delivery=delivery, cleaned_transactions=table
        )
    assert values(result) == {
        "repeated_transaction_ids": repeated,
        "files_compared": compared,
        VERSION: version.name,
    }
    assert result.passed == (repeated == 0)
    if repeated:
        expected = (
            "1 transaction IDs occur more than once, expected none. Files: a. This is a fault"
        )
        assert str(result.description).startswith(expected)


def money(*amounts: str) -> list[Decimal]:
    return [Decimal(amount) for amount in amounts]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"amount": money("0.00")}, None),
        (
            {"amount": money("-0.01")},
            "amount: 1 rows are out of range; expected at least 0 and at most 100,000,000,000,000, "
            "found -0.01 to -0.01.",
        ),
        ({"balance": money("-1.00")}, "balance: 1 rows are out of range"),
        ({"balance": pa.array([None], pa.decimal128(18, 2))}, None),
        ({"transaction_at": [datetime(1899, 12, 31)]}, "expected at least 1900-01-01 00:00:00"),
        ({"transaction_at": [datetime(2300, 1, 1)]}, "found 2300-01-01 00:00:00"),
        ({"transaction_at": [datetime(9999, 12, 31)]}, "transaction_at: 1 rows"),
    ],
)
def test_values_out_of_range_are_named(
    published: PublishedResource,
    delivery: DeliveryResource,
    change: dict[str, Any],
    fault: str | None,
) -> None:
    delivery.ledger.record(Delivery("a" * 64, "good.csv", "accepted", "", 9, 3, "run"))
    row: dict[str, Any] = {
        "amount": money("1.00"),
        "balance": money("2.00"),
        "transaction_at": [datetime(2016, 8, 2)],
    }
    publish(published, "cleaned_transactions", **{"a" * DELIVERY_DIGITS: row | change})
    result = values_are_in_range(published=published, delivery=delivery)
    assert result.passed == (fault is None)
    assert (fault or "") in (result.description or "")
    assert (" Files: good.csv (aaaaaaaa). " in (result.description or "")) == bool(fault)


def test_ranges_are_those_of_contract(
    published: PublishedResource, of_other_bank: DeliveryResource
) -> None:
    """The shipped second contract allows overdrafts, and amounts up to a million."""
    row: dict[str, Any] = {
        "amount": money("1000000.00"),
        "balance": money("-12.50"),
        "transaction_at": [datetime(2016, 8, 2)],
    }
    publish(published, "cleaned_transactions", a=row)
    assert values_are_in_range(published=published, delivery=of_other_bank).passed
    publish(published, "cleaned_transactions", a=row | {"amount": money("1000000.01")})
    result = values_are_in_range(published=published, delivery=of_other_bank)
    assert "amount: 1 rows are out of range; expected at least 0.01" in str(result.description)


@pytest.mark.slow
@pytest.mark.parametrize(("ids", "passed"), [(["C1", "C2"], True), (["C1", "C1"], False)])
def test_duplicate_customer_fails(spark: SparkSession, ids: list[str], passed: bool) -> None:
    table = spark.createDataFrame([(one,) for one in ids], "customer_id string")
    result = customers_are_unique(table)
    assert (result.passed, result.description is None) == (passed, passed)


@pytest.mark.parametrize(
    ("change", "message", "severity"),
    [
        ({}, None, WARN),
        ({"age": pa.array([None, None], pa.int32())}, None, WARN),
        ({"recency": [3, 3]}, "The last transaction of every customer is 3 days old", WARN),
        (
            {"monetary": money("1.00", "9999999999999999.99")},
            "total is more than",
            WARN,
        ),
        ({"age": [20, 111]}, "age: 1 rows are out of range; expected at least 0 and at", ERROR),
        ({"age": [-1, 20]}, "at most 110, found -1 to 20.", ERROR),
        ({"average_balance": [-0.5, 1.0]}, "average_balance: 1 rows are out of range", ERROR),
        ({"monetary": money("-0.50", "1.00")}, "monetary: 1 rows are out of range", ERROR),
        ({"frequency": [0, 1]}, "frequency: 1 rows are out of range", ERROR),
    ],
)
def test_implausible_measures_are_named(
    published: PublishedResource,
    delivery: DeliveryResource,
    change: dict[str, Any],
    message: str | None,
    severity: dg.AssetCheckSeverity,
) -> None:
    rows: dict[str, Any] = {
        "recency": [1, 2],
        "frequency": [1, 1],
        "monetary": money("1.00", "1.00"),
        "average_balance": [1.0, 1.0],
        "age": [0, 110],
    }
    publish(published, "rfm_table", a=rows | change)
    result = measures_are_plausible(published=published, delivery=delivery)
    assert (result.passed, result.severity) == (message is None, severity)
    assert (message or "") in (result.description or "")


def test_money_may_be_negative_where_contract_allows(
    published: PublishedResource, of_other_bank: DeliveryResource
) -> None:
    row = {"recency": [1, 2], "frequency": [1, 1], "monetary": [1.0, 1.0], "age": [0, 110]}
    publish(published, "rfm_table", a=row | {"average_balance": [-0.5, 1.0]})
    assert measures_are_plausible(published=published, delivery=of_other_bank).passed


def test_transactions_without_customer_warn(published: PublishedResource) -> None:
    cleaned = publish(published, "cleaned_transactions", a={"x": [1, 2, 3]})
    inputs = {"cleaned_transactions": cleaned.name}
    for frequencies, missing in (([2, 1], 0), ([2], 1)):
        with published.store.draft("rfm_table", "run", inputs) as draft:
            pq.write_table(pa.table({"frequency": frequencies}), draft.path / "a.parquet")
        result = transactions_have_a_customer(published=published)
        assert (result.passed, result.severity) == (missing == 0, dg.AssetCheckSeverity.WARN)
        assert values(result) == {"transactions": 3, "without_customer": missing}


def test_flows_to_removed_release_do_not_block(published: PublishedResource) -> None:
    row = {"compared_with": ["20160101-1"]}
    publish(published, "segment_migration", a=row)
    result = no_customer_is_lost_on_the_way(published=published)
    assert result.passed
    assert "20160101-1, which the flows compare with, is no longer stored" in str(
        result.description
    )


@pytest.mark.parametrize(
    ("scale", "message"),
    [(1.5, None), (0.0, "recency: expected a finite scale above zero, found 0. This is a fault")],
)
def test_feature_that_does_not_vary_is_named(scale: float, message: str | None) -> None:
    model = {"features": [{"name": "repeat"}, {"name": "recency"}], "scale": [1.0, scale]}
    result = features_vary(model)
    assert result.passed == (message is None)
    assert str(result.description).startswith(str(message))


@pytest.mark.parametrize(
    ("size", "share", "message"),
    [
        (100, 0.01, None),
        (90, 0.009, "Small has 0.90% of the customers."),
        (0, 0.0, "Small has fewer than 11 customers."),
    ],
)
def test_segment_too_small_for_campaign_warns(
    spark: SparkSession, size: int, share: float, message: str | None
) -> None:
    rows = [("Small", size, share), ("Large", 10_000 - size, 1 - share)]
    columns = "segment_name string, customers bigint, share_of_customers double"
    result = every_segment_is_worth_a_campaign(spark.createDataFrame(rows, columns))
    assert (result.passed, result.description) == (message is None, message)
    assert result.severity == dg.AssetCheckSeverity.WARN


def test_rejected_file_warns_with_its_name_and_reason(delivery: DeliveryResource) -> None:
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
def test_customers_with_conflicting_persons_warn(
    spark: SparkSession, conflicting: int, passed: bool
) -> None:
    repeat = [(2, number < conflicting) for number in range(10)]
    # A single transaction cannot conflict with itself; counting it would dilute the share.
    once = [(1, False)] * 100
    table = spark.createDataFrame([*repeat, *once], "frequency int, identity_conflict boolean")
    result = customers_are_persons(table)
    assert (result.passed, result.severity) == (passed, dg.AssetCheckSeverity.WARN)
    assert values(result)["repeat_customers"] == 10
    assert values(result)["conflict_share"] == conflicting / 10


def test_no_repeat_customers_have_no_conflict(spark: SparkSession) -> None:
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
        "segments": [{"segment": 0, "name": "A"}, {"segment": 1, "name": "B"}],
        "inputs": [],
        "metrics": {},
        "confusion": confusion,
    }
    with published.store.draft("nb_classifier", "run") as draft:
        text = json.dumps(document | {"sha256": bundle_hash(document)})
        (draft.path / DOCUMENT_FILE).write_text(text, encoding="utf-8")
    assert draft.version is not None
    return draft.version


def test_numpy_confusion_equals_spark(published: PublishedResource) -> None:
    publish_classifier(published, [[2, 0], [0, 1]])
    publish(published, "customer_segments", part=CUSTOMERS)
    result = numpy_scores_as_spark_does(published=published)
    assert result.passed
    assert values(result) == {"customers": 3, "counts_that_differ": 0}


def test_differing_numpy_score_fails(published: PublishedResource) -> None:
    publish_classifier(published, [[1, 1], [0, 1]])
    publish(published, "customer_segments", part=CUSTOMERS)
    result = numpy_scores_as_spark_does(published=published)
    assert not result.passed
    assert values(result)["counts_that_differ"] == 2
    assert "expected the same confusion matrix, found 2 different counts" in str(result.description)


def test_changed_bundle_is_refused(
    published: PublishedResource,
) -> None:
    file = publish_classifier(published, [[2, 0], [0, 1]]) / DOCUMENT_FILE
    file.write_text(file.read_text(encoding="utf-8").replace("0.5", "0.6"), encoding="utf-8")
    publish(published, "customer_segments", part=CUSTOMERS)
    with pytest.raises(BundleError, match="SHA-256 differs"):
        numpy_scores_as_spark_does(published=published)


def test_income_is_not_missing_customer(published: PublishedResource) -> None:
    directions = ["spending", None, "income", "income"]
    cleaned = publish(published, "cleaned_transactions", a={"direction": directions})
    inputs = {"cleaned_transactions": cleaned.name}
    with published.store.draft("rfm_table", "run", inputs) as draft:
        pq.write_table(pa.table({"frequency": [2]}), draft.path / "a.parquet")
    result = transactions_have_a_customer(published=published)
    assert values(result) == {"transactions": 2, "without_customer": 0}
