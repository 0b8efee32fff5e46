"""k-means: honest measures, a k chosen by stated rules, and a fit that ends at a fixed point."""

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyspark.ml.clustering import KMeans
from pyspark.ml.evaluation import ClusteringEvaluator
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.transforms.kmeans import (
    MOST_POLISHING_PASSES,
    SETTLED,
    KMeansModel,
    SweepEntry,
    choose_k,
    elbow,
    evaluate,
    fit_kmeans,
    measure,
    nearest,
    polish,
    squared_distances,
    sweep,
)
from bankseg_assets.transforms.pca import fit_pca
from bankseg_assets.transforms.summary import Summary
from bankseg_assets_tests.transforms.models import FEATURES, Fitted

Array = npt.NDArray[np.float64]

CENTROIDS = np.array([[-2.0, 0.0], [2.0, 0.0], [0.0, 9.0], [0.0, -50.0]])
# Two clouds, one customer alone, and a centroid that nobody is nearest to.
POINTS = np.vstack(
    [
        np.random.default_rng(2).normal(CENTROIDS[0], 1.0, (40, 2)),
        np.random.default_rng(3).normal(CENTROIDS[1], 1.0, (25, 2)),
        [[0.0, 9.5]],
    ]
)


def summary_of(points: Array, weights: Sequence[float] | None = None) -> Summary:
    given_weights = np.ones(len(points)) if weights is None else np.array(weights, dtype=float)
    return Summary(points, given_weights, within_inertia=0.0, side=0.0)


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


@pytest.fixture(scope="module")
def labelled(spark: SparkSession) -> DataFrame:
    points = spark.createDataFrame(POINTS.tolist(), "pc1 double, pc2 double")
    return points.select("*", nearest(CENTROIDS)[0].alias("segment")).persist()


def test_the_silhouette_is_the_exact_one_of_squared_distances(labelled: DataFrame) -> None:
    labels = labels_of(POINTS, CENTROIDS)
    expected = brute_silhouette(POINTS, labels)
    sizes, inertia, silhouette = measure(labelled, CENTROIDS)
    entry = evaluate(summary_of(POINTS), CENTROIDS)
    vectors = labelled.select(array_to_vector(F.array("pc1", "pc2")).alias("features"), "segment")
    in_spark = ClusteringEvaluator(predictionCol="segment").evaluate(vectors)
    assert [silhouette, entry.silhouette, in_spark] == pytest.approx([expected] * 3, rel=1e-9)
    assert sizes == np.bincount(labels, minlength=4).tolist()
    assert sizes[2:] == [1, 0]
    by_hand = sum(((POINTS[labels == k] - CENTROIDS[k]) ** 2).sum() for k in range(4))
    assert [inertia, entry.inertia] == pytest.approx([by_hand] * 2)
    assert entry.smallest_share == 0.0


@given(
    hnp.arrays(float, (6, 2), elements=st.integers(-9, 9).map(float), unique=True),
    st.lists(st.integers(1, 4), min_size=6, max_size=6),
)
def test_a_cell_counts_as_its_members(points: Array, weights: list[int]) -> None:
    centroids = points[[0, 3]]
    entry = evaluate(summary_of(points, weights), centroids)
    everyone = np.repeat(points, weights, axis=0)
    labels = labels_of(everyone, centroids)
    assert entry.silhouette == pytest.approx(brute_silhouette(everyone, labels), abs=1e-9)
    assert entry.smallest_share == pytest.approx(np.bincount(labels).min() / len(everyone))


def test_the_inertia_within_cells_is_added() -> None:
    summary = Summary(np.array([[0.0], [4.0]]), np.array([2.0, 3.0]), within_inertia=7.0, side=1.0)
    assert evaluate(summary, np.array([[1.0], [4.0]])).inertia == 2 * 1.0 + 7.0


def test_the_nearest_centroid_is_the_first_of_equals(spark: SparkSession) -> None:
    points = spark.createDataFrame([(0.0, 0.0), (3.0, 4.0), (-9.0, 0.0)], "pc1 double, pc2 double")
    segment, distance = nearest(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]))
    found = [tuple(row) for row in points.select(segment, distance).collect()]
    assert found == [(0, 1.0), (1, 18.0), (2, 64.0)]


def entries(*rows: tuple[int, float, float]) -> list[SweepEntry]:
    return [SweepEntry(k, 100.0 / k, silhouette, share) for k, silhouette, share in rows]


def test_k_is_the_highest_silhouette_with_every_segment_worth_a_campaign() -> None:
    swept = entries((2, 0.9, 0.5), (4, 0.5, 0.1), (5, 0.6, 0.009), (6, 0.55, 0.01))
    k, reason = choose_k(swept, wanted=None, fewest=4)
    assert k == 6
    assert reason == (
        "k = 6 has the highest silhouette (0.550) of k = 4 to 6 with every segment above 1% of "
        "the customers (smallest here: 1.0%)."
    )


def test_of_equal_silhouettes_the_smaller_k_is_chosen() -> None:
    assert choose_k(entries((4, 0.5, 0.1), (5, 0.5, 0.1)), wanted=None, fewest=4)[0] == 4


def test_where_no_k_fits_the_rule_the_reason_says_so() -> None:
    k, reason = choose_k(entries((2, 0.9, 0.5), (4, 0.5, 0.001)), wanted=None, fewest=4)
    assert k == 2
    assert reason == (
        "k = 2 has the highest silhouette (0.900); no k from 4 on keeps every segment above 1% "
        "of the customers."
    )


