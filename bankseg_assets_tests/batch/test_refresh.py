"""The job `refresh`: new data are scored with the model in use, and released."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bankseg_assets.defs.build import resources
from bankseg_assets.release.refit import REFIT_GATE
from bankseg_assets.release.releases import Release, current_release
from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.running import Platform, run_platform
from ops.demo.transactions import write_demo_transactions

ROWS = 300


@pytest.fixture(scope="module")
def refreshed(
    tmp_path_factory: pytest.TempPathFactory, batch: Platform, spark_resource: Any
) -> tuple[Release, Platform]:
    """The release of the first batch, and the platform after a second delivery."""
    return deliver_more(tmp_path_factory.mktemp("refresh"), batch, spark_resource)


def deliver_more(folder: Path, batch: Platform, spark_resource: Any) -> tuple[Release, Platform]:
    settings = Settings(data_dir=folder / "data")
    shutil.copytree(batch.settings.data_dir, settings.data_dir)
    before = current_release(settings.published_dir)
    assert before is not None
    path = settings.landing_dir / "demo_transactions_2.csv"
    write_demo_transactions(path, rows=ROWS, seed=8)
    # Other IDs than those of the first file, which would be duplicates.
    path.write_text(path.read_text(encoding="utf-8").replace("DT", "DTX"), encoding="utf-8")
    path.with_name(f"{path.name}.done").touch()
    platform = resources(settings, spark=spark_resource)
    return before, Platform(settings, platform, run_platform(platform, job="refresh"))


def document(release: Release, asset: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((release.path(asset) / "model.json").read_text("utf-8"))
    return found


def in_use(platform: Platform) -> Release:
    found = current_release(platform.settings.published_dir)
    assert found is not None
    return found


def segments(release: Release) -> dict[str, int]:
    table = pq.read_table(release.path("customer_segments"))
    return dict(zip(*(table[name].to_pylist() for name in ("customer_id", "segment")), strict=True))


def test_refresh_releases_with_models_in_use(refreshed: tuple[Release, Platform]) -> None:
    before, platform = refreshed
    run, after = platform.run, in_use(platform)
    assert run.failures == {}
    assert after.name > before.name
    assert document(after, "pca_model") == document(before, "pca_model")
    old, new = (document(release, "kmeans_model") for release in (before, after))
    for name in ("centroids", "k", "colours", "sweep", "reason"):
        assert new[name] == old[name]
    assert sum(new["sizes"]) == run.metadata["rfm_table"]["n_customers"] > sum(old["sizes"])
    kept = ("pca_model", "kmeans_model", "nb_classifier", "recommendation_model", "value_model")
    for asset in kept:
        assert run.metadata[asset]["kept_from"] == before.name
    old, new = (document(release, "value_model") for release in (before, after))
    for name in ("purchases", "money", "days_quality", "fitted_customers", "attrition"):
        assert new[name] == old[name]


def test_refresh_keeps_the_fit_and_measures_today(refreshed: tuple[Release, Platform]) -> None:
    before, platform = refreshed
    after = in_use(platform)
    assert after.model == before.model
    old, new = (document(release, "nb_classifier") for release in (before, after))
    for name in ("version", "prior", "means", "variances", "calibration", "components"):
        assert new[name] == old[name]
    assert new["sha256"] != old["sha256"]
    assert sum(map(sum, new["confusion"])) > sum(map(sum, old["confusion"]))
    assert new["metrics"]["n_customers"] > old["metrics"]["n_customers"]
    assert after.metrics["f1_macro"] == new["metrics"]["f1_macro"]
    assert platform.run.checks["numpy_scores_as_spark_does"].passed
    assert platform.run.checks[REFIT_GATE].passed


def test_refresh_moves_only_customers_who_changed(refreshed: tuple[Release, Platform]) -> None:
    before, platform = refreshed
    after = in_use(platform)
    columns = ["customer_id", "recency", "frequency", "monetary", "average_balance"]
    then, now = (
        {
            row["customer_id"]: row
            for row in pq.read_table(release.path("customer_segments"), columns=columns).to_pylist()
        }
        for release in (before, after)
    )
    same = [customer for customer in then if then[customer] == now[customer]]
    assert same
    old, new = segments(before), segments(after)
    assert [old[customer] for customer in same] == [new[customer] for customer in same]


def test_refresh_keeps_validated_holdings(refreshed: tuple[Release, Platform]) -> None:
    before, platform = refreshed
    after = in_use(platform)
    for asset in ("product_holdings", "quarantined_holdings"):
        then, now = (
            {path.stat().st_ino for path in release.path(asset).glob("*.parquet")}
            for release in (before, after)
        )
        assert then == now
    names = ("rows_in", "holders", "products")
    assert all(name in platform.run.metadata["product_holdings"] for name in names)


def test_refit_fits_models_on_all_customers(refreshed: tuple[Release, Platform]) -> None:
    _, platform = refreshed
    before = in_use(platform)
    run = run_platform(platform.resources, job="refit")
    assert run.failures == {}
    after = in_use(platform)
    assert after.fit.version == run.result.run_id != before.fit.version
    assert (
        document(after, "kmeans_model")["centroids"]
        != document(before, "kmeans_model")["centroids"]
    )
    assert "kept_from" not in run.metadata["pca_model"]
