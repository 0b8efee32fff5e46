"""Tests of the code location: it loads without warnings and has the designed assets."""

import importlib
import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

import bankseg_assets
from bankseg_assets import definitions
from bankseg_assets.cleaning.rules_version import CLEANING_RULES, HOLDINGS_RULES, RFM_RULES
from bankseg_assets.contracts.tables import TABLES
from bankseg_assets.customers.transaction_counts import EDA_RULES
from bankseg_assets.definitions import defs
from bankseg_assets.defs.assets.models.kmeans_model import KMeansConfig
from bankseg_assets.defs.assets.release.release import GATES
from bankseg_assets.landing.reading import PARSING_RULES
from bankseg_assets.runtime import spark
from bankseg_assets.scoring.bundle import BUNDLE_FORMAT

PACKAGE = Path(bankseg_assets.__file__).parent
GRAPH = defs.resolve_asset_graph()

ASSETS = {key.to_user_string() for key in GRAPH.get_all_asset_keys()}
# The comparison of algorithms takes minutes, and nothing is made from it.
STUDY = "segmentation_comparison"
HEALTH = "platform_health"
OBSERVED = {"landing_folder", "holdings_folder", HEALTH}
FULL_BATCHES = ("refresh", "refit", "refit_with_k", "refit_with_key")
JOBS = (*FULL_BATCHES, "force_release", "ingestion", "recommendations", "comparison", "retention")
# Removes old data, and makes none.
RETENTION = "retention_report"
# No release waits for it.
CAMPAIGNS = "campaign_results"


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


@pytest.mark.subprocess
def test_definitions_load_without_warnings() -> None:
    load = "import dagster; from bankseg_assets.definitions import defs"
    validate = "dagster.Definitions.validate_loadable(defs)"
    loaded = run_python(f"{load}; {validate}", "-W", "error")
    assert (loaded.returncode, loaded.stdout, loaded.stderr) == (0, "", "")


def upstream(asset: str) -> set[str]:
    """Return an asset and all that it is made from."""
    parents = (key.to_user_string() for key in GRAPH.get(dg.AssetKey(asset)).parent_keys)
    return {asset}.union(*map(upstream, parents))


def selected(job: str) -> set[str]:
    keys = defs.resolve_job_def(job).asset_layer.executable_asset_keys
    return {key.to_user_string() for key in keys}


def test_release_is_made_from_every_asset_but_the_study() -> None:
    assert upstream("release") == ASSETS - {STUDY, RETENTION, HEALTH, CAMPAIGNS}
    assert TABLES.keys() <= ASSETS


def test_assets_have_owner_and_description() -> None:
    for asset in ASSETS:
        found = spec(asset)
        assert found.group_name != "default", asset
        assert found.owners == ["team:customer-analytics"], asset
        assert found.kinds, asset
        assert len(found.description or "") > 40, asset
        assert (found.freshness_policy is None) == (asset in {STUDY, RETENTION, *OBSERVED}), asset


def test_assets_with_rows_of_customers_are_tagged() -> None:
    """The catalog finds what falls under the rules for personal data."""
    tagged = {asset for asset in ASSETS if "personal_data" in spec(asset).tags}
    assert tagged == {
        *("landing_folder", "holdings_folder", "raw_transactions", "cleaned_transactions"),
        *("quarantined_transactions", "product_holdings", "quarantined_holdings", "rfm_table"),
        *("customer_segments", "watch_list", "product_recommendations"),
    }


def test_automation_has_descriptions() -> None:
    for automation in (*(defs.sensors or ()), *(defs.schedules or ())):
        assert isinstance(automation, dg.SensorDefinition | dg.ScheduleDefinition)
        assert len(automation.description or "") > 40, automation.name
        assert "`" not in str(automation.description), "the UI shows it as plain text"


def test_jobs_and_checks_have_descriptions() -> None:
    for job in JOBS:
        assert len(defs.resolve_job_def(job).description or "") > 40, job
    assert {job.name for job in defs.jobs or ()} == set(JOBS)
    for key in GRAPH.asset_check_keys:
        assert len(GRAPH.get_check_spec(key).description or "") > 20, key


def test_release_checks_say_whether_they_block() -> None:
    for name, text in GATES.items():
        assert "refuse" in text, name


def test_groups_read_from_left_to_right() -> None:
    """No group is both upstream and downstream of another one."""
    before = {
        (spec(parent.to_user_string()).group_name, spec(asset).group_name)
        for asset in ASSETS
        for parent in GRAPH.get(dg.AssetKey(asset)).parent_keys
    }
    before = {(first, second) for first, second in before if first != second}
    groups = {group for pair in before for group in pair}
    while groups:
        leftmost = groups - {second for first, second in before if first in groups}
        assert leftmost, f"A cycle of groups: {groups}"
        groups -= leftmost


