"""k-means: sweep k on a weighted summary, choose, then fit the chosen k on all customers."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.transforms.features import component_names
from bankseg_assets.transforms.naming import WORDINGS, segment_names
from bankseg_assets.transforms.pca import PcaModel
from bankseg_assets.transforms.profiles import naming_facts
from bankseg_assets.transforms.rounding import MEASURE_DIGITS, SUM_DIGITS, rounded
from bankseg_assets.transforms.summary import Summary, summarise

STARTS = 10  # one start landed in a poor optimum: silhouette 0.44 where 0.54 was there
MOST_POLISHING_PASSES = 40
SETTLED = 1e-3  # standard deviations that a centroid moves in a pass
SMALLEST_SHARE = 0.01  # a segment of under 1 % of customers is not worth a campaign of its own

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SweepEntry:
    """How well one k describes the customers; inertia in squared standard deviations."""

    k: int
    inertia: float
    silhouette: float
    smallest_share: float


@dataclass(frozen=True)
class KMeansModel:
    """k centroids in c components: centroids (k, c), names and sizes (k,); and the sweep.

    inertia and silhouette are of all customers; those of the sweep are of the training customers.
    """

    k: int
    centroids: list[list[float]]
    inertia: float
    silhouette: float
    sizes: list[int]
    names: list[str]
    sweep: tuple[SweepEntry, ...]
    elbow: int | None
    reason: str
    summary_cells: int
    passes: int

    @property
    def centroid_array(self) -> Array:
        """The centroids (k, c)."""
        return np.array(self.centroids, dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "KMeansModel":
        """Read what `to_json` wrote."""
        sweep = tuple(SweepEntry(**entry) for entry in document["sweep"])
        return cls(**{**document, "sweep": sweep})


def fit_kmeans(
    rfm: DataFrame,
    pca: PcaModel,
    *,
    ks: Iterable[int],
    wanted: int | None,
    fewest: int,
    seed: int,
) -> KMeansModel:
    """Choose k and fit it: the sweep on a summary, the end on all training customers.

    Segments are numbered along the first component, so that a rerun numbers them alike.
    Raises ValueError when there are too few distinct customers, `ks` is empty, or `wanted` is not
    in it.
    """
    ks = list(ks)
    if not ks:
        raise ValueError(
            "No k to choose from: k_min is above k_max. Give a k_max of at least k_min."
        )
    points = pca.project(rfm, "held_out", *WORDINGS).persist()
    try:
        training = points.where("NOT held_out")
        summary = summarise(training, pca.n_components)
        found = sweep(summary, ks, seed=seed)
        entries = [entry for entry, _ in found.values()]
        k, reason = choose_k(entries, wanted=wanted, fewest=fewest)
        start = found[k][1]
        centroids, passes = polish(training, start[np.lexsort(start.T[::-1])])
        labelled = points.select("*", nearest(centroids)[0].alias("segment"))
        sizes, inertia, silhouette = measure(labelled, centroids)
        names = segment_names(naming_facts(labelled, k))
    finally:
        points.unpersist()
    return KMeansModel(
        k=k,
        centroids=centroids.tolist(),
        inertia=inertia,
        silhouette=silhouette,
        sizes=sizes,
        names=names,
        sweep=tuple(entries),
        elbow=elbow(entries),
        reason=reason,
        summary_cells=len(summary.weights),
        passes=passes,
    )


def sweep(summary: Summary, ks: Iterable[int], *, seed: int) -> dict[int, tuple[SweepEntry, Array]]:
    """Fit every k on the summary from many starts; return the best of each k by inertia.

    scikit-learn on the driver, because the summary is small: a Spark job for each of Lloyd's
    iterations took 25 s for two starts of nine k, and two starts left k = 10 at an inertia 58 %
    above the best. One thread, because the order of a parallel sum is not fixed.

    Raises ValueError when the customers have too few distinct points for any k.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    distinct = len(summary.weights)
    best: dict[int, tuple[SweepEntry, Array]] = {}
    with threadpool_limits(1):
        for k in ks:
            if k > distinct:
                continue
            fitted = KMeans(k, n_init=STARTS, random_state=seed).fit(
                summary.means, sample_weight=summary.weights
            )
            centroids = np.asarray(fitted.cluster_centers_, dtype=np.float64)
            best[k] = (evaluate(summary, centroids), centroids)
    if not best:
        raise ValueError(
            f"The customers fall on {distinct} distinct points: too few to make segments of. "
            "Check that the delivered files hold more than a handful of customers."
        )
    return best


