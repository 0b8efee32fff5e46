"""k-means on all customers: convergence, metrics, names and continuity."""

import json

import numpy as np
import pytest
from pyspark.ml.clustering import KMeans
from pyspark.ml.evaluation import ClusteringEvaluator
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.feature_catalogue import FEATURES as CATALOGUE
from bankseg_assets.segmentation import alternatives
from bankseg_assets.segmentation.alternatives import Algorithm
from bankseg_assets.segmentation.feature_choice import Candidate
from bankseg_assets.segmentation.k_selection import SweepOptions, evaluate_partition
from bankseg_assets.segmentation.kmeans import (
    MOST_POLISHING_PASSES,
    SETTLED,
    InUse,
    KMeansModel,
    fit_kmeans,
    measure_segments,
    polish,
)
from bankseg_assets.segmentation.partition import Partition, squared_distances
from bankseg_assets.segmentation.pca import constant_model, fit_pca
from bankseg_assets.storage.documents import DocumentError
from bankseg_assets_tests.fitted_models import FEATURES, Fitted, candidate
from bankseg_assets_tests.frames import rfm_frame
from bankseg_assets_tests.segmentation.test_k_selection import (
    brute_silhouette,
    labels_of,
    summary_of,
)

CENTROIDS = np.array([[-2.0, 0.0], [2.0, 0.0], [0.0, 9.0], [0.0, -50.0]])
# Two clusters, one single customer, and a centroid without customers.
POINTS = np.vstack(
    [
        np.random.default_rng(2).normal(CENTROIDS[0], 1.0, (40, 2)),
        np.random.default_rng(3).normal(CENTROIDS[1], 1.0, (25, 2)),
        [[0.0, 9.5]],
    ]
)


@pytest.fixture(scope="module")
def labelled(spark: SparkSession) -> DataFrame:
    points = spark.createDataFrame(POINTS.tolist(), "pc1 double, pc2 double")
    return points.select("*", Partition(CENTROIDS).columns()[0].alias("segment")).persist()


@pytest.mark.slow
def test_silhouette_is_exact_for_squared_distances(labelled: DataFrame) -> None:
    labels = labels_of(POINTS, CENTROIDS)
    expected = brute_silhouette(POINTS, labels)
    sizes, inertia, silhouette = measure_segments(labelled, Partition(CENTROIDS))
    entry = evaluate_partition(summary_of(POINTS), Partition(CENTROIDS))
    vectors = labelled.select(array_to_vector(F.array("pc1", "pc2")).alias("features"), "segment")
    in_spark = ClusteringEvaluator(predictionCol="segment").evaluate(vectors)
    assert [silhouette, entry.silhouette, in_spark] == pytest.approx([expected] * 3, rel=1e-9)
    assert sizes == np.bincount(labels, minlength=4).tolist()
    assert sizes[2:] == [1, 0]
    by_hand = sum(((POINTS[labels == k] - CENTROIDS[k]) ** 2).sum() for k in range(4))
    assert [inertia, entry.inertia] == pytest.approx([by_hand] * 2)
    assert entry.smallest_share == 0.0


def training_points(fitted: Fitted) -> DataFrame:
    return fitted.pca.project(fitted.rfm.where("NOT held_out"))


def test_polish_converges_to_fixed_point(fitted: Fitted) -> None:
    points = training_points(fitted).toPandas().to_numpy()
    centroids = fitted.kmeans.centroid_array
    labels = labels_of(points, centroids)
    means = np.array([points[labels == k].mean(axis=0) for k in range(fitted.kmeans.k)])
    assert np.abs(means - centroids).max() < SETTLED
    assert 1 <= fitted.kmeans.passes < MOST_POLISHING_PASSES


@pytest.mark.slow
def test_polish_keeps_centroid_without_customers(labelled: DataFrame) -> None:
    partition, passes = polish(labelled.select("pc1", "pc2"), Partition(CENTROIDS))
    centroids = partition.centres
    assert centroids[3].tolist() == CENTROIDS[3].tolist()
    assert centroids[2].tolist() == [0.0, 9.5]
    assert passes > 1


def test_fit_is_as_good_as_spark_mls_best_of_three(fitted: Fitted) -> None:
    training = training_points(fitted)
    points = training.toPandas().to_numpy()
    vectors = training.select(array_to_vector(F.array("pc1", "pc2")).alias("features")).persist()
    costs = [
        KMeans(k=fitted.kmeans.k, seed=seed).fit(vectors).summary.trainingCost for seed in range(3)
    ]
    vectors.unpersist()
    mine = squared_distances(points, fitted.kmeans.centroid_array).min(axis=1).sum()
    assert mine <= 1.001 * min(costs)


def test_model_has_metrics_of_all_customers(fitted: Fitted) -> None:
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


def test_model_round_trips_through_json(fitted: Fitted) -> None:
    assert KMeansModel.from_json(json.loads(json.dumps(fitted.kmeans.to_json()))) == fitted.kmeans


def test_damaged_model_names_field(fitted: Fitted) -> None:
    document = fitted.kmeans.to_json()
    with pytest.raises(DocumentError, match=r"sizes\[0\] is 'many': input should be a valid"):
        KMeansModel.from_json(document | {"sizes": ["many"]})
    sweep = [{"k": 2}, *document["sweep"][1:]]
    with pytest.raises(DocumentError, match=r"sweep\[0\]\.inertia is missing\."):
        KMeansModel.from_json(document | {"sweep": sweep})
    assert KMeansModel.from_json(document | {"field_of_a_newer_build": 1}) == fitted.kmeans


