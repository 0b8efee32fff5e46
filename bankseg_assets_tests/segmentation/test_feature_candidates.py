"""Feature sets are compared by their segments, and the comparison is recorded."""

import numpy as np
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.segmentation.feature_candidates import best_pca
from bankseg_assets.segmentation.k_selection import SOUND, SweepOptions
from bankseg_assets.segmentation.pca import PcaModel
from bankseg_assets_tests.fitted_models import Fitted
from bankseg_assets_tests.frames import rfm_frame

OPTIONS = SweepOptions(range(2, 5), fewest=3, seed=1)


def features(model: PcaModel) -> list[str]:
    return [feature.name for feature in model.features]


def test_best_pca_keeps_first_sound_set(fitted: Fitted) -> None:
    model = best_pca(fitted.rfm, OPTIONS)
    assert [row["rank"] for row in model.comparison][-1] == max(
        row["rank"] for row in model.comparison
    )
    assert features(model) in [row["features"] for row in model.comparison]
    assert model.reason
    assert (model.warnings, model.n_customers) == ([], 720)


def test_best_pca_uses_named_features(fitted: Fitted) -> None:
    names = ["recency", "log_frequency"]
    model = best_pca(fitted.rfm, OPTIONS, named=names, n_components=1, whiten=False)
    assert (features(model), model.n_components, model.comparison) == (names, 1, [])
    assert model.reason == "Set by name."


@pytest.mark.slow
def test_best_pca_of_identical_customers_has_one_component(spark: SparkSession) -> None:
    alike = {"recency": 5, "average_balance": None}
    model = best_pca(rfm_frame(spark, [alike] * 3), OPTIONS)
    assert (features(model), model.n_components) == (["recency"], 1)
    assert (model.mean, model.scale) == ([5.0], [1.0])
    assert len(model.warnings) == 4


@pytest.mark.slow
def test_best_pca_without_sound_set_keeps_best(spark: SparkSession) -> None:
    """60 customers in one cluster: no segmentation is stable, and every set is tried."""
    random = np.random.default_rng(2)
    rows = [
        {
            "recency": int(random.integers(1, 80)),
            "average_amount": float(np.exp(random.normal(6, 1))),
            "average_balance": float(np.exp(random.normal(8, 2))),
        }
        for _ in range(60)
    ]
    model = best_pca(rfm_frame(spark, rows), OPTIONS)
    ranks = [(row["rank"], row["silhouette"]) for row in model.comparison]
    assert max(ranks)[0] < SOUND
    assert len(ranks) > 1
    chosen = model.comparison[ranks.index(max(ranks))]
    assert (features(model), model.whitened) == (chosen["features"], chosen["whitened"])
    assert model.reason.startswith(f"None of {len(ranks)} sets of features meets all criteria")
