"""k-means: sweep k on a weighted summary, choose k, then fit it on all customers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.segmentation.alternatives import FITS, RESAMPLES, Algorithm
from bankseg_assets.segmentation.continuity import (
    SegmentMatching,
    kept_colours,
    kept_ids,
    kept_names,
    match,
)
from bankseg_assets.segmentation.features import component_names
from bankseg_assets.segmentation.grid_summary import GridSummary, summarise
from bankseg_assets.segmentation.k_selection import RESAMPLES as K_MEANS_RESAMPLES
from bankseg_assets.segmentation.k_selection import (
    Choice,
    SweepEntry,
    SweepOptions,
    choose_k,
    elbow,
    gap_choice,
    least_share,
    named_k,
    single,
    stability,
    sweep,
)
from bankseg_assets.segmentation.naming_facts import naming_facts
from bankseg_assets.segmentation.partition import Partition
from bankseg_assets.segmentation.pca import PcaModel
from bankseg_assets.segmentation.segment_words import WORDINGS, SegmentFacts
from bankseg_assets.stats.arrays import Array
from bankseg_assets.stats.rounding import MEASURE_DIGITS, SUM_DIGITS, rounded
from bankseg_assets.storage.documents import as_dataclass

MOST_POLISHING_PASSES = 40
SETTLED = 1e-3  # convergence: standard deviations that a centroid moves in a pass


@dataclass(frozen=True)
class KMeansModel:
    """k centroids in c components: centroids (k, c), names, colours and sizes (k,); and the sweep.

    inertia and silhouette are of all customers; those of the sweep are of the training customers.
    summary_error_bound: by how much, at most, the summary overestimates the chosen k's inertia
    (relative). shares (k,) and covariances (k, c, c) are those of a Gaussian mixture, None
    otherwise. matching relates the segments to those of the model in use, None without one.
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
    summary_error_bound: float = 1.0
    algorithm: str = Algorithm.K_MEANS.value
    gap_choice: int | None = None
    shares: list[float] | None = None
    covariances: list[list[list[float]]] | None = None
    colours: list[int] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    """The ID of each segment, which is never used again; empty in older models."""
    ids_given: int = 0
    """How many IDs have been given since the first release."""
    named_for: list[dict[str, float]] = field(default_factory=list)
    """The deviations that each name is based on (see `segment_words`)."""
    matching: SegmentMatching | None = None
    criteria_met: int | None = None
    """How many of the criteria of `choose_k` these segments meet; None for a named k."""
    warnings: list[str] = field(default_factory=list)
    """Criteria that these segments do not meet, a sentence each; see `choose_k`."""

    @property
    def centroid_array(self) -> Array:
        """The centroids (k, c)."""
        return np.array(self.centroids, dtype=np.float64)

    @property
    def partition(self) -> Partition:
        """The partition of component space into segments."""
        return Partition(
            self.centroid_array,
            None if self.shares is None else np.array(self.shares),
            None if self.covariances is None else np.array(self.covariances),
        )

    def divides_as(self, other: "KMeansModel") -> bool:
        """Return whether another model assigns every customer to the same segment number."""
        return (self.centroids, self.shares, self.covariances) == (
            other.centroids,
            other.shares,
            other.covariances,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "KMeansModel":
        """Read what `to_json` wrote; raises DocumentError."""
        return as_dataclass(cls, document)


@dataclass(frozen=True)
class InUse:
    """The models of the release in use, whose segments the new ones continue.

    ids_given: how many segment IDs have been given, also by releases that were rolled back.
    """

    pca: PcaModel
    kmeans: KMeansModel
    ids_given: int = 0


def fit_kmeans(
    rfm: DataFrame,
    pca: PcaModel,
    options: SweepOptions,
    *,
    wanted: int | None = None,
    algorithm: Algorithm = Algorithm.K_MEANS,
    in_use: InUse | None = None,
) -> KMeansModel:
    """Choose k on a summary, or take the `wanted` one, and fit it on all training customers.

    Segments keep number, name and colour of matching segments in use; without a model in use they
    are numbered along the first component, so that a rerun gives the same numbers. The other
    algorithms (see `alternatives`) are fitted on the summary only. If no segmentation is sound
    enough, all customers are one segment.
    Raises ValueError when `options.ks` is empty, or `wanted` is not in it.
    """
    if not options.ks:
        raise ValueError("No k to choose from: `ks` is empty. Name at least one k, such as [4].")
    points = _points(rfm, pca, in_use).persist()
    try:
        division = _divide(points, options, wanted=wanted, algorithm=algorithm, in_use=in_use)
        labelled = points.select("*", division.partition.columns()[0].alias("segment"))
        facts = naming_facts(labelled, division.choice.k)
    finally:
        points.unpersist()
    return _model(division, _identities(facts, in_use, division.matching), algorithm)


@dataclass(frozen=True)
class _Division:
    """The chosen segments, as measured on all customers."""

    choice: Choice
    partition: Partition
    passes: int
    matching: SegmentMatching | None
    sizes: list[int]
    inertia: float
    silhouette: float
    summary: GridSummary


@dataclass(frozen=True)
class _Identities:
    """Names, the deviations they are based on, colours and IDs, of k segments."""

    names: list[str]
    named_for: list[dict[str, float]]
    colours: list[int]
    ids: list[int]
    ids_given: int


def _model(division: _Division, identities: _Identities, algorithm: Algorithm) -> KMeansModel:
    choice, partition, summary = division.choice, division.partition, division.summary
    divided = [entry for entry in choice.entries if entry.k > 1]
    return KMeansModel(
        k=choice.k,
        centroids=partition.centres.tolist(),
        inertia=division.inertia,
        silhouette=division.silhouette,
        sizes=division.sizes,
        names=identities.names,
        # The sweep has no inertia of a single segment.
        sweep=tuple(
            entry if entry.k > 1 else replace(entry, inertia=division.inertia)
            for entry in choice.entries
        ),
        elbow=elbow(divided),
        reason=choice.reason,
        summary_cells=len(summary.weights),
        passes=division.passes,
        summary_error_bound=rounded(summary.error_bound(choice.entry.inertia), MEASURE_DIGITS),
        algorithm=algorithm.value,
        gap_choice=gap_choice(divided),
        shares=None if partition.shares is None else partition.shares.tolist(),
        covariances=None if partition.covariances is None else partition.covariances.tolist(),
        colours=identities.colours,
        ids=identities.ids,
        ids_given=identities.ids_given,
        named_for=identities.named_for,
        matching=division.matching,
        criteria_met=choice.rank,
        warnings=list(choice.warnings),
    )


def _divide(
    points: DataFrame,
    options: SweepOptions,
    *,
    wanted: int | None,
    algorithm: Algorithm,
    in_use: InUse | None,
) -> _Division:
    """Choose k, fit it on all training customers, and choose again if a segment is too small.

    k is chosen on training customers, but the release gate measures all: a segment with 1.0 % of
    the former had 0.99 % of the latter, and was refused.
    """
    fit, seed = FITS[algorithm], options.seed
    resamples = K_MEANS_RESAMPLES if algorithm is Algorithm.K_MEANS else RESAMPLES
    least = least_share(points.count())
    training = points.where("NOT held_out")
    n_components = sum(name.startswith("pc") for name in points.columns)
    summary = summarise(training, n_components)
    found = sweep(summary, options.ks, seed=seed, fit=fit)
    entries = {k: entry for k, (entry, _) in found.items()}

    def stability_of(k: int) -> float:
        return stability(summary, found[k][1], seed=seed, fit=fit, resamples=resamples)

    while True:
        swept = list(entries.values())
        if wanted is None:
            choice = choose_k(swept, fewest=options.fewest, least=least, stability_of=stability_of)
        else:
            choice = named_k(swept, wanted, stability_of=stability_of)
        partition = found[choice.k][1] if choice.k > 1 else single(summary)
        partition = partition.reordered(np.lexsort(partition.centres.T[::-1]).tolist())
        passes = 0
        if algorithm is Algorithm.K_MEANS:
            partition, passes = polish(training, partition)
        matching = None if in_use is None else match(_moves(points, in_use, partition))
        if matching is not None:
            partition = partition.reordered(matching.order)
        labelled = points.select("*", partition.columns()[0].alias("segment"))
        sizes, inertia, silhouette = measure_segments(labelled, partition)
        smallest = min(sizes) / sum(sizes)
        if wanted is not None or choice.k == 1 or smallest >= least:
            return _Division(
                choice, partition, passes, matching, sizes, inertia, silhouette, summary
            )
        entries[choice.k] = replace(entries[choice.k], smallest_share=smallest)


def _points(rfm: DataFrame, pca: PcaModel, in_use: InUse | None) -> DataFrame:
    """Return pc1..pcc, the measures for naming, and the segment by the model in use."""
    if in_use is None:
        return pca.project(rfm, "held_out", *WORDINGS)
    before = in_use.pca.project(rfm, *rfm.columns).withColumn(
        "segment_in_use", in_use.kmeans.partition.columns()[0]
    )
    return pca.project(before, "held_out", "segment_in_use", *WORDINGS)


def _moves(points: DataFrame, in_use: InUse, partition: Partition) -> Array:
    """Return the contingency table (l, k) of segments in use and new segments."""
    table = np.zeros((in_use.kmeans.k, partition.k))
    counted = (
        points.select("segment_in_use", partition.columns()[0].alias("segment"))
        .groupBy("segment_in_use", "segment")
        .count()
    )
    for row in counted.collect():
        table[row["segment_in_use"], row["segment"]] = row["count"]
    return table


def _identities(
    facts: Sequence[SegmentFacts], in_use: InUse | None, matching: SegmentMatching | None
) -> _Identities:
    if in_use is None or matching is None:
        new = [None] * len(facts)
        names, named_for = kept_names(facts, [], [], new)
        return _Identities(names, named_for, list(range(len(facts))), *kept_ids([], 0, new))
    before = in_use.kmeans
    names, named_for = kept_names(facts, before.names, before.named_for, matching.continued)
    colours = kept_colours(before.colours, matching.continued)
    ids = before.ids or list(range(before.k))  # older models have none
    given = max(before.ids_given, in_use.ids_given)
    return _Identities(names, named_for, colours, *kept_ids(ids, given, matching.continued))


def polish(points: DataFrame, partition: Partition) -> tuple[Partition, int]:
    """Continue Lloyd's iterations on all points from good centroids until they converge.

    The final fit uses every training customer without the summary's approximation, and converges to
    the same fixed point for any partitioning of the rows.
    """
    centroids = partition.centres
    names = component_names(centroids.shape[1])
    for number in range(1, MOST_POLISHING_PASSES + 1):
        labelled = points.select(*names, Partition(centroids).columns()[0].alias("segment"))
        means = labelled.groupBy("segment").agg(*(F.avg(name).alias(name) for name in names))
        moved = centroids.copy()
        for row in means.collect():
            moved[row["segment"]] = rounded([row[name] for name in names])
        shift = float(np.abs(moved - centroids).max())
        centroids = moved
        if shift < SETTLED:
            return Partition(centroids), number
    return Partition(centroids), MOST_POLISHING_PASSES


def measure_segments(labelled: DataFrame, partition: Partition) -> tuple[list[int], float, float]:
    """Return sizes, inertia and silhouette (squared Euclidean) of all customers with `segment`.

    Two passes: the means and mean squared norms of each segment, then each customer's term.
    """
    k, names = partition.k, component_names(partition.centres.shape[1])
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
        # A customer alone in a segment has no distance to others: null, which counts as 0.
        without_itself = row["n"] / (row["n"] - 1) if row["n"] > 1 else None
        own = F.when(mine, to_segment[segment] * F.lit(without_itself)).otherwise(own)
        other = F.least(other, F.when(~mine, to_segment[segment]))
    gap = (F.col("other") - F.col("own")) / F.greatest("other", "own")
    silhouette = F.coalesce(gap, F.lit(0.0))
    totals = (
        labelled.select(own.alias("own"), other.alias("other"), partition.columns()[1].alias("d"))
        .agg(F.sum("d").alias("inertia"), F.avg(silhouette).alias("silhouette"))
        .collect()[0]
    )
    sizes = [int(moments[segment]["n"]) if segment in moments else 0 for segment in range(k)]
    return sizes, rounded(totals["inertia"], SUM_DIGITS), rounded(totals["silhouette"], SUM_DIGITS)
