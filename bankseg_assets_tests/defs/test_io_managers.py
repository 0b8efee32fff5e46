"""Assets are stored as atomic versions, with metadata of what was written."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from bankseg_assets.contracts.tables import SEGMENT_PROFILES
from bankseg_assets.defs.build import resources
from bankseg_assets.defs.io_managers import PATH_KEY, ROW_COUNT_KEY
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.outputs import ParquetFiles, Report, row_count
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.running import Run, run_assets

MODEL = {"b": [1.5, None], "a": {"name": "Café"}}


@pytest.fixture
def store(settings: Settings) -> VersionStore:
    return VersionStore(settings.published_dir)


@pytest.fixture
def profiles(spark: SparkSession) -> DataFrame:
    """Three rows of a published table, with reversed columns and an additional one."""
    rows = [
        tuple(_example(column.type, place) for column in SEGMENT_PROFILES.columns)
        for place in range(3)
    ]
    frame = spark.createDataFrame(rows, SEGMENT_PROFILES.ddl)
    return frame.selectExpr("*", "1 AS surplus").select(
        "surplus", *reversed(SEGMENT_PROFILES.names)
    )


def _example(spark_type: str, place: int) -> Any:
    if spark_type.startswith("array"):
        return []
    return (
        f"word {place}" if spark_type == "string" else {"double": float}.get(spark_type, int)(place)
    )


def asset_of(
    name: str, value: object, metadata: Mapping[str, Any] | None = None
) -> dg.AssetsDefinition:
    @dg.asset(name=name, metadata=metadata)
    def made() -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    return made


def keep(platform: Mapping[str, object], name: str, value: object, **metadata: Any) -> Run:
    return run_assets(asset_of(name, value, metadata), resources=platform)


def leftovers(store: VersionStore, asset: str) -> list[Path]:
    """Return the folders of incomplete versions."""
    versions = store.versions(asset)
    folders = versions[0].parent.iterdir() if versions else []
    return [folder for folder in folders if folder not in versions]


def test_rows_of_one_customer_are_in_a_small_group(
    platform: dict[str, object], store: VersionStore, spark: SparkSession
) -> None:
    """Spark's own row groups have half a million customers: a search would read them all."""
    ids = "concat('C', lpad(id, 7, '0')) AS customer_id"
    rows = spark.range(0, 40_000, 1, 1).selectExpr(
        ids,
        "1 AS rank",
        "concat('product ', uuid()) AS product",
        "rand() AS score",
        "'als' AS source",
    )
    keep(platform, "product_recommendations", rows)
    (file,) = store.latest("product_recommendations").glob("*.parquet")
    metadata = pq.read_metadata(file)
    assert metadata.num_row_groups > 1
    first = metadata.row_group(0).column(0)
    assert first.path_in_schema == "customer_id"
    assert first.statistics.min == "C0000000"
    assert first.statistics.max < "C0039999"
    assert not first.has_dictionary_page


def test_model_json_is_byte_identical_in_rerun(
    platform: dict[str, object], store: VersionStore
) -> None:
    keep(platform, "pca_model", MODEL)
    keep(platform, "pca_model", dict(reversed(MODEL.items())))
    first, second = (version / "model.json" for version in store.versions("pca_model"))
    assert json.loads(first.read_text(encoding="utf-8")) == MODEL
    assert first.read_bytes() == second.read_bytes()
    assert "Café" in first.read_text(encoding="utf-8")


def test_model_round_trips(platform: dict[str, object]) -> None:
    handed_on = []

    @dg.asset
    def reader(pca_model: dict[str, Any]) -> dict[str, Any]:
        handed_on.append(pca_model)
        return {}

    assert run_assets(asset_of("pca_model", MODEL), reader, resources=platform).success
    assert handed_on == [MODEL]


def test_table_round_trips_with_contract_columns(
    platform: dict[str, object], profiles: DataFrame
) -> None:
    handed_on = []

    @dg.asset
    def reader(segment_profiles: DataFrame) -> dict[str, Any]:
        handed_on.append((segment_profiles.dtypes, segment_profiles.count()))
        return {}

    writer = asset_of("segment_profiles", profiles)
    run = run_assets(writer, reader, resources=platform)
    assert run.failures == {}
    assert run.table("segment_profiles").column_names == SEGMENT_PROFILES.names
    assert handed_on == [([(c.name, c.type) for c in SEGMENT_PROFILES.columns], 3)]


def test_row_count_is_recorded_under_all_keys(
    platform: dict[str, object], profiles: DataFrame
) -> None:
    asked = {ROW_COUNT_KEY: "n_segments", PATH_KEY: "table_path"}
    run = keep(platform, "segment_profiles", profiles, **asked)
    found = run.metadata["segment_profiles"]
    assert found["dagster/row_count"] == found["n_segments"] == 3
    assert found["path"] == found["table_path"] == str(run.folder("segment_profiles"))
    assert found["version"] == run.folder("segment_profiles").name
    assert found["bytes"] > 0
    assert 0 < found["seconds"] < 60


