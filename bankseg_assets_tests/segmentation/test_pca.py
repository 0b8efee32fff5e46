"""Principal components equal numpy's eigen-decomposition, with signs and weights fixed."""

import json
from decimal import Decimal

import numpy as np
import pytest
from pyspark.sql import SparkSession
from scipy.stats import skew

from bankseg_assets.scoring.bundle import apply_transform, feature_list
from bankseg_assets.segmentation.feature_choice import Candidate
from bankseg_assets.segmentation.pca import ConstantFeatureError, PcaModel, fit_pca
from bankseg_assets.stats.arrays import Array
from bankseg_assets_tests.fitted_models import Fitted, candidate
from bankseg_assets_tests.frames import rfm_frame


def training_features(fitted: Fitted) -> Array:
    """Return the training customers' features (n, d), NaN where the measure is unknown."""
    members = fitted.rfm.where("NOT held_out").toPandas()
    return np.column_stack(
        [
            apply_transform(feature, members[feature.measure].to_numpy(dtype=float))
            for feature in fitted.pca.features
        ]
    )


def standardised(fitted: Fitted) -> Array:
    return np.nan_to_num((training_features(fitted) - fitted.pca.mean) / fitted.pca.scale)


def test_mean_and_scale_ignore_unknown_values(fitted: Fitted) -> None:
    features = training_features(fitted)
    weights = [feature.weight for feature in fitted.pca.features]
    assert weights[0] == 0.5  # recency counts half
    np.testing.assert_allclose(fitted.pca.mean, np.nanmean(features, axis=0), rtol=1e-11)
    np.testing.assert_allclose(
        fitted.pca.scale, np.nanstd(features, axis=0, ddof=1) / weights, rtol=1e-11
    )
    assert fitted.pca.n_customers == len(features) == 720


def test_loadings_are_eigenvectors_with_fixed_sign(
    fitted: Fitted,
) -> None:
    values, vectors = np.linalg.eigh(np.cov(standardised(fitted), rowvar=False))
    order = values.argsort()[::-1]
    values, vectors = values[order], vectors[:, order]
    greatest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[greatest, range(len(vectors))])
    # Published with six significant digits, so that noise does not change the model.
    np.testing.assert_allclose(fitted.pca.loadings, vectors[:, :2], atol=1e-6)
    np.testing.assert_allclose(fitted.pca.explained_variance, values / values.sum(), rtol=1e-5)
    assert fitted.pca.components == fitted.pca.loadings


def test_skew_is_reported_before_and_after_transform(fitted: Fitted) -> None:
    members = fitted.rfm.where("NOT held_out").toPandas()
    features = training_features(fitted)
    for place, feature in enumerate(fitted.pca.features):
        before, after = fitted.pca.skew[place]
        plain = members[feature.measure].astype(float).dropna()
        assert before == pytest.approx(skew(plain), rel=1e-3)
        assert after == pytest.approx(skew(features[:, place], nan_policy="omit"), rel=1e-3)


def test_offset_of_logarithm_is_lower_quintile(fitted: Fitted) -> None:
    members = fitted.rfm.where("NOT held_out").toPandas()
    for feature in fitted.pca.features[2:]:
        quintile = np.nanquantile(members[feature.measure].astype(float), 0.2)
        assert feature.parameter == pytest.approx(quintile, rel=0.06)  # two digits


def test_projection_is_standardised_features_by_components(fitted: Fitted) -> None:
    found = fitted.pca.project(fitted.rfm.where("NOT held_out"), "customer_id").toPandas()
    assert list(found.columns) == ["customer_id", "pc1", "pc2"]
    expected = standardised(fitted) @ np.array(fitted.pca.components)
    np.testing.assert_allclose(found[["pc1", "pc2"]], expected, atol=1e-10)


@pytest.mark.slow
def test_whitening_gives_unit_variances(spark: SparkSession) -> None:
    random = np.random.default_rng(1)
    rows = [
        {"recency": int(days), "frequency": int(times), "average_balance": float(money)}
        for days, times, money in zip(
            random.integers(1, 80, 200),
            random.integers(1, 5, 200),
            random.lognormal(9, 1, 200),
            strict=True,
        )
    ]
    rfm = rfm_frame(spark, rows)
    names = ["recency", "log_frequency", "log_average_balance"]
    model = fit_pca(rfm, candidate(rfm, names, n_components=3, whiten=True))
    scores = model.project(rfm).toPandas().to_numpy()
    np.testing.assert_allclose(np.cov(scores, rowvar=False), np.eye(3), atol=1e-5)


def test_feature_of_one_value_is_named(spark: SparkSession) -> None:
    rfm = rfm_frame(
        spark,
        [{"recency": 3, "monetary": Decimal(1)}, {"recency": 4, "frequency": 5, "held_out": True}],
    )
    with pytest.raises(ConstantFeatureError, match=r"\['recency', 'repeat'\] have one value for"):
        fit_pca(rfm, Candidate(feature_list(["recency", "repeat"]), 1))


@pytest.mark.slow
def test_whitening_drops_direction_without_variance(spark: SparkSession) -> None:
    """Two collinear features span one direction, which is scaled; the other is dropped."""
    rows = [{"frequency": 1 + number % 2} for number in range(40)]
    features = feature_list(["repeat", "capped_frequency"])
    model = fit_pca(rfm_frame(spark, rows), Candidate(features, 2, whiten=True))
    assert (model.n_components, model.whitened) == (1, True)


def test_model_round_trips_through_json(fitted: Fitted) -> None:
    assert PcaModel.from_json(json.loads(json.dumps(fitted.pca.to_json()))) == fitted.pca
