"""product_recommendations: customers get products they do not hold, or the reason why not."""

import json
import shutil
from collections import defaultdict
from collections.abc import Sequence

import dagster as dg

from bankseg_assets.contracts.tables import TABLES
from bankseg_assets.release.releases import all_releases, current_release
from bankseg_assets_tests.batch_fixtures import Platform
from bankseg_assets_tests.defs.assets.products.test_product_holdings import HEADER, land
from bankseg_assets_tests.running import Run, run_platform


def document(run: Run) -> dict[str, object]:
    path = run.folder("recommendation_model") / "model.json"
    found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_every_customer_gets_three_products_not_held(
    batch: Platform,
) -> None:
    held = defaultdict(set)
    for row in batch.run.table("product_holdings").to_pylist():
        held[row["customer_id"]].add(row["product"])
    rows = defaultdict(list)
    for row in batch.run.table("product_recommendations").to_pylist():
        rows[row["customer_id"]].append(row)
    customers = set(batch.run.table("customer_segments")["customer_id"].to_pylist())
    assert set(rows) == customers
    products = set().union(*held.values())
    for customer, found in rows.items():
        found.sort(key=lambda row: row["rank"])
        left = len(products - held[customer])
        assert [row["rank"] for row in found] == list(range(1, min(3, left) + 1))
        assert held[customer].isdisjoint(row["product"] for row in found)
        scores = [row["score"] for row in found]
        assert scores == sorted(scores, reverse=True)
        assert {row["source"] for row in found} == {"als" if held[customer] else "segment"}


def test_metadata_has_quality_and_coverage(batch: Platform) -> None:
    found = batch.run.metadata["recommendation_model"]
    assert found["customers_tested"] > 100
    assert found["map_at_7"] > found["map_at_7_of_popularity"]
    assert "| most popular in the segment | 0." in found["quality"]
    assert batch.run.checks["als_is_as_good_as_popularity"].passed
    covered = batch.run.metadata["product_recommendations"]
    customers = batch.run.metadata["customer_segments"]["dagster/row_count"]
    assert covered["customers"] == customers
    # Someone who holds nearly everything has fewer left.
    assert 0.99 * 3 * customers < covered["n_recommendations"] <= 3 * customers
    assert 0.75 < covered["share_with_holdings"] < 0.85
    assert covered["holders_without_transactions"] == "<11"  # with only invalid rows


def test_release_contains_recommendations(batch: Platform) -> None:
    # The first run; another test may have added a second one of the same batch.
    release = all_releases(batch.settings.published_dir)[0]
    for asset in ("product_recommendations", "recommendation_model", "recommended_actions"):
        assert release.versions[asset] == batch.run.metadata[asset]["version"]


def land_holdings(bank: Platform, customers: Sequence[str]) -> Run:
    """Land a file with two products per customer, and ingest it."""
    rows = "".join(f"{one},{product}\n" for one in customers for product in ("Loan", "Fund"))
    land(bank.settings, "bank.csv", HEADER + rows)
    run = run_platform(bank.resources, job="recommendations")
    assert run.failures == {}
    return run


def known(bank: Platform, n: int) -> list[str]:
    return sorted(bank.run.table("customer_segments")["customer_id"].to_pylist())[:n]


def test_new_holdings_make_new_release_with_same_segments(after_batch: Platform) -> None:
    """Few get recommendations by segment only, and unknown holders are counted."""
    before = current_release(after_batch.settings.published_dir)
    run = land_holdings(after_batch, [*known(after_batch, 60), *(f"X{n}" for n in range(20))])
    after = current_release(after_batch.settings.published_dir)
    assert before is not None
    assert after is not None
    changed = {name for name in after.versions if after.versions[name] != before.versions[name]}
    assert changed == {
        *("product_holdings", "quarantined_holdings"),
        *("recommendation_model", "product_recommendations"),
    }
    found = run.metadata["product_recommendations"]
    assert found["state"].startswith("By segment only")
    assert found["customers_with_holdings"] == "60"
    assert found["holders_without_transactions"] == "20"
    assert set(run.table("product_recommendations")["source"].to_pylist()) == {"segment"}
    assert run.checks["holdings_are_of_the_customers"].passed


def test_unrelated_holdings_give_no_recommendations(after_batch: Platform) -> None:
    """Their IDs match no customer: an error is reported, and the release is still made."""
    run = land_holdings(after_batch, [f"{one}.0" for one in known(after_batch, 60)])
    check = run.checks["holdings_are_of_the_customers"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert str(check.description).startswith(
        "0 of the 60 customers in the holdings are among the 3,359 customers with transactions"
    )
    assert "withdraw --holdings" in str(check.description)
    assert run.table("product_recommendations").num_rows == 0
    assert document(run)["model"] is None
    found = current_release(after_batch.settings.published_dir)
    assert found is not None
    assert found.run_id == run.result.run_id
    assert found.warnings[-1] == check.description


def test_release_is_made_without_holdings(after_batch: Platform) -> None:
    settings = after_batch.settings
    for path in (settings.holdings_dir, settings.raw_holdings_dir, settings.holdings_ledger_path):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    run = run_platform(after_batch.resources, job="recommendations")
    assert run.failures == {}
    assert run.table("product_recommendations").num_rows == 0
    assert run.table("product_recommendations").column_names == (
        TABLES["product_recommendations"].names
    )
    assert document(run)["model"] is None
    for asset in ("recommendation_model", "product_recommendations"):
        assert run.metadata[asset]["state"].startswith("Waiting for a file of product holdings")
    assert "release" in run.metadata
    assert all(
        run.checks[name].passed
        for name in ("only_known_products_are_recommended", "als_is_as_good_as_popularity")
    )


def test_classifier_runs_before_recommendations(batch: Platform) -> None:
    steps = [event.step_key for event in batch.run.result.all_events if event.is_step_start]
    assert steps.index("nb_classifier") < steps.index("recommend_products")
    assert steps.index("recommend_products") < steps.index("release")


def test_recommendation_model_ignores_partitioning(batch: Platform, second_batch: Run) -> None:
    assert document(batch.run) == document(second_batch)
