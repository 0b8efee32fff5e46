"""segment_profiles: the segments cover all customers and all money."""

import pyarrow.compute as pc
import pytest

from bankseg_assets.storage.documents import read_document
from bankseg_assets_tests.batch_fixtures import Platform


def test_shares_sum_to_one(batch: Platform) -> None:
    profiles = batch.run.table("segment_profiles")
    assert pc.sum(profiles["share_of_customers"]).as_py() == pytest.approx(1)
    assert pc.sum(profiles["share_of_money"]).as_py() == pytest.approx(1)


def test_customers_and_money_are_those_of_segments(batch: Platform) -> None:
    profiles, rfm = batch.run.table("segment_profiles"), batch.run.table("rfm_table")
    assert pc.sum(profiles["customers"]).as_py() == rfm.num_rows
    money = float(pc.sum(rfm["monetary"]).as_py())
    assert pc.sum(profiles["total_monetary"]).as_py() == pytest.approx(money)


def test_rule_figures_match_customers(batch: Platform) -> None:
    customers = batch.run.table("customer_segments").to_pandas()
    rows = batch.run.table("segment_profiles").to_pylist()
    assert any(row["rule"] for row in rows)
    for row in [row for row in rows if row["rule"]]:
        held = customers["segment"] == customers["segment"]
        for condition in row["rule_conditions"]:
            values = customers[condition["measure"]].astype(float)
            below = condition["operator"] == "<"
            held &= values < condition["value"] if below else values >= condition["value"]
        members = customers["segment"] == row["segment"]
        assert row["rule_coverage"] == pytest.approx(
            (held & members).sum() / members.sum(), abs=1e-4
        )
        assert row["rule_exclusivity"] == pytest.approx(
            (held & members).sum() / held.sum(), abs=1e-4
        )
        assert (
            f"| {row['segment_name']} | {row['rule']} |"
            in batch.run.metadata["segment_profiles"]["rules"]
        )


def test_bundle_segments_match_profiles(batch: Platform) -> None:
    bundle = read_document(batch.run.folder("nb_classifier"))
    rows = {row["segment"]: row for row in batch.run.table("segment_profiles").to_pylist()}
    for segment in bundle["segments"]:
        row = rows[segment["segment"]]
        assert segment["rule"] == row["rule"]
        assert segment["conditions"] == row["rule_conditions"]
        assert segment["locations"] == row["top_locations"]
        assert segment["quartiles"]["recency"] == [
            row["lower_quartile_recency"],
            row["upper_quartile_recency"],
        ]


def test_every_segment_has_name_and_sentence(batch: Platform) -> None:
    rows = batch.run.table("segment_profiles").to_pylist()
    found = batch.run.metadata["segment_profiles"]
    assert found["n_segments"] == len(rows) == batch.run.metadata["kmeans_model"]["k"]
    assert len({row["segment_name"] for row in rows}) == len(rows)
    assert found["sentences"] == "\n".join(
        f"- **{row['segment_name']}**: {row['sentence']}" for row in rows
    )