def test_launchpad_scaffold_has_k() -> None:
    schema = KMeansConfig.to_config_schema().as_field().config_type.fields
    assert schema["k"].default_value == 0
    assert "k_max" not in schema  # as a bound, it could be below the other one


def test_code_version_is_rules_version() -> None:
    """Dagster marks a table as stale when the rules for its rows have changed."""
    rules = {
        "raw_transactions": PARSING_RULES,
        "cleaned_transactions": CLEANING_RULES,
        "quarantined_transactions": CLEANING_RULES,
        "rfm_table": RFM_RULES,
        "transaction_counts": EDA_RULES,
        "product_holdings": HOLDINGS_RULES,
        "quarantined_holdings": HOLDINGS_RULES,
    }
    assert {asset: spec(asset).code_version for asset in rules} == {
        asset: str(version) for asset, version in rules.items()
    }


def test_every_asset_has_a_code_version() -> None:
    assert all(spec(asset).code_version for asset in ASSETS - OBSERVED)
    assert str(spec("nb_classifier").code_version).startswith(f"{BUNDLE_FORMAT}.")


def test_table_columns_have_type_and_description() -> None:
    for name, table in TABLES.items():
        schema = spec(name).metadata["dagster/column_schema"]
        assert [column.name for column in schema.columns] == table.names
        assert all(column.type and column.description for column in schema.columns), name


@pytest.mark.parametrize("job", FULL_BATCHES)
def test_full_batches_are_all_assets_but_the_study(job: str) -> None:
    assert selected(job) == ASSETS - {STUDY, RETENTION, HEALTH}


def test_other_jobs_are_parts_of_a_batch() -> None:
    assert selected("force_release") == {"release"}
    assert selected("ingestion") == upstream("cleaned_transactions") | upstream(
        "quarantined_transactions"
    )
    assert selected("comparison") == {STUDY}
    assert selected("retention") == {RETENTION}


def test_new_holdings_remake_what_is_made_from_them() -> None:
    made_from_them = {asset for asset in ASSETS if "product_holdings" in upstream(asset)}
    # They follow the transactions of a batch, and are ingested without them, too.
    transactions = upstream("raw_transactions")
    holdings = upstream("quarantined_holdings") - transactions
    assert selected("recommendations") == (made_from_them - {HEALTH}) | holdings


def test_jobs_run_in_process() -> None:
    """Each run holds a JVM, which its steps share."""
    for job in JOBS:
        assert defs.resolve_job_def(job).executor_def is dg.in_process_executor, job


def test_recommendations_run_after_independent_assets() -> None:
    job = defs.resolve_job_def("refresh")
    priorities = {
        node.name: int(job.get_node_named(node.name).tags.get("dagster/priority", 0))
        for node in job.nodes
    }
    last = [name for name, priority in priorities.items() if priority < 0]
    assert sorted(last, key=lambda name: -priorities[name]) == [
        "recommend_products",
        "campaign_results",
    ]


def test_checks_run_in_the_jobs_of_their_assets() -> None:
    found = {
        job: {
            key.name for key in defs.resolve_job_def(job).asset_layer.asset_graph.asset_check_keys
        }
        for job in JOBS
    }
    assert found["refresh"] == found["refit"]
    assert "every_row_is_accounted_for" in found["ingestion"] < found["refresh"]
    assert "numpy_scores_as_spark_does" in found["refresh"] - found["ingestion"]


def test_sensors_run_from_the_start() -> None:
    found = {sensor.name: sensor.default_status for sensor in defs.sensors or ()}
    assert found == dict.fromkeys(
        (
            *("landing_sensor", "holdings_sensor", "cleaned_sensor", "refit_sensor"),
            *("failure_sensor", "release_sensor", "health_sensor", "alert_sensor"),
        ),
        dg.DefaultSensorStatus.RUNNING,
    )


@pytest.mark.subprocess
def test_package_import_has_no_side_imports() -> None:
    code = (
        "import json, sys; before = set(sys.modules); import bankseg_assets;"
        "print(json.dumps(sorted(sys.modules.keys() - before)))"
    )
    assert json.loads(run_python(code).stdout) == ["bankseg_assets"]


def test_refresh_keeps_every_model_and_refit_none() -> None:
    kept = defs.resolve_job_def("refresh").run_config["ops"]
    assert set(kept) == {
        *("pca_model", "kmeans_model", "nb_classifier"),
        *("value_of_customers", "recommend_products"),
    }
    assert all(step == {"config": {"keep": True}} for step in kept.values())
    assert not defs.resolve_job_def("refit").run_config


@pytest.mark.parametrize(("parent", "sessions"), [(None, 0), (multiprocessing, 1)])
def test_java_starts_with_the_process_of_a_run(
    monkeypatch: pytest.MonkeyPatch, parent: object, sessions: int
) -> None:
    started: list[object] = []
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: parent)
    monkeypatch.setattr(spark, "start_early", lambda *given: started.append(given))
    importlib.reload(definitions)
    assert len(started) == sessions
