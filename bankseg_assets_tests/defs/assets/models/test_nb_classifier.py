"""nb_classifier: the recorded bundle, tested on held-out customers."""

from pathlib import Path

import pytest

from bankseg_assets.scoring.bundle import load_bundle
from bankseg_assets_tests.batch_fixtures import Platform


def test_recorded_bundle_has_recorded_hash(batch: Platform) -> None:
    found = batch.run.metadata["nb_classifier"]
    bundle = load_bundle(Path(found["model_path"]))
    assert bundle.sha256 == found["model_sha256"]
    assert bundle.version == batch.run.result.run_id
    assert bundle.snapshot_date == batch.run.metadata["rfm_table"]["snapshot_date"]


def test_sizes_match_upstream_assets(batch: Platform) -> None:
    found = batch.run.metadata["nb_classifier"]
    assert found["n_segments"] == batch.run.metadata["kmeans_model"]["k"]
    assert found["n_customers"] == batch.run.metadata["rfm_table"]["n_customers"]
    assert len(load_bundle(Path(found["model_path"])).segments) == found["n_segments"]


def test_classifier_is_tested_on_all_held_out_customers(batch: Platform) -> None:
    found = batch.run.metadata["nb_classifier"]
    held_out = batch.run.table("customer_segments")["held_out"].to_numpy().sum()
    confusion = load_bundle(Path(found["model_path"])).confusion
    assert found["n_held_out"] == confusion.sum() == held_out
    assert found["n_held_out"] / found["n_customers"] == pytest.approx(0.2, abs=0.02)


def test_classifier_beats_majority_baseline(batch: Platform) -> None:
    found = batch.run.metadata["nb_classifier"]
    assert found["f1_weighted"] > 0.95
    assert found["f1_weighted_of_always_the_largest"] < 0.7
    assert found["f1_macro"] > 0.9
    assert 0 < found["log_loss"] < 0.5


def test_metadata_has_quality_of_baselines(batch: Platform) -> None:
    found = batch.run.metadata["nb_classifier"]
    rows = {row.data["classifier"]: row.data for row in found["classifiers"].records}
    assert len(rows) == 5
    assert rows["nearest centroid"]["f1 weighted"] == "1.0000"
    assert rows["nearest centroid"]["log loss"] == ""  # it gives no probabilities
    assert len(found["recall"].records) == found["n_segments"]
    assert len(found["completeness"].records) == 16
    assert found["reliability"].startswith("![Reliability")
    assert found["calibration_error"] < 0.05
    assert found["greatest_calibration_error_of_a_subset"] < 0.15  # of a few hundred customers
    assert found["demographics"] == "none"
