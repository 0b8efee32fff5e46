"""pca_model: chosen features and components, or those set by the run."""

import json

import dagster as dg
import pytest

from bankseg_assets.contracts.feature_catalogue import FEATURES
from bankseg_assets.defs.assets.models.pca_model import PcaConfig
from bankseg_assets.segmentation.pca import PcaModel
from bankseg_assets_tests.batch_fixtures import Platform
from bankseg_assets_tests.running import Run, run_platform

# For customers with mostly one transaction, as in the demo bank.
SUITABLE = [name for name in FEATURES if name != "log_frequency"]


def model(run: Run) -> PcaModel:
    file = run.folder("pca_model") / "model.json"
    return PcaModel.from_json(json.loads(file.read_text(encoding="utf-8")))


def run_with(platform: Platform, config: PcaConfig) -> Run:
    return run_platform(
        platform.resources, assets=["pca_model"], config=dg.RunConfig(ops={"pca_model": config})
    )


def test_features_and_reason_are_recorded(batch: Platform) -> None:
    found = model(batch.run)
    assert [feature.name for feature in found.features] == SUITABLE
    assert (found.warnings, len(found.comparison)) == ([], 1)
    assert batch.run.metadata["pca_model"]["reason"] == found.reason
    assert found.reason == (
        "The full set of features meets all criteria, in 2 principal components."
    )


def test_fit_excludes_held_out_customers(batch: Platform) -> None:
    held_out = batch.run.table("rfm_table")["held_out"].to_numpy()
    found = batch.run.metadata["pca_model"]["n_training_customers"]
    assert found == model(batch.run).n_customers == (~held_out).sum()


def test_loadings_name_every_feature(batch: Platform) -> None:
    found = batch.run.metadata["pca_model"]
    rows = [row.data for row in found["loadings"].records]
    assert list(rows[0]) == ["feature", "PC1", "PC2"]
    assert [row["feature"] for row in rows] == SUITABLE
    assert 0 < found["explained_variance_kept"] < 1


def test_run_may_set_features_and_components(after_batch: Platform) -> None:
    features = ["recency", "capped_frequency", "log_monetary"]
    run = run_with(after_batch, PcaConfig(features=features, n_components=3, whiten=True))
    assert run.failures == {}
    found = model(run)
    assert [feature.name for feature in found.features] == features
    assert (found.n_components, found.whitened) == (3, True)
    # Each of the three shares is rounded.
    assert sum(found.explained_variance) == pytest.approx(1, abs=1e-4)


def test_components_below_one_are_invalid_config() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        PcaConfig(n_components=0)