def test_a_k_that_was_asked_for_is_taken_if_it_was_swept() -> None:
    swept = entries((2, 0.9, 0.5), (3, 0.1, 0.001))
    assert choose_k(swept, wanted=3, fewest=4) == (
        3,
        "k = 3 was asked for in the run's configuration.",
    )
    with pytest.raises(ValueError, match=r"k = 9 was asked for; the sweep covers \[2, 3\]"):
        choose_k(swept, wanted=9, fewest=4)


def test_the_elbow_is_where_the_inertia_stops_falling_fast() -> None:
    inertias = [100.0, 50.0, 10.0, 9.0, 8.0, 7.0]
    swept = [SweepEntry(k, inertia, 0.0, 0.1) for k, inertia in enumerate(inertias, 2)]
    assert elbow(swept) == 4
    assert elbow(swept[:2]) is None


def test_the_sweep_finds_the_clusters_that_are_there() -> None:
    random = np.random.default_rng(4)
    points = np.vstack([random.normal(centre, 0.1, (30, 2)) for centre in ((0, 0), (5, 0), (0, 5))])
    found = sweep(summary_of(points), range(2, 5), seed=1)
    assert list(found) == [2, 3, 4]
    assert max(found.values(), key=lambda pair: pair[0].silhouette)[0].k == 3
    inertias = [entry.inertia for entry, _ in found.values()]
    assert inertias == sorted(inertias, reverse=True)
    again = sweep(summary_of(points), range(2, 5), seed=1)
    assert all((again[k][1] == found[k][1]).all() for k in found)


def test_more_segments_than_distinct_customers_are_not_tried() -> None:
    three = summary_of(np.array([[0.0], [1.0], [5.0]]))
    assert list(sweep(three, range(2, 9), seed=1)) == [2, 3]
    with pytest.raises(ValueError, match="The customers fall on 3 distinct points: too few"):
        sweep(three, [4, 5], seed=1)


def training_points(fitted: Fitted) -> DataFrame:
    return fitted.pca.project(fitted.rfm.where("NOT held_out"))


def test_polishing_ends_at_a_fixed_point_of_all_training_customers(fitted: Fitted) -> None:
    points = training_points(fitted).toPandas().to_numpy()
    centroids = fitted.kmeans.centroid_array
    labels = labels_of(points, centroids)
    means = np.array([points[labels == k].mean(axis=0) for k in range(fitted.kmeans.k)])
    assert np.abs(means - centroids).max() < SETTLED
    assert 1 <= fitted.kmeans.passes < MOST_POLISHING_PASSES


def test_polishing_keeps_a_centroid_that_nobody_is_nearest_to(labelled: DataFrame) -> None:
    centroids, passes = polish(labelled.select("pc1", "pc2"), CENTROIDS)
    assert centroids[3].tolist() == CENTROIDS[3].tolist()
    assert centroids[2].tolist() == [0.0, 9.5]
    assert passes > 1


def test_the_fit_is_as_good_as_spark_mls_best_of_three(fitted: Fitted) -> None:
    training = training_points(fitted)
    points = training.toPandas().to_numpy()
    vectors = training.select(array_to_vector(F.array("pc1", "pc2")).alias("features")).persist()
    costs = [
        KMeans(k=fitted.kmeans.k, seed=seed).fit(vectors).summary.trainingCost for seed in range(3)
    ]
    vectors.unpersist()
    mine = squared_distances(points, fitted.kmeans.centroid_array).min(axis=1).sum()
    assert mine <= 1.001 * min(costs)


def test_the_model_says_what_was_measured_on_all_customers(fitted: Fitted) -> None:
    model = fitted.kmeans
    points = fitted.pca.project(fitted.rfm).toPandas().to_numpy()
    labels = labels_of(points, model.centroid_array)
    assert model.sizes == np.bincount(labels, minlength=model.k).tolist()
    assert model.silhouette == pytest.approx(brute_silhouette(points, labels), rel=1e-9)
    inertia = squared_distances(points, model.centroid_array).min(axis=1).sum()
    assert model.inertia == pytest.approx(inertia)
    assert [entry.k for entry in model.sweep] == [2, 3, 4, 5, 6]
    assert model.reason.startswith(f"k = {model.k} has the highest silhouette")
    first = model.centroid_array[:, 0].tolist()
    assert first == sorted(first)
    assert len(set(model.names)) == model.k


def test_a_model_survives_json(fitted: Fitted) -> None:
    assert KMeansModel.from_json(json.loads(json.dumps(fitted.kmeans.to_json()))) == fitted.kmeans


def test_the_spread_of_rows_over_tasks_changes_nothing(fitted: Fitted) -> None:
    def parameters(rfm: DataFrame) -> tuple[dict[str, object], dict[str, object]]:
        pca = fit_pca(rfm, FEATURES, n_components=2, whiten=False)
        kmeans = fit_kmeans(rfm, pca, ks=[4, 5], wanted=4, fewest=2, seed=1)
        return pca.to_json(), kmeans.to_json()

    assert parameters(fitted.rfm.coalesce(1)) == parameters(fitted.rfm.repartition(3))


def test_a_range_without_any_k_says_which_end_is_wrong(fitted: Fitted) -> None:
    with pytest.raises(ValueError, match="k_min is above k_max"):
        fit_kmeans(fitted.rfm, fitted.pca, ks=range(8, 6), wanted=None, fewest=4, seed=1)
