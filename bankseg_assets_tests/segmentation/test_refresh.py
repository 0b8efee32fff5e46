"""Applying the k-means model in use to other customers."""

from dataclasses import replace

import pytest
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.segmentation.assignment import assign
from bankseg_assets.segmentation.refresh import EmptySegmentError, refresh_kmeans
from bankseg_assets_tests.fitted_models import Fitted


def test_same_customers_give_the_same_model(fitted: Fitted) -> None:
    found = refresh_kmeans(fitted.rfm, fitted.pca, fitted.kmeans)
    assert found.matching is not None
    assert (found.matching.kept, found.matching.agreement) == (1.0, 1.0)
    assert replace(found, matching=None) == fitted.kmeans


def test_fewer_customers_keep_centroids_and_change_sizes(fitted: Fitted) -> None:
    some = fitted.rfm.where(F.col("recency") % 2 == 0)
    found = refresh_kmeans(some, fitted.pca, fitted.kmeans)
    assert (found.centroids, found.colours) == (fitted.kmeans.centroids, fitted.kmeans.colours)
    labelled = assign(some, fitted.pca, found).groupBy("segment").count().collect()
    assert found.sizes == [row["count"] for row in sorted(labelled)]
    assert sum(found.sizes) < sum(fitted.kmeans.sizes)


def test_segment_without_customers_raises_with_its_name(fitted: Fitted) -> None:
    one = assign(fitted.rfm, fitted.pca, fitted.kmeans).where("segment <> 1")
    customers = one.select("customer_id")
    rfm = fitted.rfm.join(customers, "customer_id", "left_semi")
    with pytest.raises(EmptySegmentError) as raised:
        refresh_kmeans(rfm, fitted.pca, fitted.kmeans)
    assert repr(fitted.kmeans.names[1]) in str(raised.value)


def test_names_without_recorded_facts_are_kept(fitted: Fitted) -> None:
    """Older builds did not record them."""
    old = replace(
        fitted.kmeans, named_for=[], names=["a", "b", "c", "d", "e", "f"][: fitted.kmeans.k]
    )
    assert refresh_kmeans(fitted.rfm, fitted.pca, old).names == old.names
