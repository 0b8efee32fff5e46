"""Compare k-means with alternative algorithms, with and without PCA, on the same customers."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.segmentation.alternatives import FITS, RESAMPLES, Algorithm
from bankseg_assets.segmentation.features import component_names
from bankseg_assets.segmentation.grid_summary import GridSummary, summarise
from bankseg_assets.segmentation.k_selection import (
    LEAST_F1,
    LEAST_STABILITY,
    SMALLEST_SHARE,
    evaluate_partition,
    gaussian_f1,
    silhouette,
    stability,
)
from bankseg_assets.segmentation.k_selection import SAMPLE as SILHOUETTE_SAMPLE
from bankseg_assets.segmentation.pca import PcaModel
from bankseg_assets.stats.arrays import Array
from bankseg_assets.stats.rounding import MEASURE_DIGITS, rounded

SAMPLE = 20_000  # customers in the test sample
MOST_GRID_COMPONENTS = 3  # in more dimensions nearly every customer has its own cell
SAMPLE_SEED = 5
# A segment of most customers is not a useful target of a campaign.
LARGEST_SHARE = 0.5
CLEARLY = 0.01  # minimum gain of silhouette: two samples of this size differ by half of it


@dataclass(frozen=True)
class Row:
    """One segmentation and its metrics; all but the stability are measured on held-out
    customers."""

    space: str
    algorithm: str
    k: int
    silhouette: float
    silhouette_euclidean: float
    smallest_share: float
    largest_share: float
    f1_macro: float
    stability: float

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def compare(rfm: DataFrame, pca: PcaModel, k: int, *, seed: int) -> list[Row]:
    """Return a row per algorithm in the configured space, then k-means in the other spaces.

    The first row is the platform's default. Empty for a single segment: there is nothing to
    compare. If no customer is held out, because they are few, all are tested.
    """
    if k == 1:
        return []
    training = rfm.where("NOT held_out").persist()
    tested = rfm.where("held_out")
    held_out = _sample(training if tested.isEmpty() else tested, pca)
    rows = []
    summaries: dict[str, GridSummary] = {}
    for space, components, algorithm in _candidates(pca):
        if space not in summaries:
            summaries[space] = _summary(training, pca, components)
        rows.append(_measure(space, algorithm, summaries[space], held_out @ components, k, seed))
    training.unpersist()
    return rows


def verdict(rows: Sequence[Row]) -> str:
    """Return a sentence on whether the first row is beaten, by a stated criterion."""
    if not rows:
        return "All customers are one segment, so there is nothing to compare."
    default, *others = rows
    better = [
        row
        for row in others
        if row.silhouette_euclidean > default.silhouette_euclidean + CLEARLY
        and row.smallest_share >= SMALLEST_SHARE
        and row.largest_share <= LARGEST_SHARE
        and row.f1_macro >= LEAST_F1
        and row.stability >= LEAST_STABILITY
    ]
    criterion = (
        f"a Euclidean silhouette higher by {CLEARLY}, with every segment between "
        f"{SMALLEST_SHARE:.0%} and {LARGEST_SHARE:.0%} of the customers, a macro F1 of {LEAST_F1} "
        f"and a stability of {LEAST_STABILITY}"
    )
    name = f"{default.algorithm} on {default.space}"
    if not better:
        return f"{name} is the best: no other has {criterion}."
    best = max(better, key=lambda row: row.silhouette_euclidean)
    return f"{best.algorithm} on {best.space} is better than {name}: it has {criterion}."


def _candidates(pca: PcaModel) -> Iterator[tuple[str, Array, Algorithm]]:
    components = np.array(pca.components)
    kept = f"{pca.n_components} components"
    for algorithm in Algorithm:
        yield kept, components, algorithm
    yield "all standardised features, no PCA", np.eye(len(pca.features)), Algorithm.K_MEANS
    total = sum(feature.weight**2 for feature in pca.features)
    deviations = np.sqrt(np.array(pca.explained_variance[: pca.n_components]) * total)
    loadings = np.array(pca.loadings)
    if pca.whitened:
        yield f"{kept}, not whitened", loadings, Algorithm.K_MEANS
    else:
        yield f"{kept}, whitened", loadings / deviations, Algorithm.K_MEANS


def _summary(training: DataFrame, pca: PcaModel, components: Array) -> GridSummary:
    """Return a grid summary of all customers, or a sample if the space has too many cells."""
    in_space = replace(pca, components=components.tolist())
    if in_space.n_components <= MOST_GRID_COMPONENTS:
        return summarise(in_space.project(training), in_space.n_components)
    points = _sample(training, pca) @ components
    return GridSummary(points, np.ones(len(points)), 0.0, 0.0)


def _sample(rfm: DataFrame, pca: PcaModel) -> Array:
    """Return the standardised features (n, d) of customers sampled by a hash of their key."""
    identity = np.eye(len(pca.features)).tolist()
    features = replace(pca, components=identity).project(rfm, "customer_id")
    chosen = (
        features.withColumn("_order", F.xxhash64("customer_id", F.lit(SAMPLE_SEED)))
        .orderBy("_order")
        .limit(SAMPLE)
        .toPandas()
        .sort_values("_order")
    )
    return np.asarray(chosen[component_names(len(identity))].to_numpy(), dtype=np.float64)


def _measure(
    space: str, algorithm: Algorithm, training: GridSummary, held_out: Array, k: int, seed: int
) -> Row:
    fit = FITS[algorithm]
    partition = fit(training, k, seed)
    counts = np.ones(len(held_out))
    labels = partition.labels(held_out)
    found = evaluate_partition(GridSummary(held_out, counts, 0.0, 0.0), partition)
    few = slice(SILHOUETTE_SAMPLE)
    euclidean = silhouette(held_out[few], counts[few], labels[few])
    f1 = gaussian_f1(
        (training.means, training.weights, partition.labels(training.means)),
        (held_out, counts, labels),
        k,
    )
    return Row(
        space=space,
        algorithm=algorithm.value,
        k=k,
        silhouette=found.silhouette,
        silhouette_euclidean=rounded(euclidean, MEASURE_DIGITS),
        smallest_share=found.smallest_share,
        largest_share=rounded(float(np.bincount(labels).max() / len(labels)), MEASURE_DIGITS),
        f1_macro=rounded(f1, MEASURE_DIGITS),
        stability=stability(training, partition, seed=seed, fit=fit, resamples=RESAMPLES),
    )