def evaluate(summary: Summary, centroids: Array) -> SweepEntry:
    """Return inertia, silhouette and smallest share of a clustering of the summary.

    The silhouette is the one of squared Euclidean distances, linear in the number of points: the
    mean squared distance of x to a cluster is |x|^2 - 2 x.m + q, with m the mean of the cluster's
    members and q the mean of their squared norms (as in Spark's ClusteringEvaluator).
    """
    points, weights = summary.means, summary.weights
    distances = squared_distances(points, centroids)
    labels = distances.argmin(axis=1)
    k = len(centroids)
    mass = np.bincount(labels, weights, k)
    safe = np.maximum(mass, 1e-300)
    means = np.column_stack([np.bincount(labels, weights * x, k) for x in points.T]) / safe[:, None]
    norms = (points**2).sum(axis=1)
    mean_norms = np.bincount(labels, weights * norms, k) / safe
    to_clusters = norms[:, None] - 2 * points @ means.T + mean_norms[None]
    rows = np.arange(len(points))
    # Without itself, a point's mean distance to its own cluster: W/(W - 1) of the mean with itself.
    own_mass = mass[labels]
    own = to_clusters[rows, labels] * own_mass / np.maximum(own_mass - 1, 1e-9)
    to_clusters[rows, labels] = np.inf
    to_clusters[:, mass == 0] = np.inf
    other = to_clusters.min(axis=1)
    silhouettes = np.where(
        own_mass > 1, (other - own) / np.maximum(np.maximum(own, other), 1e-300), 0
    )
    inertia = float(weights @ distances[rows, labels]) + summary.within_inertia
    return SweepEntry(
        k=k,
        inertia=rounded(inertia, MEASURE_DIGITS),
        silhouette=rounded(float(weights @ silhouettes / weights.sum()), MEASURE_DIGITS),
        smallest_share=rounded(float(mass.min() / weights.sum()), MEASURE_DIGITS),
    )


def squared_distances(points: Array, centroids: Array) -> Array:
    """Return the squared Euclidean distances (n, k)."""
    return np.asarray(((points[:, None, :] - centroids[None]) ** 2).sum(axis=2))


def elbow(entries: Sequence[SweepEntry]) -> int | None:
    """Return the k at the knee of the inertia curve (Kneedle, Satopaa et al. 2011), if any."""
    from kneed import KneeLocator

    if len(entries) < 3:  # noqa: PLR2004 - two points have no bend
        return None
    found = KneeLocator(
        [entry.k for entry in entries],
        [entry.inertia for entry in entries],
        curve="convex",
        direction="decreasing",
    ).knee
    return None if found is None else int(found)


def choose_k(entries: Sequence[SweepEntry], *, wanted: int | None, fewest: int) -> tuple[int, str]:
    """Return k and one sentence that says why.

    The highest silhouette among the k from `fewest` on whose smallest segment holds 1 % of the
    customers; without such a k, the highest silhouette of all.
    """
    known = {entry.k: entry for entry in entries}
    if wanted is not None:
        if wanted not in known:
            raise ValueError(f"k = {wanted} was asked for; the sweep covers {sorted(known)}.")
        return wanted, f"k = {wanted} was asked for in the run's configuration."
    fitting = [e for e in entries if e.k >= fewest and e.smallest_share >= SMALLEST_SHARE]
    best = max(fitting or entries, key=lambda entry: (entry.silhouette, -entry.k))
    if not fitting:
        return best.k, (
            f"k = {best.k} has the highest silhouette ({best.silhouette:.3f}); no k from {fewest} "
            f"on keeps every segment above {SMALLEST_SHARE:.0%} of the customers."
        )
    return best.k, (
        f"k = {best.k} has the highest silhouette ({best.silhouette:.3f}) of k = {fewest} to "
        f"{max(known)} with every segment above {SMALLEST_SHARE:.0%} of the customers "
        f"(smallest here: {best.smallest_share:.1%})."
    )