def test_model_has_no_rows_to_record(platform: dict[str, object]) -> None:
    found = keep(platform, "pca_model", MODEL, **{ROW_COUNT_KEY: "n"}).metadata["pca_model"]
    assert {"dagster/row_count", "n", "dagster/column_lineage"}.isdisjoint(found)


def test_written_files_are_linked(platform: dict[str, object], tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1, 2]}), tmp_path / "a")
    pq.write_table(pa.table({"x": [3]}), tmp_path / "b")
    files = {f"{name}.parquet": tmp_path / name for name in ("a", "b")}
    run = keep(platform, "raw_transactions", ParquetFiles(files))
    folder = run.folder("raw_transactions")
    assert all((folder / name).samefile(path) for name, path in files.items())
    assert run.metadata["raw_transactions"]["dagster/row_count"] == row_count(folder) == 3


def test_files_are_copied_if_linking_fails(
    platform: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    pq.write_table(pa.table({"x": [1, 2]}), tmp_path / "a")
    run = keep(platform, "raw_transactions", ParquetFiles({"a.parquet": tmp_path / "a"}))
    copy = run.folder("raw_transactions") / "a.parquet"
    assert copy.read_bytes() == (tmp_path / "a").read_bytes()
    assert not copy.samefile(tmp_path / "a")


def data_version(run: Run, asset: str) -> str:
    (event,) = run.result.asset_materializations_for_node(asset)
    return str((event.tags or {})["dagster/data_version"])


def test_data_version_is_the_content(platform: dict[str, object]) -> None:
    """What is made from an asset is unsynced only if the content of that has changed."""
    first, same, other = (
        data_version(keep(platform, "pca_model", document), "pca_model")
        for document in (MODEL, dict(reversed(MODEL.items())), MODEL | {"b": []})
    )
    assert first == same != other


def test_report_is_page_with_tables_behind_it(platform: dict[str, object]) -> None:
    run = keep(platform, "eda_report", Report("<p>€</p>", {"days": [{"day": 1}]}))
    folder = run.folder("eda_report")
    assert (folder / "report.html").read_text(encoding="utf-8") == "<p>€</p>"
    assert run.metadata["eda_report"]["report"] == f"/reports/eda_report/{folder.name}"
    tables = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    assert tables == {"days": [{"day": 1}]}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2], "pca_model is a list: neither a table, a report nor a model."),
        ({"mean": float("nan")}, "Out of range float values are not JSON compliant"),
        (KeyError("out of luck"), "out of luck"),
    ],
    ids=["of_no_known_kind", "not_a_number", "failed"],
)
def test_unsupported_value_keeps_previous_version(
    platform: dict[str, object], store: VersionStore, value: object, message: str
) -> None:
    keep(platform, "pca_model", MODEL)
    (good,) = store.versions("pca_model")
    assert message in keep(platform, "pca_model", value).failures["pca_model"]
    assert store.versions("pca_model") == [good]
    assert leftovers(store, "pca_model") == []
    assert json.loads((good / "model.json").read_text(encoding="utf-8")) == MODEL


def test_failed_write_keeps_previous_version(
    platform: dict[str, object], store: VersionStore, profiles: DataFrame
) -> None:
    keep(platform, "segment_profiles", profiles)
    broken = profiles.selectExpr(
        "* EXCEPT (sentence)",
        "if(segment = 2, raise_error('the third row is broken'), sentence) AS sentence",
    )
    message = keep(platform, "segment_profiles", broken).failures["segment_profiles"]
    assert "the third row is broken" in message
    (good,) = store.versions("segment_profiles")
    assert leftovers(store, "segment_profiles") == []
    assert row_count(good) == 3


@pytest.mark.slow
def test_only_last_versions_are_kept(
    settings: Settings, spark_resource: SparkResource, store: VersionStore
) -> None:
    two = Settings(data_dir=settings.data_dir, keep_versions=2)
    for number in range(4):
        keep(resources(two, spark=spark_resource), "pca_model", {"number": number})
    kept = [json.loads((v / "model.json").read_text()) for v in store.versions("pca_model")]
    assert kept == [{"number": 2}, {"number": 3}]


def test_missing_asset_error_says_what_to_do(
    platform: dict[str, object],
) -> None:
    @dg.asset
    def reader(pca_model: dict[str, Any]) -> dict[str, Any]:
        return pca_model

    run = run_assets(asset_of("pca_model", MODEL), reader, resources=platform, only=["reader"])
    message = run.failures["reader"]
    assert "pca_model was never materialized" in message
    assert "run the job `refresh`" in message
