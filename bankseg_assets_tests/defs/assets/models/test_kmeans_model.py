"""kmeans_model: k is chosen and explained, or set by the run."""

import json

import dagster as dg
import pytest

from bankseg_assets.defs.assets.models.kmeans_model import KMeansConfig
from bankseg_assets.segmentation import alternatives
from bankseg_assets.segmentation.alternatives import Algorithm
from bankseg_assets.segmentation.kmeans import KMeansModel
from bankseg_assets_tests.batch_fixtures import Platform
from bankseg_assets_tests.running import Run, run_platform


def model(run: Run) -> KMeansModel:
    file = run.folder("kmeans_model") / "model.json"
    return KMeansModel.from_json(json.loads(file.read_text(encoding="utf-8")))


def run_with(platform: Platform, config: KMeansConfig) -> Run:
    return run_platform(
        platform.resources,
        assets=["kmeans_model"],
        config=dg.RunConfig(ops={"kmeans_model": config}),
    )


def test_k_and_reason_are_recorded(batch: Platform) -> None:
    found, kept = batch.run.metadata["kmeans_model"], model(batch.run)
    assert [entry.k for entry in kept.sweep] == list(range(2, 11))
    assert (found["k"], found["silhouette"], found["inertia"], found["reason"]) == (
        kept.k,
        kept.silhouette,
        kept.inertia,
        kept.reason,
    )
    assert kept.k >= 4
    assert kept.reason.startswith(f"k = {kept.k} has the highest silhouette")
    table = found["choices"].splitlines()
    assert len(table) == 2 + 9
    assert any(row.startswith(f"| **{kept.k}** |") for row in table)
    assert found["continued_from_the_release_in_use"] == "Nothing to continue."


def test_next_model_continues_release_in_use(batch: Platform, second_batch: Run) -> None:
    before, after = model(batch.run), model(second_batch)
    assert (after.names, after.colours) == (before.names, before.colours)
    assert second_batch.metadata["kmeans_model"]["customers_that_keep_their_segment"] == 1.0


def test_unreadable_release_is_not_continued(after_batch: Platform) -> None:
    versions = after_batch.settings.published_dir / "kmeans_model"
    for file in versions.glob("*/model.json"):
        file.write_text("{}", encoding="utf-8")
    run = run_with(after_batch, KMeansConfig(k=4, ks=[4]))
    assert run.failures == {}
    assert model(run).matching is None
    assert any("segments get new numbers and names" in warning for warning in run.warnings)


def test_run_may_set_algorithm(after_batch: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alternatives, "MOST_ITERATIONS", 5)  # each is a Spark job
    run = run_with(after_batch, KMeansConfig(k=4, ks=[4], algorithm=Algorithm.GAUSSIAN_MIXTURE))
    assert run.failures == {}
    assert model(run).algorithm == run.metadata["kmeans_model"]["algorithm"] == "Gaussian mixture"


def test_model_has_metrics_of_held_out_customers_too(batch: Platform) -> None:
    kept = model(batch.run)
    assert sum(kept.sizes) == batch.run.metadata["rfm_table"]["n_customers"]
    assert len(set(kept.names)) == len(kept.centroids) == kept.k
    assert 0.5 < kept.silhouette < 1


def test_run_may_set_k(after_batch: Platform) -> None:
    run = run_with(after_batch, KMeansConfig(k=5, ks=[4, 5]))
    assert run.failures == {}
    assert model(run).k == len(model(run).centroids) == 5
    assert run.metadata["kmeans_model"]["k"] == 5
    assert run.metadata["kmeans_model"]["reason"] == ("k = 5 was set in the run's configuration.")
