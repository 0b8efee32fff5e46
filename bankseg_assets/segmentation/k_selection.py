"""Fit every k on the summary, evaluate each, and choose one by explicit rules."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np

from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets.release.gates import ALL_CRITERIA
from bankseg_assets.runtime.spark import cores
from bankseg_assets.segmentation.grid_summary import GridSummary, spread_sample
from bankseg_assets.segmentation.partition import Partition, squared_distances
from bankseg_assets.stats.agreement import adjusted_rand_index, contingency
from bankseg_assets.stats.arrays import Array, Labels
from bankseg_assets.stats.metrics import f1_scores
from bankseg_assets.stats.rounding import MEASURE_DIGITS, rounded

STARTS = 10  # a single start found a poor optimum: silhouette 0.44 instead of 0.54
# No tolerance: with scikit-learn's default of 1e-4 of the variance, k-means stops on a flat slope,
# and the bootstrap agreement at k = 4 of the real half was 0.960 instead of 0.993.
MOST_ITERATIONS = 1_000
SMALLEST_SHARE = 0.01  # a segment of under 1 % of customers is not worth a campaign of its own
FEWEST_MEMBERS = SMALLEST_CELL  # customers of a segment: smaller groups may not be shown
LEAST_F1 = 0.98  # naive Bayes must reproduce the segments, or a branch cannot use them
LEAST_STABILITY = 0.95
MOST_OF_HALF = 0.5  # two segments cannot both have more
SOUND = ALL_CRITERIA
DEFAULT_KS = range(2, 11)
FEWEST_SEGMENTS = 4  # preferred minimum k if sound: fewer segments are of little use to a marketer
SEED = 42


@dataclass(frozen=True)
class SweepOptions:
    """How k is chosen: the candidates, the preferred minimum, and the seed of random starts."""

    ks: Sequence[int] = DEFAULT_KS
    fewest: int = FEWEST_SEGMENTS
    seed: int = SEED


RESAMPLES = 10
REFERENCES = 5  # uniform reference data sets of the gap statistic
REFERENCE_POINTS = 2_000
SAMPLE = 3_000  # sample size of the Euclidean silhouette, which has quadratic cost

T = TypeVar("T")
R = TypeVar("R")
Fit = Callable[[GridSummary, int, int], Partition]
"""A summary, k and a seed -> the fitted segments."""


@dataclass(frozen=True)
class SweepEntry:
    """Metrics of one k on the training customers.

    inertia: squared standard deviations. silhouette: of squared distances, of all customers.
    silhouette_euclidean: the usual one, of a sample. f1_macro: of Gaussian naive Bayes on the same
    customers. gap, gap_error: the gap statistic, in nats. stability: the mean adjusted Rand index
    of refits on resampled customers; None if not needed.
    """

    k: int
    inertia: float
    silhouette: float
    smallest_share: float
    f1_macro: float = 1.0
    silhouette_euclidean: float = 0.0
    gap: float = 0.0
    gap_error: float = 0.0
    stability: float | None = None


@dataclass(frozen=True)
class Choice:
    """The chosen k, the reason, and all entries.

    rank: how many of the criteria it meets, 0 for a single segment, SOUND for all; None for a k set
    by the run. warnings: a sentence for each criterion that no k meets.
    """

    k: int
    reason: str
    entries: tuple[SweepEntry, ...]
    rank: int | None = SOUND
    warnings: tuple[str, ...] = ()

    @property
    def entry(self) -> SweepEntry:
        """The measures of the chosen k."""
        return next(entry for entry in self.entries if entry.k == self.k)


def fit_centroids(summary: GridSummary, k: int, seed: int) -> Partition:
    """Return the centroids of the best of many starts of k-means on the summary.

    By scikit-learn on the driver, because the summary is small: with a Spark job per Lloyd
    iteration, two starts of nine k took 25 s, and left k = 10 at an inertia 58 % above the best.
    One thread, because the order of a parallel sum is not fixed.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        fitted = KMeans(k, n_init=STARTS, random_state=seed, tol=0, max_iter=MOST_ITERATIONS).fit(
            summary.means, sample_weight=summary.weights
        )
    return Partition(np.asarray(fitted.cluster_centers_, dtype=np.float64))


def least_share(n_customers: int) -> float:
    """Return the smallest share of the customers that a segment may have: 1 %, or 11 of them."""
    return max(SMALLEST_SHARE, FEWEST_MEMBERS / max(n_customers, 1))


def single(summary: GridSummary) -> Partition:
    """Return the entry of a single segment with all customers, centred at their mean."""
    return Partition(np.average(summary.means, axis=0, weights=summary.weights)[None])


