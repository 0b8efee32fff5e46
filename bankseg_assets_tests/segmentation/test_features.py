"""Features and component scores in Spark equal those of the numpy scorer."""

from dataclasses import replace

import numpy as np
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.contracts.feature_catalogue import FEATURES, Feature
from bankseg_assets.scoring.bundle import BundleError, apply_transform
from bankseg_assets.segmentation.features import component_columns, component_names, feature_column

MEASURES = {
    "recency": [1.0, 17.0, 82.0],
    "frequency": [1.0, 2.0, 9.0],
    "average_amount": [-0.5, 459.37, 1e9],
    "monetary": [0.0, 918.74, 9e9],
    "average_balance": [0.01, 16792.4, 1e12],
    "overdraft": [-1e12, 0.0, 16792.4],
}
FITTED = [
    *(
        replace(feature, parameter=feature.parameter or 130.0)
        if feature.transform == "log_offset"
        else feature
        for feature in FEATURES.values()
    ),
    Feature("signed", "overdraft", "signed_log", 130.0),
]


def test_features_are_equal_in_spark_and_numpy(spark: SparkSession) -> None:
    rows = list(zip(*MEASURES.values(), strict=True))
    frame = spark.createDataFrame(rows, ", ".join(f"{name} double" for name in MEASURES))
    found = frame.select(*(feature_column(f).alias(f.name) for f in FITTED)).toPandas()
    for feature in FITTED:
        expected = apply_transform(feature, np.array(MEASURES[feature.measure]))
        np.testing.assert_allclose(found[feature.name], expected, rtol=1e-12, atol=0)


def test_feature_of_null_measure_is_null(spark: SparkSession) -> None:
    frame = spark.createDataFrame(
        [(None,) * len(MEASURES)], ", ".join(f"{n} int" for n in MEASURES)
    )
    (found,) = frame.select(*(feature_column(feature) for feature in FITTED)).collect()
    assert tuple(found) == (None,) * len(FITTED)


def test_component_scores_impute_unknown_by_mean(
    spark: SparkSession,
) -> None:
    frame = spark.createDataFrame([(12, 100.0), (12, None)], "recency int, average_balance double")
    features = [FEATURES["recency"], replace(FEATURES["log_average_balance"], parameter=5.0)]
    mean, scale, components = [10.0, 3.0], [2.0, 0.5], [[0.6, 0.8], [0.8, -0.6]]
    columns = component_columns(features, mean, scale, components)
    found = np.array(frame.select(*columns).collect())
    known = np.array([1.0, (np.log(105.0) - 3.0) / 0.5])
    unknown = np.array([1.0, 0.0])
    np.testing.assert_allclose(found, np.array([known, unknown]) @ components, rtol=1e-12)
    assert frame.select(*columns).columns == component_names(2) == ["pc1", "pc2"]


def test_unknown_transform_is_refused() -> None:
    with pytest.raises(BundleError, match="Unknown transform 'sqrt' of the feature 'x'"):
        feature_column(Feature("x", "recency", "sqrt"))
