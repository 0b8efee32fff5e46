"""Alternative clustering algorithms on the same summary and measures, by Spark ML."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

import numpy as np
from pyspark.ml.clustering import BisectingKMeans, GaussianMixture
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.segmentation.grid_summary import GridSummary
from bankseg_assets.segmentation.k_selection import Fit, fit_centroids
from bankseg_assets.segmentation.partition import Partition
from bankseg_assets.stats.rounding import LOADING_DIGITS, rounded


class Algorithm(Enum):
    """Clustering algorithms; the values are their display names."""

    K_MEANS = "k-means"
    BISECTING_K_MEANS = "bisecting k-means"
    GAUSSIAN_MIXTURE = "Gaussian mixture"


# Spark starts a job per iteration: 200 took 20 s on the summary of the real half.
MOST_ITERATIONS = 100
RESAMPLES = 3  # for the same reason
SETTLED = 1e-3  # nats of log-likelihood per customer


def fit_bisecting(summary: GridSummary, k: int, seed: int) -> Partition:
    """Return the leaf centres of bisecting k-means; customers are assigned to the nearest."""
    estimator = BisectingKMeans(k=k, seed=seed, weightCol="weight", maxIter=MOST_ITERATIONS)
    with _cells(summary) as cells:
        model = estimator.fit(cells)
    centres = np.array([centre.tolist() for centre in model.clusterCenters()])
    return Partition(np.array(rounded(centres.tolist(), LOADING_DIGITS)))


def fit_mixture(summary: GridSummary, k: int, seed: int) -> Partition:
    """Fit a Gaussian mixture with full covariances; customers are assigned to the likeliest
    component."""
    estimator = GaussianMixture(
        k=k, seed=seed, weightCol="weight", maxIter=MOST_ITERATIONS, tol=SETTLED
    )
    with _cells(summary) as cells:
        model = estimator.fit(cells)
    rows = model.gaussiansDF.collect()
    covariances = [rounded(row["cov"].toArray().tolist(), LOADING_DIGITS) for row in rows]
    return Partition(
        np.array(rounded([row["mean"].toArray().tolist() for row in rows], LOADING_DIGITS)),
        np.array(rounded(list(model.weights), LOADING_DIGITS)),
        np.array(covariances),
    )


FITS: dict[Algorithm, Fit] = {
    Algorithm.K_MEANS: fit_centroids,
    Algorithm.BISECTING_K_MEANS: fit_bisecting,
    Algorithm.GAUSSIAN_MIXTURE: fit_mixture,
}


@contextmanager
def _cells(summary: GridSummary) -> Iterator[DataFrame]:
    """Return the cells as one partition: one task per core would cost more than the work."""
    # Not the active session: only the thread that started Spark has one.
    spark = SparkSession.builder.getOrCreate()
    rows = [
        (*point, weight)
        for point, weight in zip(summary.means.tolist(), summary.weights.tolist(), strict=True)
        if weight > 0
    ]
    names = [f"pc{place + 1}" for place in range(summary.means.shape[1])]
    schema = ", ".join(f"{name} double" for name in [*names, "weight"])
    cells = spark.createDataFrame(rows, schema).coalesce(1)
    vectors = cells.select(array_to_vector(F.array(*names)).alias("features"), "weight").persist()
    try:
        yield vectors
    finally:
        vectors.unpersist()
