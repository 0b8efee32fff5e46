"""rfm_table: one row per customer, relative to the day after the newest transaction."""

import json
import shutil
from pathlib import Path

import dagster as dg
import pyarrow.compute as pc
import pytest

from bankseg_assets.defs.assets.customers.rfm_table import RfmConfig
from bankseg_assets.defs.assets.models.kmeans_model import KMeansConfig
from bankseg_assets.defs.assets.release.config import ReleaseConfig
from bankseg_assets.release.releases import current_release
from bankseg_assets_tests.batch_fixtures import Platform
from bankseg_assets_tests.running import run_platform

CLEANED = ("cleaned_transactions", "quarantined_transactions")


def test_every_customer_has_one_row(batch: Platform) -> None:
    customers = batch.run.table("rfm_table")["customer_id"].to_pylist()
    cleaned = batch.run.table("cleaned_transactions")["customer_id"].to_pylist()
    assert len(customers) == len(set(customers))
    assert set(customers) == set(cleaned)
    assert batch.run.metadata["rfm_table"]["n_customers"] == len(customers)


def test_transactions_and_money_are_preserved(batch: Platform) -> None:
    rfm, cleaned = batch.run.table("rfm_table"), batch.run.table("cleaned_transactions")
    assert pc.sum(rfm["frequency"]).as_py() == cleaned.num_rows
    assert pc.sum(rfm["monetary"]).as_py() == pc.sum(cleaned["amount"]).as_py()


def test_recency_counts_to_recorded_snapshot_date(batch: Platform) -> None:
    rfm = batch.run.table("rfm_table")
    assert batch.run.metadata["rfm_table"]["snapshot_date"] == "2016-10-22"
    assert {str(day) for day in rfm["snapshot_date"].to_pylist()} == {"2016-10-22"}
    assert pc.min(rfm["recency"]).as_py() == 1


def test_fifth_of_customers_is_held_out(batch: Platform) -> None:
    held_out = batch.run.table("rfm_table")["held_out"].to_numpy()
    # Three standard deviations of 3,300 draws are two points.
    assert held_out.mean() == pytest.approx(0.2, abs=0.02)


def test_small_delivery_recomputes_its_customers_only(
    after_batch: Platform, tmp_path: Path
) -> None:
    """One row contradicts an earlier one, so a file of earlier transactions is rewritten."""
    landing = after_batch.settings.landing_dir
    header, first, *_ = next(landing.glob("*.csv")).read_text(encoding="utf-8").splitlines()
    contradicts = f"{first.rpartition(',')[0]},12345.67"
    fresh = [f"DT99000{n},{','.join(first.split(',')[1:6])},22/10/16,120000,{n}.50" for n in (1, 2)]
    more = landing / "demo_transactions_2.csv"
    more.write_text("\n".join([header, contradicts, *fresh, ""]), encoding="utf-8")
    more.with_name("demo_transactions_2.csv.done").touch()
    run = run_platform(after_batch.resources, assets=["raw_transactions", *CLEANED, "rfm_table"])
    assert run.success, run.failures
    assert run.metadata["rfm_table"]["customers_recomputed"] == 1
    assert run.metadata["rfm_table"]["snapshot_date"] == "2016-10-23"
    found = run.table("rfm_table").sort_by("customer_id")
    # The same platform without the previous table: all customers are computed.
    shutil.rmtree(after_batch.settings.published_dir / "rfm_table")
    again = run_platform(after_batch.resources, assets=["rfm_table"])
    assert again.metadata["rfm_table"]["customers_recomputed"] == found.num_rows
    assert again.table("rfm_table").sort_by("customer_id").to_pylist() == found.to_pylist()


def test_cuts_of_every_score_are_recorded(batch: Platform) -> None:
    found = batch.run.metadata["rfm_table"]
    for name in ("recency", "frequency", "monetary"):
        assert str(found[f"{name}_score_cuts"]).count(", ") == 3


def test_run_may_use_another_customer_key(after_batch: Platform) -> None:
    """A run from rfm_table on, as in the Launchpad of `refit`: each asset records the key."""
    key = "concat_ws('|', gender, location)"
    config = dg.RunConfig(
        {
            "rfm_table": RfmConfig(customer_key=key),
            "kmeans_model": KMeansConfig(ks=[2, 3, 4]),
            "release": ReleaseConfig(force=True),
        }
    )
    run = run_platform(after_batch.resources, job="refit", config=config)
    assert run.success, run.failures
    cleaned = run_cleaned(after_batch)
    customers = run.table("rfm_table")["customer_id"].to_pylist()
    assert set(customers) == {"|".join(filter(None, pair)) for pair in cleaned}
    card = json.loads((run.folder("model_card") / "model.json").read_text(encoding="utf-8"))
    assert card["data"]["customer_key"] == key
    released = current_release(after_batch.settings.published_dir)
    assert released is not None
    assert released.customer_key == key
    message = run.metadata["segment_migration"]["nothing_to_compare"]
    assert f"is `{key}`, but `customer_id` in" in message
    # Later, without the run configuration: the key is known from the table.
    again = run_platform(after_batch.resources, assets=["release"])
    assert again.success
    released = current_release(after_batch.settings.published_dir)
    assert released is not None
    assert released.customer_key == key


def run_cleaned(bank: Platform) -> set[tuple[str | None, str | None]]:
    rows = bank.run.table("cleaned_transactions").select(["gender", "location"]).to_pylist()
    return {(row["gender"], row["location"]) for row in rows}


def test_invalid_key_is_refused_at_launch() -> None:
    with pytest.raises(ValueError, match="The customer key `reflect"):
        RfmConfig(customer_key="reflect('java.lang.System', 'exit', 1)")


def test_transactions_without_key_are_reported(after_batch: Platform) -> None:
    config = dg.RunConfig({"rfm_table": RfmConfig(customer_key="concat(birth_date, location)")})
    run = run_platform(after_batch.resources, assets=["rfm_table"], config=config)
    assert run.checks["customers_are_unique"].passed
    found = run.checks["transactions_have_a_customer"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "which belong to no customer. In the key, use concat_ws" in str(found.description)
    assert None not in run.table("rfm_table")["customer_id"].to_pylist()
