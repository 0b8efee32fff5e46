"""The whole graph on demo data: it succeeds, records metadata, and is reproducible."""

import base64
import json
import re
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.campaigns.release_figures import ReleaseFigures
from bankseg_assets.campaigns.trend import TREND_FILE
from bankseg_assets.contracts.tables import TABLES
from bankseg_assets.defs.assets.release.release import GATES
from bankseg_assets.defs.checks.core import ALL_CHECKS
from bankseg_assets.release.releases import current_release
from bankseg_assets.storage.run_lock import LOCK_FILE
from bankseg_assets.storage.version_store import WRITERS_FILE, VersionStore
from bankseg_assets_tests.batch_fixtures import Platform
from bankseg_assets_tests.running import Run

MODELS = (
    *("pca_model", "kmeans_model", "nb_classifier", "model_card", "value_model"),
    *("recommendation_model", "transaction_counts", "eda_report", "release", "campaign_results"),
)
SOURCES = {"raw_transactions", "product_holdings", "quarantined_holdings"}
PLOTS = {
    "eda_report": ["hours"],
    "pca_model": ["explained_variance"],
    "kmeans_model": ["elbow", "silhouettes"],
    "customer_segments": ["sizes"],
    "segment_demographics": ["index"],
    "rfm_grid": ["grid"],
    "rfm_groups": ["customers_in_both"],
    "nb_classifier": ["confusion", "reliability"],
}
PNG = re.compile(r"!\[[^\]]+\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)")


def document(run: Run, asset: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        (run.folder(asset) / "model.json").read_text(encoding="utf-8")
    )
    return found


def ordered(table: pa.Table) -> pa.Table:
    plain = [field.name for field in table.schema if not pa.types.is_nested(field.type)]
    return table.sort_by([(name, "ascending") for name in plain]).combine_chunks()


def test_every_asset_is_materialized(batch: Platform) -> None:
    assert batch.run.failures == {}
    assert batch.run.success
    assert set(batch.run.metadata) == {*TABLES, *MODELS}


def test_only_scrambled_customers_check_warns(batch: Platform) -> None:
    defined = {key.name for check in ALL_CHECKS for key in check.check_keys}
    assert set(batch.run.checks) == defined | set(GATES)
    not_passed = [name for name, found in batch.run.checks.items() if not found.passed]
    assert not_passed == ["customers_are_persons"]
    assert batch.run.checks["customers_are_persons"].severity == dg.AssetCheckSeverity.WARN


@pytest.mark.parametrize("asset", [*TABLES, *MODELS])
def test_every_asset_records_path_version_size_and_seconds(batch: Platform, asset: str) -> None:
    found = batch.run.metadata[asset]
    path = Path(found["path"])
    assert path.parent == batch.settings.published_dir / asset
    assert path.name == found["version"]
    assert found["bytes"] == sum(file.stat().st_size for file in path.iterdir())
    assert 0 < found["seconds"] < 300


def test_metadata_are_plain_values(batch: Platform) -> None:
    plain = (str, int, float, dg.TableColumnLineage, dg.TableSchema, dg.TableMetadataValue)
    odd = {
        (asset, name): type(value)
        for asset, found in batch.run.metadata.items()
        for name, value in found.items()
        if type(value) not in plain
    }
    assert odd == {}


@pytest.mark.parametrize("asset", PLOTS)
def test_plots_are_png_in_markdown(batch: Platform, asset: str) -> None:
    for name in PLOTS[asset]:
        encoded = PNG.fullmatch(batch.run.metadata[asset][name])
        assert encoded, name
        assert base64.b64decode(encoded[1]).startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize("asset", TABLES)
def test_tables_match_contract_columns_and_nullability(batch: Platform, asset: str) -> None:
    table = batch.run.table(asset)
    assert table.column_names == TABLES[asset].names
    assert batch.run.metadata[asset]["dagster/row_count"] == table.num_rows
    for column in TABLES[asset].columns:
        assert column.nullable or table[column.name].null_count == 0, column.name


@pytest.mark.parametrize("asset", sorted(TABLES.keys() - SOURCES))
def test_recorded_lineage_refers_to_written_columns(batch: Platform, asset: str) -> None:
    lineage = batch.run.metadata[asset]["dagster/column_lineage"].deps_by_column
    assert set(lineage) <= set(batch.run.table(asset).column_names)
    for dependency in (found for many in lineage.values() for found in many):
        upstream = batch.run.table(dependency.asset_key.to_user_string())
        assert dependency.column_name in upstream.column_names


@pytest.mark.parametrize("asset", ["pca_model", "kmeans_model", "eda_report"])
def test_models_are_independent_of_partitioning(
    batch: Platform, second_batch: Run, asset: str
) -> None:
    assert second_batch.failures == {}
    first, second = document(batch.run, asset), document(second_batch, asset)
    for found in (first, second):
        found.pop("matching", None)  # the second continues the first, which continued nothing
    assert first == second


def test_classifier_differs_in_run_name_only(batch: Platform, second_batch: Run) -> None:
    first, second = (document(run, "nb_classifier") for run in (batch.run, second_batch))
    assert first.pop("version") != second.pop("version")
    assert first == second


# Moves depend on the previous release: none, then that of the first batch.
@pytest.mark.parametrize("asset", sorted(TABLES.keys() - {"segment_migration"}))
def test_tables_are_independent_of_partitioning(
    batch: Platform, second_batch: Run, asset: str
) -> None:
    assert ordered(batch.run.table(asset)) == ordered(second_batch.table(asset))


def test_second_batch_has_other_partitioning(batch: Platform, second_batch: Run) -> None:
    parts = [
        len(list(run.folder("rfm_table").glob("*.parquet"))) for run in (batch.run, second_batch)
    ]
    assert parts[0] < parts[1]


def test_published_folder_has_only_versions(batch: Platform) -> None:
    folders = [folder.name for folder in batch.settings.published_dir.iterdir()]
    assert sorted(folders) == sorted([*TABLES, *MODELS, WRITERS_FILE, LOCK_FILE, TREND_FILE])
    versions = list(batch.settings.published_dir.glob("*/*"))
    assert not [version for version in versions if version.name.startswith(".")]


def test_trend_has_the_release(batch: Platform) -> None:
    release = current_release(batch.settings.published_dir)
    assert release is not None
    lines = (batch.settings.published_dir / TREND_FILE).read_text(encoding="utf-8").splitlines()
    found = ReleaseFigures.model_validate_json(lines[-1])
    assert found.release == release.name
    customers = sum(pq.read_metadata(file).num_rows for file in release.files("customer_segments"))
    assert found.whole.customers == customers


@pytest.mark.usefixtures("second_batch")
def test_previous_version_is_kept(batch: Platform) -> None:
    store = VersionStore(batch.settings.published_dir)
    assert {asset: len(store.versions(asset)) for asset in [*TABLES, *MODELS]} == dict.fromkeys(
        [*TABLES, *MODELS], 2
    )