def fit_all(
    summary: GridSummary, ks: Iterable[int], *, seed: int, fit: Fit = fit_centroids
) -> dict[int, tuple[SweepEntry, Partition]]:
    """Fit every k on the summary, with the metrics that `choose_k` needs.

    A k greater than the number of distinct customers is skipped.
    """
    distinct = len(summary.weights)
    possible = [k for k in ks if k <= distinct]
    partitions = _at_once(fit, lambda k: fit(summary, k, seed), possible)
    entries = [evaluate_partition(summary, partition) for partition in partitions]
    return {entry.k: (entry, partitions[place]) for place, entry in enumerate(entries)}


def sweep(
    summary: GridSummary, ks: Iterable[int], *, seed: int, fit: Fit = fit_centroids
) -> dict[int, tuple[SweepEntry, Partition]]:
    """Return the entries of `fit_all` with the additional metrics for display."""
    fitted = fit_all(summary, ks, seed=seed, fit=fit)
    sample, counts = spread_sample(summary, SAMPLE)
    references = _references(summary, seed)

    def described(entry: SweepEntry) -> SweepEntry:
        gap, error = _gap(references, entry, summary, seed)
        labels = fitted[entry.k][1].labels(sample)
        euclidean = silhouette(sample, counts, labels)
        return replace(
            entry,
            silhouette_euclidean=rounded(euclidean, MEASURE_DIGITS),
            gap=rounded(gap, MEASURE_DIGITS),
            gap_error=rounded(error, MEASURE_DIGITS),
        )

    entries = _at_once(fit_centroids, described, [entry for entry, _ in fitted.values()])
    return {entry.k: (entry, fitted[entry.k][1]) for entry in entries}