def test_fit_is_independent_of_partitioning(fitted: Fitted) -> None:
    def parameters(rfm: DataFrame) -> tuple[dict[str, object], dict[str, object]]:
        pca = fit_pca(rfm, candidate(rfm, FEATURES))
        kmeans = fit_kmeans(rfm, pca, SweepOptions([4, 5], fewest=2, seed=1), wanted=4)
        return pca.to_json(), kmeans.to_json()

    assert parameters(fitted.rfm.coalesce(1)) == parameters(fitted.rfm.repartition(3))


def test_empty_k_range_error_names_wrong_bound(fitted: Fitted) -> None:
    with pytest.raises(ValueError, match="`ks` is empty"):
        fit_kmeans(fitted.rfm, fitted.pca, SweepOptions(range(8, 6), fewest=4, seed=1))


def test_model_that_continues_itself_changes_nothing(fitted: Fitted) -> None:
    before = fitted.kmeans
    again = fit_kmeans(
        fitted.rfm,
        fitted.pca,
        SweepOptions([before.k], fewest=2, seed=9),
        wanted=before.k,
        in_use=InUse(fitted.pca, before),
    )
    assert np.allclose(again.centroids, before.centroids, atol=SETTLED)
    assert (again.names, again.colours) == (before.names, before.colours)
    assert again.matching is not None
    assert again.matching.kept > 0.99
    assert again.matching.order == list(range(before.k))


def test_numbers_names_and_colours_follow_model_in_use(fitted: Fitted) -> None:
    """The model in use has other numbers and names."""
    before, k = fitted.kmeans, fitted.kmeans.k
    turned = [*range(1, k), 0]
    in_use = KMeansModel.from_json(
        before.to_json()
        | {
            name: [getattr(before, name)[place] for place in turned]
            for name in ("centroids", "sizes", "named_for")
        }
        | {"names": [f"Name {place}" for place in range(k)], "colours": [7 + i for i in range(k)]}
    )
    again = fit_kmeans(
        fitted.rfm,
        fitted.pca,
        SweepOptions([k], fewest=2, seed=9),
        wanted=k,
        in_use=InUse(fitted.pca, in_use),
    )
    assert np.allclose(again.centroids, in_use.centroids, atol=SETTLED)
    assert (again.names, again.colours) == (in_use.names, in_use.colours)
    assert again.matching is not None
    assert again.matching.sentence.startswith("100.0% of the customers keep their segment number.")


@pytest.mark.parametrize("algorithm", [Algorithm.BISECTING_K_MEANS, Algorithm.GAUSSIAN_MIXTURE])
def test_another_algorithm_gives_model_of_same_kind(
    fitted: Fitted, algorithm: Algorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alternatives, "MOST_ITERATIONS", 5)  # each is a Spark job
    model = fit_kmeans(
        fitted.rfm, fitted.pca, SweepOptions([4], fewest=2, seed=1), wanted=4, algorithm=algorithm
    )
    points = fitted.pca.project(fitted.rfm).toPandas().to_numpy()
    assert model.sizes == np.bincount(model.partition.labels(points), minlength=4).tolist()
    assert (model.algorithm, model.passes) == (algorithm.value, 0)
    assert KMeansModel.from_json(json.loads(json.dumps(model.to_json()))) == model


@pytest.mark.slow
def test_identical_customers_are_one_segment(spark: SparkSession) -> None:
    rfm = rfm_frame(spark, [{}] * 30)
    pca = constant_model(rfm, ["Nothing varies."])
    model = fit_kmeans(rfm, pca, SweepOptions(range(2, 6), fewest=4, seed=1))
    assert (model.k, model.sizes, model.silhouette) == (1, [30], 0.0)
    assert model.warnings == [model.reason]
    assert model.reason.startswith("All customers are one segment: no measure differs")
    assert KMeansModel.from_json(json.loads(json.dumps(model.to_json()))) == model


def test_four_segments_follow_one_and_one_follows_four(fitted: Fitted, spark: SparkSession) -> None:
    """A bank that starts with a day of data has one segment in use, and later four."""
    few, more = (SweepOptions(range(2, end), fewest=3, seed=1) for end in (4, 7))
    one = constant_model(fitted.rfm, [])
    alike = fitted.rfm.withColumn("recency", F.lit(3))
    single = fit_kmeans(alike, one, few)
    assert single.k == 1
    four = fit_kmeans(fitted.rfm, fitted.pca, more, in_use=InUse(one, single))
    assert (four.k, four.matching is None) == (fitted.kmeans.k, False)
    again = fit_kmeans(alike, one, few, in_use=InUse(fitted.pca, four))
    assert (again.k, len(again.names), len(again.colours)) == (1, 1, 1)


@pytest.mark.slow
def test_too_small_segment_of_all_customers_is_rejected(spark: SparkSession) -> None:
    """All 12 outlying customers are in training: 3 % of 400, but 0.9 % of all 1,312.

    k is chosen on training customers, while the release gate measures all of them.
    """
    near = [{"recency": 1 + n % 2, "held_out": n >= 388} for n in range(1300)]
    rfm = rfm_frame(spark, [*near, *[{"recency": 60}] * 12])
    pca = fit_pca(rfm, Candidate((CATALOGUE["recency"],), 1))
    model = fit_kmeans(rfm, pca, SweepOptions([2, 3], fewest=2, seed=1))
    assert min(model.sizes) >= 0.01 * sum(model.sizes)
    swept = {entry.k: entry for entry in model.sweep}
    assert swept[3].smallest_share == pytest.approx(12 / 1312)
