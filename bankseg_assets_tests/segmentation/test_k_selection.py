"""Metrics of every k, and the choice of k by explicit rules."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import silhouette_score
from sklearn.naive_bayes import GaussianNB

from bankseg_assets.release.gates import ALL_CRITERIA
from bankseg_assets.segmentation.grid_summary import GridSummary, spread_sample
from bankseg_assets.segmentation.k_selection import (
    LEAST_STABILITY,
    SOUND,
    Choice,
    SweepEntry,
    choose_k,
    elbow,
    evaluate_partition,
    gap_choice,
    least_share,
    named_k,
    silhouette,
    stability,
    sweep,
)
from bankseg_assets.segmentation.partition import Partition, squared_distances
from bankseg_assets.stats.arrays import Array


def summary_of(points: Array, weights: Sequence[float] | None = None) -> GridSummary:
    given_weights = np.ones(len(points)) if weights is None else np.array(weights, dtype=float)
    return GridSummary(points, given_weights, within_inertia=0.0, side=0.0)


def brute_silhouette(points: Array, labels: npt.NDArray[np.int64]) -> float:
    """Mean of (b - a) / max(a, b) over squared distances; 0 for a customer alone in a cluster."""
    distances = squared_distances(points, points)
    found = []
    for place, label in enumerate(labels):
        mine = (labels == label) & (np.arange(len(points)) != place)
        others = [distances[place, labels == other].mean() for other in set(labels) - {label}]
        if mine.any():
            a, b = distances[place, mine].mean(), min(others)
            found.append((b - a) / max(a, b))
        else:
            found.append(0.0)
    return float(np.mean(found))


def labels_of(points: Array, centroids: Array) -> npt.NDArray[np.int64]:
    return squared_distances(points, centroids).argmin(axis=1)


def clouds(*centres: tuple[float, float], count: int = 30) -> Array:
    random = np.random.default_rng(4)
    return np.vstack([random.normal(centre, 0.1, (count, 2)) for centre in centres])


THREE = clouds((0, 0), (5, 0), (0, 5))


@given(
    hnp.arrays(float, (6, 2), elements=st.integers(-9, 9).map(float), unique=True),
    st.lists(st.integers(1, 4), min_size=6, max_size=6),
)
def test_cell_is_weighted_by_members(points: Array, weights: list[int]) -> None:
    centroids = points[[0, 3]]
    entry = evaluate_partition(summary_of(points, weights), Partition(centroids))
    everyone = np.repeat(points, weights, axis=0)
    labels = labels_of(everyone, centroids)
    assert entry.silhouette == pytest.approx(brute_silhouette(everyone, labels), abs=1e-9)
    assert entry.smallest_share == pytest.approx(np.bincount(labels).min() / len(everyone))


def test_inertia_within_cells_is_added() -> None:
    summary = GridSummary(
        np.array([[0.0], [4.0]]), np.array([2.0, 3.0]), within_inertia=7.0, side=1.0
    )
    assert evaluate_partition(summary, Partition(np.array([[1.0], [4.0]]))).inertia == 2 * 1.0 + 7.0


@pytest.mark.slow
@given(
    hnp.arrays(float, (7, 2), elements=st.integers(-9, 9).map(float), unique=True),
    st.lists(st.integers(1, 4), min_size=7, max_size=7),
)
def test_euclidean_silhouette_equals_scikit_learn(points: Array, counts: list[int]) -> None:
    labels = labels_of(points, points[[0, 3, 5]])
    everyone, theirs = np.repeat(points, counts, axis=0), np.repeat(labels, counts)
    expected = silhouette_score(everyone, theirs)
    assert silhouette(points, np.array(counts, dtype=float), labels) == pytest.approx(expected)


def test_gaussian_f1_equals_naive_bayes_macro_f1() -> None:
    random = np.random.default_rng(8)
    points = np.vstack([random.normal(0, 1, (60, 2)), random.normal((3, 0), (0.3, 2), (40, 2))])
    partition = Partition(np.array([[0.0, 0.0], [2.0, 0.0]]))
    labels = partition.labels(points)
    predicted = GaussianNB(var_smoothing=0).fit(points, labels).predict(points)
    hits = [
        2
        * ((labels == s) & (predicted == s)).sum()
        / ((labels == s).sum() + (predicted == s).sum())
        for s in range(2)
    ]
    assert evaluate_partition(summary_of(points), partition).f1_macro == pytest.approx(
        np.mean(hits)
    )
    assert np.mean(hits) < 1


def test_spread_sample_is_proportional_to_cells() -> None:
    summary = summary_of(THREE, [*([1] * 30), *([2] * 30), *([7] * 30)])
    points, counts = spread_sample(summary, 60)
    assert counts.sum() == 60
    shares = [counts[np.abs(points - centre).max(axis=1) < 1].sum() for centre in ((0, 0), (5, 0))]
    assert shares == [6, 12]
    everyone = spread_sample(summary, 10_000)
    assert everyone[0].tolist() == summary.means.tolist()
    assert everyone[1].tolist() == summary.weights.tolist()


@pytest.mark.slow
def test_stability_of_clear_segments_is_high() -> None:
    summary = summary_of(THREE)
    there, not_there = sweep(summary, [3, 5], seed=1).values()
    assert stability(summary, there[1], seed=1) == 1.0
    assert stability(summary, not_there[1], seed=1) < LEAST_STABILITY


def test_gap_is_widest_at_true_k() -> None:
    entries = [entry for entry, _ in sweep(summary_of(THREE), range(2, 6), seed=1).values()]
    assert gap_choice(entries) == 3
    assert all(entry.gap_error > 0 for entry in entries)
    assert gap_choice(entries[:1]) is None


def entries(*rows: tuple[int, float, float]) -> list[SweepEntry]:
    return [SweepEntry(k, 100.0 / k, found, share) for k, found, share in rows]


def choose(swept: list[SweepEntry], *, unstable: tuple[int, ...] = ()) -> Choice:
    measured = []

    def stability_of(k: int) -> float:
        measured.append(k)
        return 0.5 + k / 100 if k in unstable else 0.99

    choice = choose_k(swept, fewest=4, least=0.01, stability_of=stability_of)
    known = [entry.k for entry in choice.entries if entry.k > 1 and entry.stability is not None]
    assert known == sorted(measured)
    return choice


def test_choose_k_takes_highest_sound_silhouette() -> None:
    choice = choose(entries((2, 0.9, 0.5), (4, 0.5, 0.1), (5, 0.6, 0.009), (6, 0.55, 0.01)))
    assert (choice.k, choice.rank, choice.warnings) == (6, SOUND, ())
    assert choice.reason == (
        "k = 6 has the highest silhouette (0.550) among those with k of at least 4, every segment "
        "above 1.0% of the customers and a naive Bayes macro F1 of at least 0.98. Here the "
        "smallest segment has 1.0%, macro F1 is 1.000, and refits on resampled customers agree at "
        "0.990 (adjusted Rand index)."
    )
    assert [entry.stability for entry in choice.entries] == [None, None, None, 0.99]


def test_choose_k_skips_low_f1() -> None:
    swept = entries((4, 0.5, 0.1), (5, 0.6, 0.1))
    assert choose([swept[0], replace(swept[1], f1_macro=0.97)]).k == 4


def test_choose_k_skips_unstable_k_and_names_it() -> None:
    choice = choose(entries((4, 0.5, 0.1), (5, 0.6, 0.1)), unstable=(5,))
    assert choice.k == 4
    assert choice.reason.endswith("Higher silhouettes were not stable: k = 5 (0.550).")


def test_choose_k_starts_at_2_where_4_is_not_sound() -> None:
    """A segment of 0.1 % and an unstable segmentation are rejected.

    Of two and three, three is closer to the preferred minimum of four.
    """
    swept = entries((2, 0.8, 0.5), (3, 0.7, 0.2), (4, 0.9, 0.001), (5, 0.4, 0.001))
    tiny = choose(swept)
    assert (tiny.k, tiny.rank) == (3, SOUND - 1)
    assert tiny.warnings[0].startswith("There are only 3 segments: no clustering with 4 or more")
    assert tiny.reason.startswith("k = 3 is the largest stable k below 4 among those with")
    assert choose(swept, unstable=(3,)).k == 2
    loose = choose(entries((2, 0.8, 0.5), (4, 0.6, 0.1)), unstable=(4,))
    assert (loose.k, loose.rank) == (2, SOUND - 1)


def test_choose_k_takes_most_stable_if_none_is_stable() -> None:
    choice = choose(entries((4, 0.6, 0.1), (5, 0.5, 0.1)), unstable=(4, 5))
    assert (choice.k, choice.rank) == (5, SOUND - 2)
    assert choice.reason.startswith(
        "k = 5 changes least when customers are resampled (0.550) among"
    )
    assert choice.warnings[0].startswith("The segments are not stable")


def test_choose_k_drops_f1_last() -> None:
    swept = [
        replace(e, f1_macro=0.9) for e in entries((2, 0.9, 0.5), (4, 0.6, 0.1), (5, 0.7, 0.001))
    ]
    choice = choose(swept)
    assert (choice.k, choice.rank) == (4, SOUND - 3)
    assert "macro F1 0.90; at least 0.98 is usual" in choice.warnings[0]


@pytest.mark.parametrize("swept", [[], entries((2, 0.9, 0.001), (4, 0.5, 0.009))])
def test_choose_k_gives_one_segment_if_none_is_large(swept: list[SweepEntry]) -> None:
    choice = choose(swept)
    assert (choice.k, choice.rank, choice.entry.smallest_share) == (1, 0, 1.0)
    assert choice.warnings == (choice.reason,)
    assert choice.reason.startswith("All customers are one segment: ")


def test_choose_k_gives_one_segment_for_two_customers() -> None:
    choice = choose_k(
        entries((2, 0.9, 0.5)), fewest=4, least=least_share(2), stability_of=lambda k: 1.0
    )
    assert choice.reason == (
        "All customers are one segment: they are too few for two segments of 11 customers."
    )


def test_least_share_is_one_percent_or_eleven_customers() -> None:
    assert least_share(1_000_000) == 0.01
    assert least_share(181) == 11 / 181
    assert least_share(0) > 1


def test_choose_k_takes_smaller_k_on_ties() -> None:
    assert choose(entries((4, 0.5, 0.1), (5, 0.5, 0.1))).k == 4


def test_named_k_must_be_swept() -> None:
    swept = entries((2, 0.9, 0.5), (3, 0.1, 0.001))
    choice = named_k(swept, 3, stability_of=lambda k: 0.7)
    assert (choice.k, choice.reason) == (3, "k = 3 was set in the run's configuration.")
    assert (choice.entry.stability, choice.rank) == (0.7, None)
    assert SOUND == ALL_CRITERIA  # as gates and the app call it, without Spark
    with pytest.raises(ValueError, match=r"k = 9 was requested; the sweep covers \[2, 3\]"):
        named_k(swept, 9, stability_of=lambda k: 0.7)


def test_elbow_is_knee_of_inertia() -> None:
    inertias = [100.0, 50.0, 10.0, 9.0, 8.0, 7.0]
    swept = [SweepEntry(k, inertia, 0.0, 0.1) for k, inertia in enumerate(inertias, 2)]
    assert elbow(swept) == 4
    assert elbow(swept[:2]) is None


def test_sweep_finds_true_clusters() -> None:
    found = sweep(summary_of(THREE), range(2, 5), seed=1)
    assert list(found) == [2, 3, 4]
    assert max(found.values(), key=lambda pair: pair[0].silhouette)[0].k == 3
    assert max(found.values(), key=lambda pair: pair[0].silhouette_euclidean)[0].k == 3
    inertias = [entry.inertia for entry, _ in found.values()]
    assert inertias == sorted(inertias, reverse=True)
    again = sweep(summary_of(THREE), range(2, 5), seed=1)
    assert [entry for entry, _ in again.values()] == [entry for entry, _ in found.values()]
    assert all((again[k][1].centres == found[k][1].centres).all() for k in found)


def test_sweep_skips_k_above_distinct_customers() -> None:
    three = summary_of(np.array([[0.0], [1.0], [5.0]]))
    assert list(sweep(three, range(2, 9), seed=1)) == [2, 3]
    assert sweep(three, [4, 5], seed=1) == {}