def _at_once(fit: Fit, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Apply `work` to each item, in parallel for k-means.

    scikit-learn releases the GIL while it fits, and each fit has one thread, so the results are
    those of sequential fits. Spark, in the other algorithms, uses all processors itself.
    """
    from threadpoolctl import threadpool_limits

    if fit is not fit_centroids:
        return list(map(work, items))
    # Each fit sets this limit and restores the previous one, which must be 1 for all of them.
    with threadpool_limits(1), ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(work, items))


def evaluate_partition(summary: GridSummary, partition: Partition) -> SweepEntry:
    """Return inertia, silhouette, smallest share and F1 of segments of the summary.

    The silhouette uses squared Euclidean distances, which makes it linear in the number of points:
    the mean squared distance of x to a cluster is |x|^2 - 2 x.m + q, with m the mean of the
    cluster's members and q the mean of their squared norms (as in Spark's ClusteringEvaluator).
    """
    points, weights, k = summary.means, summary.weights, partition.k
    labels = partition.labels(points)
    mass = np.bincount(labels, weights, k)
    safe = np.maximum(mass, 1e-300)
    means = np.column_stack([np.bincount(labels, weights * x, k) for x in points.T]) / safe[:, None]
    norms = (points**2).sum(axis=1)
    mean_norms = np.bincount(labels, weights * norms, k) / safe
    to_clusters = norms[:, None] - 2 * points @ means.T + mean_norms[None]
    rows = np.arange(len(points))
    # A point's mean distance to its own cluster excludes itself: W/(W - 1) of the mean including
    # it.
    own_mass = mass[labels]
    own = to_clusters[rows, labels] * own_mass / np.maximum(own_mass - 1, 1e-9)
    to_clusters[rows, labels] = np.inf
    to_clusters[:, mass == 0] = np.inf
    other = to_clusters.min(axis=1)
    silhouettes = np.where(
        own_mass > 1, (other - own) / np.maximum(np.maximum(own, other), 1e-300), 0
    )
    distances = squared_distances(points, partition.centres)[rows, labels]
    everyone = (points, weights, labels)
    return SweepEntry(
        k=k,
        inertia=rounded(float(weights @ distances) + summary.within_inertia, MEASURE_DIGITS),
        silhouette=rounded(float(weights @ silhouettes / weights.sum()), MEASURE_DIGITS),
        smallest_share=rounded(float(mass.min() / weights.sum()), MEASURE_DIGITS),
        f1_macro=rounded(gaussian_f1(everyone, everyone, k), MEASURE_DIGITS),
    )


def silhouette(points: Array, counts: Array, labels: Labels) -> float:
    """Return the mean silhouette (b - a) / max(a, b) of Euclidean distances, weighted by `counts`.

    (Rousseeuw, Silhouettes, 1987.) It is 0 for a customer alone in a segment.
    """
    k = int(labels.max(initial=0)) + 1
    members = np.eye(k)[labels] * counts[:, None]
    norms = (points**2).sum(axis=1)
    squares = np.maximum(norms[:, None] - 2 * points @ points.T + norms[None], 0)
    np.fill_diagonal(squares, 0)
    sums = np.sqrt(squares) @ members
    mass = members.sum(axis=0)
    rows = np.arange(len(points))
    own = sums[rows, labels] / np.maximum(mass[labels] - 1, 1e-300)
    others = np.where(mass > 0, sums / np.maximum(mass, 1e-300), np.inf)
    others[rows, labels] = np.inf
    other = others.min(axis=1)
    found = np.where(mass[labels] > 1, (other - own) / np.maximum(other, own), 0)
    return float(counts @ found / counts.sum())


def stability(
    summary: GridSummary,
    partition: Partition,
    *,
    seed: int,
    fit: Fit = fit_centroids,
    resamples: int = RESAMPLES,
) -> float:
    """Return the mean adjusted Rand index with refits on bootstrap samples.

    A bootstrap of customers is a multinomial draw of the cells' weights, without a pass over
    customers. (Hennig, Cluster-wise assessment of cluster stability, 2007.)
    """
    random = np.random.default_rng(seed)
    weights = summary.weights
    labels = partition.labels(summary.means)
    share = weights / weights.sum()
    draws = random.multinomial(int(weights.sum()), share, size=resamples).astype(np.float64)

    def agreement(number: int) -> float:
        refit = fit(replace(summary, weights=draws[number]), partition.k, seed + 1 + number)
        table = contingency(labels, refit.labels(summary.means), weights, (partition.k,) * 2)
        return adjusted_rand_index(table)

    return rounded(float(np.mean(_at_once(fit, agreement, range(resamples)))), MEASURE_DIGITS)


def choose_k(
    entries: Sequence[SweepEntry],
    *,
    fewest: int,
    least: float,
    stability_of: Callable[[int], float],
) -> Choice:
    """Choose k and give the reason.

    A k is sound if its smallest segment holds at least the share `least` of the customers, naive
    Bayes reproduces it with a macro F1 of 0.98, and refits agree at 0.95. The choice is the sound k
    >= `fewest` with the highest silhouette; if there is none, the greatest sound k below. If none
    is sound, stability is dropped first, then F1. If no k has large enough segments, all customers
    are one segment. Stability is measured only if needed: it costs ten fits per k.
    """
    known = {entry.k: entry for entry in entries}
    large = [entry for entry in entries if entry.smallest_share >= least]
    repeated = [entry for entry in large if entry.f1_macro >= LEAST_F1]
    wanted = [entry for entry in repeated if entry.k >= fewest]
    smaller = [entry for entry in repeated if entry.k < fewest]
    by_silhouette = sorted(wanted, key=lambda entry: (-entry.silhouette, entry.k))
    by_size = sorted(smaller, key=lambda entry: -entry.k)
    for rank, group in ((SOUND, by_silhouette), (SOUND - 1, by_size)):
        for entry in group:
            known[entry.k] = replace(entry, stability=stability_of(entry.k))
            if (known[entry.k].stability or 0.0) >= LEAST_STABILITY:
                return _choice(known[entry.k], known, rank, fewest, least)
    if repeated:
        measured = [known[entry.k] for entry in wanted or smaller]
        best = max(measured, key=lambda entry: (entry.stability or 0.0, -entry.k))
        return _choice(best, known, SOUND - 2, fewest, least)
    if large:
        group = [entry for entry in large if entry.k >= fewest] or large
        best = max(group, key=lambda entry: (entry.silhouette, -entry.k))
        known[best.k] = replace(best, stability=stability_of(best.k))
        return _choice(known[best.k], known, SOUND - 3, fewest, least)
    if least > MOST_OF_HALF:
        why = f"they are too few for two segments of {FEWEST_MEMBERS} customers."
    elif entries:
        why = f"every clustering leaves a segment with less than {least:.1%} of them."
    else:
        why = "no measure differs between them."
    reason = f"All customers are one segment: {why}"
    one = SweepEntry(1, 0.0, 0.0, 1.0, stability=1.0)
    return Choice(1, reason, (one, *known.values()), rank=0, warnings=(reason,))


def named_k(
    entries: Sequence[SweepEntry], wanted: int, *, stability_of: Callable[[int], float]
) -> Choice:
    """Return the k set by the run. Raises ValueError if it was not swept."""
    known = {entry.k: entry for entry in entries}
    if wanted not in known:
        raise ValueError(f"k = {wanted} was requested; the sweep covers {sorted(known)}.")
    known[wanted] = replace(known[wanted], stability=stability_of(wanted))
    reason = f"k = {wanted} was set in the run's configuration."
    return Choice(wanted, reason, tuple(known.values()), rank=None)


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


def gap_choice(entries: Sequence[SweepEntry]) -> int | None:
    """Return the smallest k with Gap(k) >= Gap(k + 1) - s(k + 1), if any.

    (Tibshirani, Walther and Hastie, Estimating the number of clusters via the gap statistic, 2001.)
    """
    pairs = pairwise(entries)
    fitting = (one.k for one, following in pairs if one.gap >= following.gap - following.gap_error)
    return next(fitting, None)


def _choice(
    best: SweepEntry, known: Mapping[int, SweepEntry], rank: int, fewest: int, least: float
) -> Choice:
    share = f"every segment above {least:.1%} of the customers"
    repeat = f"a naive Bayes macro F1 of at least {LEAST_F1}"
    held = [f"k of at least {fewest}"] if best.k >= fewest else []
    held += [share, *([repeat] if rank > SOUND - 3 else [])]
    warnings = []
    if best.k < fewest:
        warnings.append(
            f"There are only {best.k} segments: no clustering with {fewest} or more meets the "
            "criteria (large enough, recognisable and stable)."
        )
    if rank == SOUND - 3:
        warnings.append(
            "The segments overlap, so predictions for forms and lists are less certain than usual "
            f"(macro F1 {best.f1_macro:.2f}; at least {LEAST_F1} is usual)."
        )
    if (best.stability or 0.0) < LEAST_STABILITY:
        warnings.append(
            "The segments are not stable: resampled customers give other segments "
            f"(agreement {best.stability or 0.0:z.2f}; at least {LEAST_STABILITY} is usual)."
        )
    leads = f"has the highest silhouette ({best.silhouette:z.3f})"
    if rank == SOUND - 1:
        leads = f"is the largest stable k below {fewest}"
    elif rank == SOUND - 2:
        leads = f"changes least when customers are resampled ({best.stability or 0.0:z.3f})"
    sentences = [
        f"k = {best.k} {leads} among those with {_listed(held)}.",
        f"Here the smallest segment has {best.smallest_share:.1%}, macro F1 is "
        f"{best.f1_macro:.3f}, and refits on resampled customers agree at "
        f"{best.stability or 0.0:z.3f} (adjusted Rand index).",
        *warnings,
    ]
    unstable = [
        f"{e.k} ({e.stability:z.3f})"
        for e in known.values()
        if e.k != best.k and e.stability is not None and e.silhouette >= best.silhouette
    ]
    if unstable and rank == SOUND:
        sentences.append(f"Higher silhouettes were not stable: k = {', '.join(unstable)}.")
    return Choice(best.k, " ".join(sentences), tuple(known.values()), rank, tuple(warnings))


def _listed(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def gaussian_f1(
    fitted: tuple[Array, Array, Labels], tested: tuple[Array, Array, Labels], k: int
) -> float:
    """Return the macro F1 of Gaussian naive Bayes; points (n, c), weights (n,), labels (n,)."""
    points, weights, labels = fitted
    mass = np.maximum(np.bincount(labels, weights, k), 1e-300)
    means, squares = (
        np.column_stack([np.bincount(labels, weights * x**power, k) for x in points.T])
        / mass[:, None]
        for power in (1, 2)
    )
    variances = np.maximum(squares - means**2, 1e-9)
    points, weights, labels = tested
    away = (points[:, None, :] - means[None]) ** 2 / variances[None]
    joint = np.log(mass / mass.sum()) - 0.5 * (np.log(variances)[None] + away).sum(axis=2)
    return float(f1_scores(contingency(labels, joint.argmax(axis=1), weights, (k, k))).mean())


def _references(summary: GridSummary, seed: int) -> list[GridSummary]:
    """Return uniform points in the customers' bounding box, aligned with the components."""
    random = np.random.default_rng(seed)
    low, high = summary.means.min(axis=0), summary.means.max(axis=0)
    shape = (REFERENCE_POINTS, len(low))
    return [
        GridSummary(random.uniform(low, high, shape), np.ones(REFERENCE_POINTS), 0.0, 0.0)
        for _ in range(REFERENCES)
    ]


def _gap(
    references: Sequence[GridSummary], entry: SweepEntry, summary: GridSummary, seed: int
) -> tuple[float, float]:
    """Return the gap E*[ln W] - ln W, W the mean squared distance to the centre, and its error."""
    logs = []
    for reference in references:
        partition = fit_centroids(reference, entry.k, seed)
        distances = squared_distances(reference.means, partition.centres).min(axis=1)
        logs.append(np.log(max(distances.mean(), 1e-300)))
    mean_inertia = max(entry.inertia / summary.weights.sum(), 1e-300)
    error = float(np.std(logs) * np.sqrt(1 + 1 / len(references)))
    return float(np.mean(logs) - np.log(mean_inertia)), error
