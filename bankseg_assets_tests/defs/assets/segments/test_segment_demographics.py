"""segment_demographics: the mix of every segment, and of all customers."""

from collections import defaultdict

import pyarrow.compute as pc
import pytest

from bankseg_assets.profiling.demographics import ATTRIBUTES
from bankseg_assets_tests.batch_fixtures import Platform


def test_cells_match_customers_or_are_hidden(batch: Platform) -> None:
    table = batch.run.table("segment_demographics").to_pylist()
    customers = batch.run.table("customer_segments").to_pandas()
    for row in [row for row in table if row["attribute"] == "gender" and len(row["value"]) == 1]:
        same = customers["gender"] == row["value"]
        members = customers["segment"] == row["segment"]
        assert row["customers"] in (None, (same & members).sum())
    assert all(row["customers"] is None or not 0 < row["customers"] < 11 for row in table)


def test_overall_shares_sum_to_one_except_hidden(batch: Platform) -> None:
    shares: dict[tuple[int, str], float] = defaultdict(float)
    for row in batch.run.table("segment_demographics").to_pylist():
        shares[row["segment"], row["attribute"]] += row["share_of_all"] or 0.0
    segments = pc.unique(batch.run.table("customer_segments")["segment"]).to_pylist()
    assert set(shares) == {(segment, name) for segment in segments for name in ATTRIBUTES}
    for total in shares.values():
        assert total == pytest.approx(1, abs=0.02)


def test_metadata_has_distances_and_main_difference(batch: Platform) -> None:
    found = batch.run.metadata["segment_demographics"]
    table = batch.run.table("segment_demographics")
    assert found["largest_distance"] == pc.max(table["distance"]).as_py() > 0
    for name in pc.unique(table["segment_name"]).to_pylist():
        assert f"| {name} |" in found["distances"]
    assert "| gender | F |" in found["mix"]
