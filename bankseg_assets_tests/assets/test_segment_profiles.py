"""segment_profiles: the segments together are all customers and all money."""

import pyarrow.compute as pc
import pytest

from bankseg_assets_tests.assets.conftest import Platform


def test_shares_sum_to_one(batch: Platform) -> None:
    profiles = batch.run.table("segment_profiles")
    assert pc.sum(profiles["share_of_customers"]).as_py() == pytest.approx(1)
    assert pc.sum(profiles["share_of_money"]).as_py() == pytest.approx(1)


def test_customers_and_money_are_those_of_the_segments(batch: Platform) -> None:
    profiles, rfm = batch.run.table("segment_profiles"), batch.run.table("rfm_table")
    assert pc.sum(profiles["customers"]).as_py() == rfm.num_rows
    money = float(pc.sum(rfm["monetary"]).as_py())
    assert pc.sum(profiles["total_monetary"]).as_py() == pytest.approx(money)


def test_every_segment_has_a_name_and_a_sentence_for_people(batch: Platform) -> None:
    rows = batch.run.table("segment_profiles").to_pylist()
    found = batch.run.metadata["segment_profiles"]
    assert found["n_segments"] == len(rows) == batch.run.metadata["kmeans_model"]["k"]
    assert len({row["segment_name"] for row in rows}) == len(rows)
    assert found["sentences"] == "\n".join(
        f"- **{row['segment_name']}**: {row['sentence']}" for row in rows
    )
