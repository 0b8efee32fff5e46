"""The bundle scores in numpy as Spark does, and defines the form's inputs."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.ml.classification import NaiveBayes, NaiveBayesModel
from pyspark.ml.common import _py2java
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.ml.linalg import DenseMatrix, Vectors
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.classifier.build_bundle import FittedModels, build_bundle, form_inputs
from bankseg_assets.classifier.naive_bayes import NaiveBayesModel as Published
from bankseg_assets.classifier.temperature import subsets
from bankseg_assets.profiling.demographics import demographics
from bankseg_assets.profiling.profiles import profile
from bankseg_assets.scoring.bundle import (
    Bundle,
    bundle_from,
    feature_list,
    load_bundle,
    project,
    score,
)
from bankseg_assets.scoring.posterior import known_features, posterior
from bankseg_assets.storage.documents import DOCUMENT_FILE
from bankseg_assets_tests.fitted_models import Fitted, fit, with_genders
from bankseg_assets_tests.small_model import small_model


@pytest.fixture(scope="module")
def bundle(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The bundle as read by the app."""
    file = tmp_path_factory.mktemp("model") / DOCUMENT_FILE
    file.write_text(json.dumps(fitted.bundle), encoding="utf-8")
    return load_bundle(file)


def models_of(fitted: Fitted) -> FittedModels:
    return FittedModels(fitted.pca, fitted.kmeans, fitted.model, fitted.evaluation)


def measures_of(fitted: Fitted, bundle: Bundle) -> dict[str, np.ndarray]:
    customers = fitted.segments.toPandas()
    return {name: customers[name].to_numpy(dtype=float) for name in bundle.measures}


def in_spark(published: Published) -> NaiveBayesModel:
    """Return Spark's model with the published parameters, which have fewer digits than it fitted.

    pyspark has no such constructor, but the class behind it does.
    """
    context = SparkSession.active().sparkContext
    java = [
        _py2java(context, parameter)
        for parameter in (
            Vectors.dense(np.log(published.prior)),
            *(
                DenseMatrix(table.shape[0], table.shape[1], table.ravel(order="F").tolist())
                for table in (np.array(published.means), np.array(published.variances))
            ),
        )
    ]
    made = NaiveBayesModel(
        context._jvm.org.apache.spark.ml.classification.NaiveBayesModel("published", *java)
    )
    made.set(made.modelType, "gaussian")
    return made


@pytest.mark.parametrize("k", [None, 5, 6])
def test_numpy_equals_spark_for_every_customer(
    fitted: Fitted, tmp_path: Path, k: int | None
) -> None:
    made = fitted if k is None else fit(fitted.rfm, wanted=k)
    (tmp_path / DOCUMENT_FILE).write_text(json.dumps(made.bundle), encoding="utf-8")
    bundle = load_bundle(tmp_path / DOCUMENT_FILE)
    vectors = made.pca.project(made.segments, "segment", "held_out").select(
        F.col("segment").cast("double").alias("label"),
        array_to_vector(F.array("pc1", "pc2")).alias("features"),
        "held_out",
    )
    found = score(bundle, measures_of(made, bundle))
    fitted_in_spark = NaiveBayes(modelType="gaussian", smoothing=0.0).fit(
        vectors.where("NOT held_out")
    )
    # Rounding of published digits changes probabilities by up to 1e-8.
    for model, digits in ((in_spark(made.model), 1e-9), (fitted_in_spark, 1e-8)):
        spark = (
            model.transform(vectors)
            .select(vector_to_array("probability").alias("p"), "prediction")
            .toPandas()
        )
        assert len(spark) == 900
        np.testing.assert_allclose(
            found.probabilities, np.stack(spark["p"].to_numpy()), rtol=0, atol=digits
        )
        assert found.segment.tolist() == spark["prediction"].astype(int).tolist()


@pytest.mark.slow
def test_spark_agrees_on_partial_inputs(spark: SparkSession) -> None:
    """If components are the features themselves, a subset is a naive Bayes model itself."""
    random = np.random.default_rng(3)
    segment = random.integers(0, 3, 600)
    days = np.round(random.normal(20 + 15 * segment, 6)).clip(0)
    times = random.integers(1, 4, 600).astype(float)
    logs = random.normal(7 + segment, 1.0), random.normal(10 - segment, 1.5)
    monetary, balance = (np.exp(column) for column in logs)
    features = tuple(
        replace(feature, parameter=feature.parameter or 10.0, weight=1.0)
        for feature in feature_list(
            ["recency", "capped_frequency", "log_average_amount", "log_average_balance"]
        )
    )
    known = {"recency": days, "frequency": times, "monetary": monetary, "average_balance": balance}
    plain = np.column_stack([days, times, np.log(monetary / times + 10.0), np.log(balance + 10.0)])
    mean, scale = plain.mean(axis=0), plain.std(axis=0)
    table = spark.createDataFrame(
        [
            (float(s), *map(float, row))
            for s, row in zip(segment, (plain - mean) / scale, strict=True)
        ],
        "label double, f0 double, f1 double, f2 double, f3 double",
    ).persist()

    def asked(places: list[int]) -> tuple[NaiveBayesModel, pd.DataFrame]:
        vectors = table.select(
            "label", array_to_vector(F.array(*(f"f{place}" for place in places))).alias("features")
        )
        model = NaiveBayes(modelType="gaussian", smoothing=0.0).fit(vectors)
        scored = model.transform(vectors).select(
            vector_to_array("probability").alias("p"), "prediction"
        )
        return model, scored.toPandas()

    whole, _ = asked([0, 1, 2, 3])
    bundle = small_model(
        features=features,
        mean=mean,
        scale=scale,
        components=np.eye(4),
        residual=np.zeros((4, 4)),
        prior=np.exp(whole.pi.toArray()),
        means=whole.theta.toArray(),
        variances=whole.sigma.toArray(),
    )
    for names in subsets(bundle.measures)[1:]:
        places = known_features(bundle, names)
        if not places:
            continue  # the sum alone determines no feature here
        _, expected = asked(places)
        found = posterior(bundle, {name: known[name] for name in names})
        np.testing.assert_allclose(
            found.probabilities, np.stack(expected["p"].to_numpy()), rtol=0, atol=1e-9
        )
        assert found.segment.tolist() == expected["prediction"].astype(int).tolist()
    table.unpersist()


