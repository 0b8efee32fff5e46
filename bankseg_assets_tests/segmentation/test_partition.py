"""Spark and numpy give the same partition of component space."""

import numpy as np
from pyspark.sql import SparkSession

from bankseg_assets.segmentation.partition import Partition

POINTS = np.random.default_rng(6).normal(0, 2, (200, 2))
CENTRES = np.array([[-1.0, 0.0], [1.0, 0.5], [0.0, 3.0]])
MIXTURE = Partition(
    CENTRES,
    np.array([0.2, 0.5, 0.3]),
    np.array([[[1.0, 0.6], [0.6, 2.0]], [[0.3, 0.0], [0.0, 0.3]], [[4.0, -1.0], [-1.0, 1.0]]]),
)


def test_labels_resolve_ties_by_lowest_number(spark: SparkSession) -> None:
    points = spark.createDataFrame([(0.0, 0.0), (3.0, 4.0), (-9.0, 0.0)], "pc1 double, pc2 double")
    partition = Partition(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]))
    found = [tuple(row) for row in points.select(*partition.columns()).collect()]
    assert found == [(0, 1.0), (1, 18.0), (2, 64.0)]
    assert partition.labels(np.array([[0.0, 0.0], [3.0, 4.0], [-9.0, 0.0]])).tolist() == [0, 1, 2]


def test_labels_of_mixture_are_likeliest_gaussians(spark: SparkSession) -> None:
    frame = spark.createDataFrame(POINTS.tolist(), "pc1 double, pc2 double")
    rows = np.array([tuple(row) for row in frame.select(*MIXTURE.columns()).collect()])
    densities = [
        share
        * np.exp(-0.5 * np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away))
        / np.sqrt(np.linalg.det(covariance))
        for share, covariance, away in zip(
            MIXTURE.shares, MIXTURE.covariances, POINTS[None] - CENTRES[:, None], strict=True
        )
    ]
    expected = np.argmax(densities, axis=0)
    assert len(set(expected.tolist())) == 3
    assert rows[:, 0].astype(int).tolist() == MIXTURE.labels(POINTS).tolist() == expected.tolist()
    np.testing.assert_allclose(rows[:, 1], ((POINTS - CENTRES[expected]) ** 2).sum(axis=1))


def test_reordered_only_renumbers_segments() -> None:
    order = [2, 0, 1]
    assert np.array(order)[MIXTURE.reordered(order).labels(POINTS)].tolist() == (
        MIXTURE.labels(POINTS).tolist()
    )
