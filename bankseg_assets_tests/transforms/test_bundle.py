"""The bundle answers with numpy as Spark does, and asks a form for what it needs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from pyspark.ml.classification import NaiveBayes
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.scoring import BUNDLE_FILE, Bundle, load_bundle, project, score
from bankseg_assets.transforms.bundle import build_bundle, form_inputs
from bankseg_assets_tests.transforms.models import Fitted


@pytest.fixture(scope="module")
def bundle(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The bundle as the app reads it."""
    file = tmp_path_factory.mktemp("model") / BUNDLE_FILE
    file.write_text(json.dumps(fitted.bundle), encoding="utf-8")
    return load_bundle(file)


def measures_of(fitted: Fitted, bundle: Bundle) -> dict[str, np.ndarray]:
    customers = fitted.segments.toPandas()
    return {name: customers[name].to_numpy(dtype=float) for name in bundle.measures}


def test_numpy_gives_every_customer_sparks_probabilities_and_label(
    fitted: Fitted, bundle: Bundle
) -> None:
    vectors = fitted.pca.project(fitted.segments, "segment", "held_out").select(
        F.col("segment").cast("double").alias("label"),
        array_to_vector(F.array("pc1", "pc2")).alias("features"),
        "held_out",
    )
    model = NaiveBayes(modelType="gaussian", smoothing=0.0).fit(vectors.where("NOT held_out"))
    spark = (
        model.transform(vectors)
        .select(vector_to_array("probability").alias("p"), "prediction")
        .toPandas()
    )
    found = score(bundle, measures_of(fitted, bundle))
    assert len(spark) == 900
    np.testing.assert_allclose(found.probabilities, np.stack(spark["p"].to_numpy()), atol=1e-9)
    assert found.segment.tolist() == spark["prediction"].astype(int).tolist()


def test_numpy_projects_every_customer_as_spark_does(fitted: Fitted, bundle: Bundle) -> None:
    expected = fitted.pca.project(fitted.segments).toPandas()
    found = project(bundle, measures_of(fitted, bundle))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_the_hash_follows_the_content_and_not_the_run(fitted: Fitted) -> None:
    def hash_of(version: str, silhouette: float) -> str:
        document = build_bundle(
            pca=fitted.pca,
            kmeans=replace(fitted.kmeans, silhouette=silhouette),
            model=fitted.model,
            evaluation=fitted.evaluation,
            segments=fitted.segments,
            profiles=list(reversed(fitted.profiles)),
            version=version,
            currency="INR",
        )
        assert document["version"] == version
        return str(document["sha256"])

    silhouette = fitted.kmeans.silhouette
    assert hash_of("run-2", silhouette) == fitted.bundle["sha256"]
    assert hash_of("run-1", silhouette + 0.01) != fitted.bundle["sha256"]


def test_segments_stand_in_the_order_of_their_numbers_with_their_names(
    fitted: Fitted, bundle: Bundle
) -> None:
    assert [segment["segment"] for segment in bundle.segments] == list(range(fitted.kmeans.k))
    assert [segment["name"] for segment in bundle.segments] == fitted.kmeans.names
    assert [segment["customers"] for segment in bundle.segments] == fitted.kmeans.sizes
    assert bundle.metrics["n_customers"] == 900
    assert bundle.metrics["n_held_out"] == 180
    assert bundle.snapshot_date == "2016-10-22"


def test_a_form_asks_for_each_measure_once_within_sound_limits(
    fitted: Fitted, bundle: Bundle
) -> None:
    measures = measures_of(fitted, bundle)
    assert list(measures) == ["recency", "frequency", "monetary", "average_balance"]
    assert [question["measure"] for question in bundle.inputs] == list(measures)
    assert [question["unit"] for question in bundle.inputs] == [
        "days",
        "transactions",
        "INR",
        "INR",
    ]
    for question in bundle.inputs:
        values = measures[question["measure"]]
        known = values[~np.isnan(values)]
        assert question["minimum"] <= question["default"] <= question["maximum"]
        assert question["default"] == pytest.approx(np.median(known), rel=0.02, abs=0.5)
        assert 9.9 * known.max() < question["maximum"] <= 101 * known.max()
        assert set(f"{question['maximum']:.0f}") == {"1", "0"}  # the order of magnitude alone


def test_a_form_can_be_made_of_nothing_known(fitted: Fitted) -> None:
    unknown = fitted.segments.where("average_balance IS NULL")
    (question,) = form_inputs(unknown, ["average_balance"], "EUR")
    assert (question["default"], question["maximum"], question["unit"]) == (0.0, 10.0, "EUR")