def test_numpy_projection_equals_spark(fitted: Fitted, bundle: Bundle) -> None:
    expected = fitted.pca.project(fitted.segments).toPandas()
    found = project(bundle, measures_of(fitted, bundle))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_hash_depends_on_content_not_run(fitted: Fitted) -> None:
    def hash_of(version: str, silhouette: float) -> str:
        document = build_bundle(
            replace(models_of(fitted), kmeans=replace(fitted.kmeans, silhouette=silhouette)),
            fitted.segments,
            list(reversed(fitted.profiles)),
            version=version,
            currency="INR",
        )
        assert document.version == version
        return document.sha256

    silhouette = fitted.kmeans.silhouette
    assert hash_of("run-2", silhouette) == fitted.bundle["sha256"]
    assert hash_of("run-1", silhouette + 0.01) != fitted.bundle["sha256"]


def test_bundle_has_quality_for_display(fitted: Fitted, bundle: Bundle) -> None:
    found = bundle.evaluation
    assert found.recall == fitted.evaluation.recall
    confusion = np.array(fitted.evaluation.confusion)
    hits = np.diag(confusion)
    both = confusion.sum(axis=0) + confusion.sum(axis=1)
    np.testing.assert_allclose(found.f1, 2 * hits / both)
    assert found.evaluated_customers == 180
    assert 0 < sum(row.customers for row in found.reliability) <= 180
    assert all(row.customers >= 11 for row in found.reliability)


def test_bundle_has_configured_evidence(fitted: Fitted, bundle: Bundle) -> None:
    assert bundle.evidence == {}
    document = build_bundle(
        models_of(fitted),
        with_genders(fitted.segments),
        fitted.profiles,
        version="run-1",
        currency="INR",
        demographics=["age", "gender"],
    )
    assert list(document.evidence) == ["gender"]  # all are of one age
    assert document.evidence["gender"].values == ["F", "M"]
    assert len(document.evidence_weights) == 15
    assert document.sha256 != fitted.bundle["sha256"]


def test_segments_are_sorted_by_number(fitted: Fitted, bundle: Bundle) -> None:
    assert [segment.segment for segment in bundle.segments] == list(range(fitted.kmeans.k))
    assert [segment.name for segment in bundle.segments] == fitted.kmeans.names
    assert [segment.customers for segment in bundle.segments] == fitted.kmeans.sizes
    assert bundle.metrics["n_customers"] == 900
    assert bundle.metrics["n_held_out"] == 180
    assert bundle.snapshot_date == "2016-10-22"


def test_form_asks_each_measure_once_with_limits(fitted: Fitted, bundle: Bundle) -> None:
    measures = measures_of(fitted, bundle)
    assert list(measures) == ["recency", "frequency", "monetary", "average_balance"]
    assert [question.measure for question in bundle.inputs] == list(measures)
    assert [question.unit for question in bundle.inputs] == [
        "days",
        "transactions",
        "INR",
        "INR",
    ]
    for question in bundle.inputs:
        values = measures[question.measure]
        known = values[~np.isnan(values)]
        assert question.default is not None
        assert question.minimum <= question.default <= question.maximum
        assert question.default == pytest.approx(np.median(known), rel=0.02, abs=0.5)
        assert 9.9 * known.max() < question.maximum <= 101 * known.max()
        assert set(f"{question.maximum:.0f}") == {"1", "0"}  # the order of magnitude only


def test_form_inputs_without_known_values(fitted: Fitted) -> None:
    unknown = fitted.segments.where("average_balance IS NULL")
    (question,) = form_inputs(unknown, ["average_balance"], "EUR")
    assert (question.default, question.maximum, question.unit) == (0.0, 10.0, "EUR")


def test_bundle_of_known_direction_asks_for_spending(fitted: Fitted, tmp_path: Path) -> None:
    segments = fitted.segments.withColumn("income", F.lit(Decimal("1500.00")))
    profiles = profile(segments, demographics(segments), "INR")
    document = build_bundle(
        models_of(fitted),
        segments,
        profiles,
        version="run-1",
        currency="INR",
    )
    (tmp_path / DOCUMENT_FILE).write_text(json.dumps(document.to_json()), encoding="utf-8")
    found = load_bundle(tmp_path / DOCUMENT_FILE)
    assert found.direction_known
    assert [question.label for question in found.inputs] == [
        *("Days since the last spending transaction", "Number of spending transactions"),
        *("Sum of the spending", "Average account balance"),
    ]
    for segment in found.segments:
        assert segment.medians["income"] == pytest.approx(1500, rel=0.003)
        assert segment.index["income"] == 100
    # Income is not a feature: answers equal those without it.
    known = measures_of(fitted, found)
    np.testing.assert_array_equal(
        posterior(found, known).probabilities,
        posterior(bundle_from(fitted.bundle), known).probabilities,
    )


def test_bundle_of_unknown_direction_has_no_income(fitted: Fitted, bundle: Bundle) -> None:
    assert not bundle.direction_known
    assert "direction_known" not in fitted.bundle
    for segment in bundle.segments:
        for part in ("medians", "quartiles", "index"):
            assert "income" not in getattr(segment, part)
