"""Tests of the code location: it loads without warnings and has the designed assets."""

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

import bankseg_assets
from bankseg_assets.cleaning.rules_version import CLEANING_RULES, RFM_RULES
from bankseg_assets.contracts.tables import TABLES
from bankseg_assets.definitions import defs
from bankseg_assets.landing.reading import PARSING_RULES

PACKAGE = Path(bankseg_assets.__file__).parent
GRAPH = defs.resolve_asset_graph()

# Asset -> what it is made from.
LINEAGE: dict[str, set[str]] = {
    "raw_transactions": set(),
    "cleaned_transactions": {"raw_transactions"},
    "quarantined_transactions": {"raw_transactions"},
    "eda_report": {"cleaned_transactions", "quarantined_transactions", "rfm_table"},
    "rfm_table": {"cleaned_transactions"},
    "pca_model": {"rfm_table"},
    "kmeans_model": {"rfm_table", "pca_model"},
    "segmentation_comparison": {"rfm_table", "pca_model", "kmeans_model"},
    "customer_segments": {"rfm_table", "pca_model", "kmeans_model"},
    "segment_demographics": {"customer_segments"},
    "segment_profiles": {"customer_segments", "segment_demographics"},
    "rfm_grid": {"customer_segments"},
    "rfm_groups": {"customer_segments"},
    "segment_migration": {"customer_segments", "kmeans_model"},
    "nb_classifier": {"customer_segments", "segment_profiles", "pca_model", "kmeans_model"},
    "recommended_actions": {"segment_profiles"},
    "product_holdings": set(),
    "quarantined_holdings": set(),
    "recommendation_model": {"product_holdings", "customer_segments"},
    "product_recommendations": {"product_holdings", "customer_segments"},
    "model_card": {
        *("nb_classifier", "pca_model", "kmeans_model", "eda_report", "segment_demographics"),
    },
    "release": {
        *("nb_classifier", "segment_profiles", "segment_migration", "eda_report", "rfm_table"),
        *("rfm_grid", "rfm_groups", "recommended_actions", "recommendation_model"),
        *("product_recommendations", "quarantined_holdings", "model_card"),
    },
}
GROUPS = {
    "ingestion": {"raw_transactions", "cleaned_transactions", "quarantined_transactions"},
    "insight": {"eda_report", "rfm_table"},
    "models": {
        *("pca_model", "kmeans_model", "segmentation_comparison"),
        *("nb_classifier", "model_card", "release"),
    },
    "segments": {
        *("customer_segments", "segment_profiles", "segment_demographics", "segment_migration"),
        *("rfm_grid", "rfm_groups"),
    },
    "actions": {
        *("recommended_actions", "product_holdings", "quarantined_holdings"),
        *("recommendation_model", "product_recommendations"),
    },
}
STUDY = {"segmentation_comparison"}
JOBS = {
    "everything": set(LINEAGE) - STUDY,
    "ingestion": GROUPS["ingestion"],
    "models": set(LINEAGE) - GROUPS["ingestion"] - STUDY,
    "comparison": STUDY,
    "recommendations": GROUPS["actions"] - {"recommended_actions"} | {"release"},
}


def run_python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def spec(asset: str) -> dg.AssetSpec:
    return GRAPH.get(dg.AssetKey(asset)).assets_def.specs_by_key[dg.AssetKey(asset)]


def test_definitions_load_without_warnings() -> None:
    load = "import dagster; from bankseg_assets.definitions import defs"
    validate = "dagster.Definitions.validate_loadable(defs)"
    loaded = run_python(f"{load}; {validate}", "-W", "error")
    assert (loaded.returncode, loaded.stdout, loaded.stderr) == (0, "", "")


def test_definitions_have_the_expected_assets() -> None:
    assert {key.to_user_string() for key in GRAPH.get_all_asset_keys()} == set(LINEAGE)


@pytest.mark.parametrize("asset", LINEAGE)
def test_assets_have_the_expected_upstream(asset: str) -> None:
    parents = GRAPH.get(dg.AssetKey(asset)).parent_keys
    assert {key.to_user_string() for key in parents} == LINEAGE[asset]


@pytest.mark.parametrize("asset", LINEAGE)
def test_assets_have_owner_and_description(asset: str) -> None:
    found = spec(asset)
    assert found.group_name in GROUPS
    assert asset in GROUPS[found.group_name]
    assert found.owners == ["team:customer-analytics"]
    assert found.kinds
    assert len(found.description or "") > 40
    assert (found.freshness_policy is None) == (asset in STUDY)


def test_code_version_is_rules_version() -> None:
    """Dagster marks a table as stale when the rules for its rows have changed."""
    rules = {
        "raw_transactions": PARSING_RULES,
        "cleaned_transactions": CLEANING_RULES,
        "quarantined_transactions": CLEANING_RULES,
        "rfm_table": RFM_RULES,
    }
    assert {asset: spec(asset).code_version for asset in rules} == {
        asset: str(version) for asset, version in rules.items()
    }


@pytest.mark.parametrize("table", TABLES)
def test_table_columns_have_type_and_description(table: str) -> None:
    schema = spec(table).metadata["dagster/column_schema"]
    assert [column.name for column in schema.columns] == TABLES[table].names
    assert all(column.type and column.description for column in schema.columns)


@pytest.mark.parametrize("job", JOBS)
def test_jobs_select_the_expected_assets(job: str) -> None:
    selected = defs.resolve_job_def(job).asset_layer.executable_asset_keys
    assert {key.to_user_string() for key in selected} == JOBS[job]


@pytest.mark.parametrize("job", JOBS)
def test_jobs_run_in_process(job: str) -> None:
    assert defs.resolve_job_def(job).executor_def is dg.in_process_executor


def test_recommendations_run_after_independent_assets() -> None:
    job = defs.resolve_job_def("everything")
    priorities = {
        node.name: int(job.get_node_named(node.name).tags.get("dagster/priority", 0))
        for node in job.nodes
    }
    assert [name for name, priority in priorities.items() if priority < 0] == ["recommend_products"]
    assert min(priorities.values()) == -1


def test_checks_run_in_the_jobs_of_their_assets() -> None:
    found = {
        job: {
            key.name for key in defs.resolve_job_def(job).asset_layer.asset_graph.asset_check_keys
        }
        for job in JOBS
    }
    assert found["ingestion"].isdisjoint(found["models"])
    assert found["ingestion"] | found["models"] == found["everything"]


def test_sensors_run_from_the_start() -> None:
    found = {sensor.name: sensor.default_status for sensor in defs.sensors or ()}
    assert found == dict.fromkeys(
        (
            *("landing_sensor", "holdings_sensor", "cleaned_sensor"),
            *("failure_sensor", "release_sensor"),
        ),
        dg.DefaultSensorStatus.RUNNING,
    )


def test_package_import_has_no_side_imports() -> None:
    code = (
        "import json, sys; before = set(sys.modules); import bankseg_assets;"
        "print(json.dumps(sorted(sys.modules.keys() - before)))"
    )
    assert json.loads(run_python(code).stdout) == ["bankseg_assets"]
