"""value_model, customer_value and watch_list of the demo batch, in a release."""

import pyarrow.compute as pc
import pytest

from bankseg_assets.release.releases import current_release
from bankseg_assets.storage.documents import read_document
from bankseg_assets_tests.running import Platform


def test_every_customer_has_the_forecast_of_its_history(batch: Platform) -> None:
    customers, value = batch.run.table("customer_segments"), batch.run.table("customer_value")
    assert pc.sum(value["customers"]).as_py() == len(customers)
    for name in ("days_next_90", "spend_next_90"):
        assert customers[name].null_count == 0
        assert pc.min(customers[name]).as_py() >= 0
    by_history = pc.sum(pc.multiply(value["customers"], value["days_next_90"])).as_py()
    assert pc.sum(customers["days_next_90"]).as_py() == pytest.approx(by_history, rel=1e-4)


def test_model_has_its_test_and_says_what_is_shown(batch: Platform) -> None:
    document = read_document(batch.run.folder("value_model"))
    metadata = batch.run.metadata["value_model"]
    assert metadata["days_forecast_by"] == document["days_by"]
    assert document["notes"]
    assert document["purchases"]["r"] > 0
    for quality in (document["days_quality"], document["spend_quality"]):
        assert {"past", "segment"} <= set(quality)
        assert all(len(found["deciles"]) == 10 for found in quality.values())


def test_forecasts_are_in_profiles_and_release(batch: Platform) -> None:
    release = current_release(batch.settings.published_dir)
    assert release is not None
    assert {"value_model", "customer_value", "watch_list"} <= release.versions.keys()
    profiles = batch.run.table("segment_profiles")
    customers = batch.run.table("customer_segments")
    total = pc.sum(profiles["total_spend_next_90"]).as_py()
    assert total == pytest.approx(pc.sum(customers["spend_next_90"]).as_py(), rel=1e-3)


def test_watch_list_has_customers_with_reasons(batch: Platform) -> None:
    found = batch.run.table("watch_list").to_pylist()
    assert [row["rank"] for row in found] == list(range(1, len(found) + 1))
    assert all(row["reason"] and row["next_step"] and 0 <= row["risk"] <= 1 for row in found)
    money = [row["money_at_risk"] for row in found]
    assert money == sorted(money, reverse=True)
    assert batch.run.metadata["watch_list"]["note"]
