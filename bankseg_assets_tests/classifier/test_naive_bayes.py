"""Naive Bayes: parameters, metrics, equality of numpy and Spark, no leakage."""

from dataclasses import asdict

import numpy as np
import pytest
from pyspark.ml.classification import NaiveBayes
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.classifier.naive_bayes import evaluation, fit_and_evaluate, fit_single
from bankseg_assets.stats.metrics import f1_scores
from bankseg_assets_tests.fitted_models import Fitted, fit, random_rows
from bankseg_assets_tests.frames import rfm_frame

SPARKS_EPSILON = 1e-9  # of the greatest variance of all, which Spark adds to each variance


def test_fit_uses_training_customers(fitted: Fitted) -> None:
    training = (
        fitted.pca.project(fitted.segments, "segment", "held_out").where("NOT held_out").toPandas()
    )
    scores = training[["pc1", "pc2"]]
    epsilon = SPARKS_EPSILON * scores.var(ddof=0).max()
    groups = scores.groupby(training["segment"])
    np.testing.assert_allclose(fitted.model.prior, groups.size() / len(training), rtol=1e-9)
    np.testing.assert_allclose(fitted.model.means, groups.mean(), rtol=1e-9)
    np.testing.assert_allclose(fitted.model.variances, groups.var(ddof=0) + epsilon, rtol=1e-7)


def test_f1_and_recall_equal_manual_computation() -> None:
    confusion = np.array([[8, 2, 0], [1, 4, 0], [0, 0, 0]])
    # F1 = 2 TP / (2 TP + FP + FN): 16 / (16 + 1 + 2), 8 / (8 + 2 + 1), none.
    f1 = [16 / 19, 8 / 11, 0.0]
    np.testing.assert_allclose(f1_scores(confusion), f1)
    found = evaluation(confusion, log_loss=0.25)
    assert found.f1_weighted == pytest.approx((10 * f1[0] + 5 * f1[1]) / 15)
    assert found.f1_macro == pytest.approx(sum(f1) / 2)  # of the segments that occur
    assert found.accuracy == pytest.approx(12 / 15)
    assert found.recall == pytest.approx([0.8, 0.8, 0.0])
    # Always the largest: precision 10/15, recall 1, so F1 0.8 on two thirds of the customers.
    assert found.majority_f1_weighted == pytest.approx(0.8 * 10 / 15)
    assert (found.n_held_out, found.log_loss) == (15, 0.25)
    assert found.confusion == confusion.tolist()


def test_evaluation_equals_spark_on_held_out_customers(fitted: Fitted) -> None:
    vectors = fitted.pca.project(fitted.segments, "segment", "held_out").select(
        F.col("segment").cast("double").alias("label"),
        array_to_vector(F.array("pc1", "pc2")).alias("features"),
        "held_out",
    )
    model = NaiveBayes(modelType="gaussian", smoothing=0.0).fit(vectors.where("NOT held_out"))
    scored = (
        model.transform(vectors.where("held_out"))
        .select("label", "prediction", vector_to_array("probability").alias("p"))
        .toPandas()
    )
    found = fitted.evaluation
    assert found.n_held_out == len(scored) == 180
    confusion = np.zeros((fitted.kmeans.k,) * 2, dtype=int)
    np.add.at(confusion, (scored["label"].astype(int), scored["prediction"].astype(int)), 1)
    assert found.confusion == confusion.tolist()
    given = [p[int(label)] for p, label in zip(scored["p"], scored["label"], strict=True)]
    assert found.log_loss == pytest.approx(-np.log(np.maximum(given, 1e-15)).mean(), rel=1e-6)
    assert found.f1_weighted > 0.8 > found.majority_f1_weighted


@pytest.mark.slow
def test_training_customers_are_evaluated_if_none_held_out(spark: SparkSession) -> None:
    """50 customers are too few to hold any out; `n_held_out` is 0."""
    rows = [(number % 2, False, number % 2 * 9.0 + number % 3) for number in range(12)]
    labelled = spark.createDataFrame(rows, "segment int, held_out boolean, pc1 double")
    _, found = fit_and_evaluate(labelled, 1)
    assert (found.confusion, found.n_held_out) == ([[6, 0], [0, 6]], 0)


@pytest.mark.parametrize(("held_out", "tested"), [(False, 0), (True, 2)])
def test_single_segment_has_model_of_finite_density(
    spark: SparkSession, held_out: bool, tested: int
) -> None:
    """Identical customers have no variance, and Spark's density would be NaN."""
    rows = [(0, held_out and number < 2, 7.0) for number in range(5)]
    labelled = spark.createDataFrame(rows, "segment int, held_out boolean, pc1 double")
    model, found = fit_single(labelled, 1)
    assert (model.prior, model.means, model.variances) == ([1.0], [[7.0]], [[1e-9]])
    assert (found.f1_macro, found.log_loss, found.n_held_out) == (1.0, 0.0, tested)
    assert found.confusion == [[tested or 5]]


def test_held_out_customers_influence_no_fit(spark: SparkSession, fitted: Fitted) -> None:
    """Changing all held-out customers leaves every fitted parameter unchanged."""
    strange = {"recency": 1, "frequency": 40, "average_amount": 1e7, "average_balance": 1e9}
    rows = [row | strange if row["held_out"] else row for row in random_rows(900, seed=5)]
    other = fit(rfm_frame(spark, rows))
    assert other.pca == fitted.pca
    assert other.kmeans.centroids == fitted.kmeans.centroids
    assert (other.kmeans.k, other.kmeans.sweep) == (fitted.kmeans.k, fitted.kmeans.sweep)
    assert asdict(other.model) == asdict(fitted.model)
    assert other.evaluation != fitted.evaluation
