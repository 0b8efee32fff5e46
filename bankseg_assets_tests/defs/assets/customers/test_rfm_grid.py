"""rfm_grid and rfm_groups: the classic RFM view of the customers in the segments."""

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from bankseg_assets_tests.batch_fixtures import Platform


@pytest.fixture(scope="module")
def customers(batch: Platform) -> pd.DataFrame:
    return batch.run.table("customer_segments").to_pandas()


def expected(of: pd.DataFrame, row: dict[str, Any]) -> list[tuple[int, Decimal] | None]:
    """Return the customers and their money, and that they may be hidden."""
    return [None, (len(of), sum(of["monetary"], Decimal(0)))]


def test_every_cell_of_grid_is_within_its_thresholds(
    batch: Platform, customers: pd.DataFrame
) -> None:
    rows = batch.run.table("rfm_grid").to_pylist()
    assert len(rows) == 25
    for row in rows:
        of = customers[
            (customers["recency_score"] == row["recency_score"])
            & (customers["frequency_score"] == row["frequency_score"])
        ]
        shown = None if row["customers"] is None else (row["customers"], row["monetary"])
        assert shown in expected(of, row)
        for measure in ("recency", "frequency"):
            low, high = row[f"{measure}_from"], row[f"{measure}_to"]
            assert of.empty or of[measure].min() >= low
            assert of.empty or high is None or of[measure].max() <= high


def test_every_group_in_every_segment_is_counted(batch: Platform, customers: pd.DataFrame) -> None:
    rows = batch.run.table("rfm_groups").to_pylist()
    assert len(rows) == 11 * customers["segment"].nunique()
    for row in rows:
        of = customers[
            (customers["rfm_group"] == row["rfm_group"]) & (customers["segment"] == row["segment"])
        ]
        shown = None if row["customers"] is None else (row["customers"], row["monetary"])
        assert shown in expected(of, row)


def test_no_count_of_one_to_ten_is_published(batch: Platform) -> None:
    for asset in ("rfm_grid", "rfm_groups"):
        counts = batch.run.table(asset)["customers"].to_pylist()
        assert not [count for count in counts if count is not None and 0 < count < 11]
        assert any(counts)


def test_metadata_has_grid_and_groups(batch: Platform) -> None:
    found = batch.run.metadata
    assert "| 5: 0 to " in found["rfm_grid"]["cells"]
    assert "| Champions |" in found["rfm_groups"]["money_in_both"]
