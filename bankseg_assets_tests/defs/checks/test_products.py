"""Checks of holdings, recommendations and actions fail on the faults they are meant to detect."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.defs.checks.products import (
    als_is_as_good_as_popularity,
    every_holding_is_accounted_for,
    every_segment_has_an_action,
    holdings_are_of_the_customers,
    only_known_products_are_recommended,
)
from bankseg_assets.defs.resources import DeliveryResource, HoldingsResource, PublishedResource
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.runtime.settings import Settings

DELIVERY = "a" * 12


@pytest.fixture
def published(settings: Settings) -> PublishedResource:
    return PublishedResource(published_dir=str(settings.published_dir))


@pytest.fixture
def resources(settings: Settings) -> dict[str, DeliveryResource]:
    """A bank with a file of five holdings."""
    holdings = HoldingsResource(
        landing_dir=str(settings.holdings_dir),
        raw_dir=str(settings.raw_holdings_dir),
        ledger_path=str(settings.holdings_ledger_path),
    )
    holdings.ledger.record(Delivery("a" * 64, "h.csv", "accepted", "", 1, 5, "run"))
    delivery = DeliveryResource(
        landing_dir=str(settings.landing_dir),
        raw_dir=str(settings.raw_dir),
        ledger_path=str(settings.ledger_path),
    )
    return {"holdings": holdings, "delivery": delivery}


def publish(published: PublishedResource, asset: str, columns: Mapping[str, Sequence[Any]]) -> None:
    with published.store.draft(asset, "run") as draft:
        pq.write_table(pa.table(dict(columns)), draft.path / "part.parquet")


def disposed_rows(*dispositions: str, delivery: str = DELIVERY) -> dict[str, list[str]]:
    n = len(dispositions)
    return {"delivery": [delivery] * n, "disposition": [*dispositions], "reason": ["why"] * n}


@pytest.mark.parametrize(
    ("kept", "not_kept", "lost"),
    [
        (3, disposed_rows("quarantined", "duplicate"), 0),
        (2, disposed_rows("quarantined", "duplicate"), 1),
        (4, disposed_rows("quarantined", "duplicate"), -1),
        (3, disposed_rows("quarantined", "duplicate", delivery="b" * 12), 2),
    ],
)
def test_every_row_of_holdings_is_accounted_for(
    published: PublishedResource,
    resources: dict[str, Any],
    kept: int,
    not_kept: dict[str, list[str]],
    lost: int,
) -> None:
    publish(published, "product_holdings", {"product": ["Loan"] * kept})
    publish(published, "quarantined_holdings", not_kept)
    result = every_holding_is_accounted_for(published=published, **resources)
    assert result.passed == (lost == 0)
    assert result.metadata["rows_lost"].value == lost
    assert result.metadata["reason_why"].value == 2


@pytest.mark.parametrize(
    ("products", "ranks", "passed"),
    [
        (["Loan", "Fund"], [1, 2], True),
        (["Loan", "Yacht"], [1, 2], False),
        (["Loan", "Fund"], [2, 3], False),
        ([], [], True),
    ],
)
def test_recommendations_are_known_products_from_rank_1(
    published: PublishedResource, products: list[str], ranks: list[int], *, passed: bool
) -> None:
    publish(published, "product_holdings", {"product": ["Fund", "Loan", "Loan"]})
    publish(
        published,
        "product_recommendations",
        {"product": pa.array(products, pa.string()), "rank": pa.array(ranks, pa.int32())},
    )
    result = only_known_products_are_recommended(published=published)
    assert result.passed == passed


def model(als: float, popularity: float, segment: float) -> dict[str, Any]:
    names = ("als", "popularity", "popularity_in_segment")
    found = {
        name: {"map_at_7": v} for name, v in zip(names, (als, popularity, segment), strict=True)
    }
    return {"state": "", "test": {"quality": found}}


@pytest.mark.parametrize(
    ("measured", "passed"),
    [((0.7, 0.6, 0.65), True), ((0.7, 0.7, 0.7), True), ((0.6, 0.7, 0.5), False),
     ((0.6, 0.5, 0.7), False)],
)  # fmt: skip
def test_als_worse_than_popularity_warns(
    measured: tuple[float, float, float], *, passed: bool
) -> None:
    result = als_is_as_good_as_popularity(model(*measured))
    assert result.passed == passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert passed or "try another rank" in str(result.description)


@pytest.mark.parametrize("matched", [True, False])
def test_unrelated_holdings_are_error(*, matched: bool) -> None:
    """The sentence is from the model; models of older builds have none."""
    result = holdings_are_of_the_customers({"state": "0 of 60.", "matched": matched})
    assert (result.passed, result.description) == (matched, "0 of 60.")
    assert result.severity == dg.AssetCheckSeverity.ERROR
    assert holdings_are_of_the_customers({"state": ""}).passed
    (spec,) = holdings_are_of_the_customers.check_specs
    assert not spec.blocking


@pytest.mark.parametrize("test", [None, {"quality": {"popularity": {"map_at_7": 0.5}}}])
def test_untested_model_passes_with_note(test: dict[str, Any] | None) -> None:
    result = als_is_as_good_as_popularity({"state": "Waiting.", "test": test})
    assert (result.passed, result.description) == (True, "Waiting.")


@pytest.mark.parametrize(
    ("rows", "passed"),
    [
        ([(0, "Do it", "Because."), (1, "Do it", "Because.")], True),
        ([(0, "Do it", "Because.")], False),
        ([(0, "Do it", "Because."), (0, "Do it", "Because.")], False),
        ([(0, "Do it", "Because."), (1, " ", "Because.")], False),
    ],
)
def test_every_segment_must_have_action_and_reason(
    spark: SparkSession, rows: list[tuple[int, str, str]], *, passed: bool
) -> None:
    actions = spark.createDataFrame(rows, "segment int, action string, reason string")
    profiles = spark.createDataFrame([(0,), (1,)], "segment int")
    result = every_segment_has_an_action(actions, profiles)
    assert result.passed == passed