def polish(points: DataFrame, centroids: Array) -> tuple[Array, int]:
    """Continue Lloyd's iterations on all points from good centroids, until they settle.

    The final fit thus uses every training customer, whatever the summary left out, and ends at
    the same fixed point however the rows are spread over tasks.
    """
    names = component_names(centroids.shape[1])
    for number in range(1, MOST_POLISHING_PASSES + 1):
        labelled = points.select(*names, nearest(centroids)[0].alias("segment"))
        means = labelled.groupBy("segment").agg(*(F.avg(name).alias(name) for name in names))
        moved = centroids.copy()
        for row in means.collect():
            moved[row["segment"]] = rounded([row[name] for name in names])
        shift = float(np.abs(moved - centroids).max())
        centroids = moved
        if shift < SETTLED:
            return centroids, number
    return centroids, MOST_POLISHING_PASSES


def measure(labelled: DataFrame, centroids: Array) -> tuple[list[int], float, float]:
    """Return sizes, inertia and silhouette (squared Euclidean) of all customers with `segment`.

    Two passes: the means and mean squared norms of each segment, then every customer's own term.
    """
    k, names = len(centroids), component_names(centroids.shape[1])
    norm = sum((F.col(name) * F.col(name) for name in names), F.lit(0.0))
    means = [F.avg(name).alias(name) for name in names]
    grouped = labelled.groupBy("segment").agg(
        F.count(F.lit(1)).alias("n"), F.avg(norm).alias("norm"), *means
    )
    moments = {row["segment"]: row for row in grouped.collect()}
    to_segment = {
        segment: norm
        - 2 * sum((F.col(name) * row[name] for name in names), F.lit(0.0))
        + F.lit(row["norm"])
        for segment, row in moments.items()
    }
    own, other = F.lit(0.0), F.lit(None).cast("double")
    for segment, row in moments.items():
        mine = F.col("segment") == segment
        # Alone in its segment, a customer has no distance to another: null, which counts as 0.
        without_itself = row["n"] / (row["n"] - 1) if row["n"] > 1 else None
        own = F.when(mine, to_segment[segment] * F.lit(without_itself)).otherwise(own)
        other = F.least(other, F.when(~mine, to_segment[segment]))
    gap = (F.col("other") - F.col("own")) / F.greatest("other", "own")
    silhouette = F.coalesce(gap, F.lit(0.0))
    totals = (
        labelled.select(own.alias("own"), other.alias("other"), nearest(centroids)[1].alias("d"))
        .agg(F.sum("d").alias("inertia"), F.avg(silhouette).alias("silhouette"))
        .collect()[0]
    )
    sizes = [int(moments[segment]["n"]) if segment in moments else 0 for segment in range(k)]
    return sizes, rounded(totals["inertia"], SUM_DIGITS), rounded(totals["silhouette"], SUM_DIGITS)


def nearest(centroids: Array) -> tuple[Column, Column]:
    """Return the number of the nearest centroid (int), and the squared distance to it (double)."""
    names = component_names(centroids.shape[1])
    distances = F.array(*(_squared_distance(names, centroid) for centroid in centroids))
    least = F.array_min(distances)
    return (F.array_position(distances, least) - 1).cast("int"), least


def _squared_distance(names: Sequence[str], centroid: Array) -> Column:
    differences = [F.col(name) - float(x) for name, x in zip(names, centroid, strict=True)]
    return sum((difference * difference for difference in differences), F.lit(0.0))
