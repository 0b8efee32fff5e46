"""Customers are tracked from old to new data, by the old and the new model.

The old model has one feature, recency, with the border at 10 days.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from bankseg_assets.contracts.feature_catalogue import Feature
from bankseg_assets.migration.flows import CustomerPath
from bankseg_assets.migration.previous_release import NothingToCompareError, PreviousRelease
from bankseg_assets.migration.tracking import migrate
from bankseg_assets.segmentation.assignment import assign
from bankseg_assets.segmentation.kmeans import KMeansModel
from bankseg_assets_tests.fitted_models import Fitted
from bankseg_assets_tests.past import FEATURE, KMEANS, PCA

THEN, NOW = date(2016, 9, 1), date(2016, 10, 1)
PAST = PreviousRelease(
    release="r1",
    customers=(Path("unused"),),
    features=(Feature(**FEATURE),),
    mean=PCA["mean"],
    scale=PCA["scale"],
    components=PCA["components"],
    centroids=np.array(KMEANS["centroids"]),
    shares=None,
    covariances=None,
    names=tuple(KMEANS["names"]),
    colours=(0, 1),
)
Row = tuple[str | None, int, str, int]
"""Customer, segment, money, recency in days."""

BEFORE: list[Row] = [
    ("stays", 0, "1.00", 3),
    ("stays too", 0, "2.00", 4),
    ("falls asleep", 0, "4.00", 5),
    ("is relabelled", 1, "8.00", 20),
    ("both", 0, "16.00", 9),
    ("goes", 1, "32.00", 15),
]
# The new model has a third segment.
AFTER: list[Row] = [
    ("stays", 0, "10.00", 3),
    ("stays too", 0, "20.00", 2),
    ("falls asleep", 1, "40.00", 30),
    ("is relabelled", 2, "80.00", 45),
    ("both", 2, "160.00", 50),
    ("comes", 0, "320.50", 1),
    ("comes otherwise", 2, "0.25", 2),
]


def customers(spark: SparkSession, rows: Sequence[Row], snapshot: date) -> DataFrame:
    found = [(key, segment, snapshot, Decimal(m), days) for key, segment, m, days in rows]
    ddl = "customer_id string, segment int, snapshot_date date, monetary decimal(18,2), recency int"
    return spark.createDataFrame(found, ddl)


@pytest.mark.slow
def test_every_customer_has_one_path(spark: SparkSession) -> None:
    found = migrate(customers(spark, BEFORE, THEN), customers(spark, AFTER, NOW), PAST, k=3)
    assert set(found.paths) == {
        CustomerPath(0, 0, 0, 2, Decimal("30.00")),
        CustomerPath(0, 1, 1, 1, Decimal("40.00")),
        CustomerPath(1, 1, 2, 1, Decimal("80.00")),
        CustomerPath(0, 1, 2, 1, Decimal("160.00")),
        CustomerPath(1, None, None, 1, Decimal("32.00")),
        CustomerPath(None, 0, 0, 1, Decimal("320.50")),
        CustomerPath(None, 0, 2, 1, Decimal("0.25")),
    }
    assert len(found.paths) == 7
    assert (found.old_snapshot, found.new_snapshot) == (THEN, NOW)


def test_new_segment_continues_its_main_source(
    spark: SparkSession,
) -> None:
    """By the old model 4 of the new data are recent: 3 are in 0 now; 2 of 3 others in 2."""
    found = migrate(customers(spark, BEFORE, THEN), customers(spark, AFTER, NOW), PAST, k=3)
    assert found.continues == (0, None, 1)


@pytest.mark.slow
def test_mixture_is_applied_as_one(spark: SparkSession) -> None:
    """The second Gaussian is so wide that distant customers on both sides belong to it."""
    wide = replace(
        PAST,
        shares=np.array([0.5, 0.5]),
        covariances=np.array([[[0.01]], [[100.0]]]),
        centroids=np.array([[0.0], [0.0]]),
    )
    before = [("near", 0, "1.00", 10), ("below", 1, "1.00", 1), ("above", 1, "1.00", 30)]
    after = [("near", 0, "1.00", 30), ("below", 1, "1.00", 1), ("above", 1, "1.00", 10)]
    found = migrate(customers(spark, before, THEN), customers(spark, after, NOW), wide, k=2)
    assert set(found.paths) == {
        CustomerPath(0, 1, 0, 1, Decimal("1.00")),
        CustomerPath(1, 1, 1, 1, Decimal("1.00")),
        CustomerPath(1, 0, 1, 1, Decimal("1.00")),
    }


def test_customers_without_key_are_not_joined(spark: SparkSession) -> None:
    before = customers(spark, [*BEFORE, (None, 0, "1.00", 1)], THEN)
    after = customers(spark, [*AFTER, (None, 0, "5.00", 1)], NOW)
    found = migrate(before, after, PAST, k=3).paths
    assert CustomerPath(0, None, None, 1, Decimal("1.00")) in found
    assert CustomerPath(None, 0, 0, 2, Decimal("325.50")) in found


def test_no_common_customer_raises(spark: SparkSession) -> None:
    strangers = [("another key", 0, "1.00", 3)]
    with pytest.raises(NothingToCompareError, match="No customer of the release in use, r1"):
        migrate(customers(spark, BEFORE, THEN), customers(spark, strangers, NOW), PAST, k=3)


@pytest.mark.slow
def test_irreproducible_old_segments_raise(
    spark: SparkSession,
) -> None:
    before = [*BEFORE, ("recent, and in the other", 1, "1.00", 2)]
    with pytest.raises(NothingToCompareError, match=r"gives 14\.3% of its customers another"):
        migrate(customers(spark, before, THEN), customers(spark, AFTER, NOW), PAST, k=3)


@pytest.mark.slow
def test_one_relabelled_customer_in_thousand_is_allowed(spark: SparkSession) -> None:
    many: list[Row] = [(f"C{number}", 0, "1.00", 3) for number in range(1000)]
    odd: list[Row] = [("odd", 1, "1.00", 3)]
    before, after = customers(spark, many + odd, THEN), customers(spark, many + odd, NOW)
    assert set(migrate(before, after, PAST, k=3).paths) == {
        CustomerPath(0, 0, 0, 1000, Decimal("1000.00")),
        CustomerPath(1, 0, 1, 1, Decimal("1.00")),
    }


def test_fitted_model_reproduces_its_segments(fitted: Fitted) -> None:
    past = replace(
        PAST,
        features=fitted.pca.features,
        mean=fitted.pca.mean,
        scale=fitted.pca.scale,
        components=fitted.pca.components,
        centroids=fitted.kmeans.centroid_array,
        names=tuple(fitted.kmeans.names),
    )
    # The new model is the old one with reversed segment numbers.
    document = fitted.kmeans.to_json()
    backwards = KMeansModel.from_json(
        document | {"centroids": document["centroids"][::-1], "names": document["names"][::-1]}
    )
    after = assign(fitted.rfm, fitted.pca, backwards)
    found = migrate(fitted.segments, after, past, k=fitted.kmeans.k)
    last = fitted.kmeans.k - 1
    paths = sorted((w.before, w.old_model, w.new_model, w.customers) for w in found.paths)
    assert paths == [(s, s, last - s, n) for s, n in enumerate(fitted.kmeans.sizes)]
    assert found.continues == tuple(range(last, -1, -1))
