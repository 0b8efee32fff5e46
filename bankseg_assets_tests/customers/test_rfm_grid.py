"""The RFM grid and its groups by segment, compared with hand counts."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import to_arrow_schema

from bankseg_assets.contracts.tables import RFM_GRID, RFM_GROUPS
from bankseg_assets.customers.rfm_grid import GROUP_NAMES, cube, grid, groups_by_segment
from bankseg_assets_tests.frames import segments_frame

# Customers, segment, scores of recency and frequency, group, days, transactions, money of each.
KINDS = [
    (40, 0, 1, 1, "Lost", 80, 1, "100"),
    (20, 0, 5, 1, "New customers", 3, 1, "100"),
    (5, 0, 5, 2, "New customers", 2, 2, "100"),
    (30, 1, 5, 3, "Champions", 1, 7, "1000.50"),
    (12, 1, 5, 2, "Potential loyalists", 3, 2, "500"),
    (15, 1, 4, 3, "Loyal customers", 20, 4, "700"),
]


def cells_of(spark: SparkSession, kinds: list[tuple[Any, ...]] = KINDS) -> list[Any]:
    return cube(
        segments_frame(
            spark,
            [
                {
                    "segment": segment,
                    "segment_name": ("Small", "Big", "Few")[segment],
                    "recency_score": recency_score,
                    "frequency_score": frequency_score,
                    "rfm_group": group,
                    "recency": recency,
                    "frequency": frequency,
                    "monetary": Decimal(monetary),
                }
                for (
                    count,
                    segment,
                    recency_score,
                    frequency_score,
                    group,
                    recency,
                    frequency,
                    monetary,
                ) in kinds
                for _ in range(count)
            ],
        )
    )


@pytest.fixture(scope="module")
def cells(spark: SparkSession) -> list[Any]:
    return cells_of(spark)


@pytest.fixture(scope="module")
def found(cells: list[Any]) -> dict[tuple[int, int], dict[str, Any]]:
    rows = grid(cells)
    assert all(set(row) == set(RFM_GRID.names) for row in rows)
    return {(row["recency_score"], row["frequency_score"]): row for row in rows}


def test_the_grid_has_all_cells_the_best_customers_first(
    found: dict[tuple[int, int], dict[str, Any]],
) -> None:
    assert list(found) == [(r, f) for r in (5, 4, 3, 2, 1) for f in (5, 4, 3, 2, 1)]


def test_a_cell_has_its_customers_money_and_main_group(
    found: dict[tuple[int, int], dict[str, Any]],
) -> None:
    cell = found[5, 2]
    assert (cell["customers"], cell["monetary"]) == (17, Decimal("6500"))
    assert (cell["rfm_group"], cell["group_share"]) == ("Potential loyalists", round(12 / 17, 4))
    empty = found[3, 3]
    assert (empty["customers"], empty["monetary"], empty["rfm_group"]) == (0, 0, None)


def test_thresholds_are_contiguous_and_open_ended(
    found: dict[tuple[int, int], dict[str, Any]],
) -> None:
    days = {r: (found[r, 1]["recency_from"], found[r, 1]["recency_to"]) for r in (5, 4, 3, 1)}
    assert days == {5: (0, 3), 4: (4, 20), 3: (None, None), 1: (21, None)}
    times = {f: (found[1, f]["frequency_from"], found[1, f]["frequency_to"]) for f in (1, 2, 3, 5)}
    assert times == {1: (1, 1), 2: (2, 2), 3: (3, None), 5: (None, None)}


def test_grid_hides_a_small_cell_and_its_complement(
    spark: SparkSession,
) -> None:
    few = (10, 0, 2, 2, "Hibernating", 60, 2, "100")
    rows = grid(cells_of(spark, [*KINDS, few]))
    hidden = [row for row in rows if row["customers"] is None]
    assert [(row["recency_score"], row["frequency_score"]) for row in hidden] == [(4, 3), (2, 2)]
    assert {row[name] for row in hidden for name in ("monetary", "rfm_group", "group_share")} == {
        None
    }


def test_groups_and_segments_are_crossed(cells: list[Any]) -> None:
    rows = groups_by_segment(cells)
    assert all(set(row) == set(RFM_GROUPS.names) for row in rows)
    assert [row["rfm_group"] for row in rows[::2]] == GROUP_NAMES
    crossed = {(row["rfm_group"], row["segment_name"]): row for row in rows}
    champions = crossed["Champions", "Big"]
    assert (champions["customers"], champions["monetary"]) == (30, Decimal("30015.00"))
    assert champions["share_of_segment"] == round(30 / 57, 6)
    assert crossed["New customers", "Small"]["customers"] == 25
    assert crossed["Champions", "Small"]["customers"] == 0
    assert sum(row["customers"] for row in rows) == 122


def test_groups_hide_small_cells_and_small_segments(
    spark: SparkSession,
) -> None:
    few = [(10, 0, 5, 3, "Champions", 1, 7, "9"), (10, 2, 5, 3, "Champions", 1, 7, "9")]
    rows = groups_by_segment(cells_of(spark, [*KINDS, *few]))
    hidden = {(row["rfm_group"], row["segment"]) for row in rows if row["customers"] is None}
    assert {group for group, segment in hidden if segment == 2} == set(GROUP_NAMES)
    assert {group for group, segment in hidden if segment == 0} == {"Champions", "New customers"}
    assert not [group for group, segment in hidden if segment == 1]
    assert all(row["monetary"] is None for row in rows if row["customers"] is None)


def test_totals_of_the_greatest_sums_can_be_written(spark: SparkSession) -> None:
    """Each customer has all that a column of money holds."""
    most = Decimal(10) ** 16 - Decimal("0.01")
    rows = [{"monetary": most, "segment": 0, "segment_name": "One"}] * 12
    cells = cube(segments_frame(spark, rows))
    for table, found in ((RFM_GRID, grid(cells)), (RFM_GROUPS, groups_by_segment(cells))):
        schema = to_arrow_schema(spark.createDataFrame([], table.ddl).schema)
        written = pa.Table.from_pylist(found, schema)["monetary"].to_pylist()
        assert max(money for money in written if money is not None) == 12 * most


def test_groups_hide_what_their_totals_reveal(spark: SparkSession) -> None:
    """Totals of groups are shown: one hidden segment of a group would be the difference."""
    few = (10, 0, 5, 3, "Champions", 1, 7, "9")
    rows = groups_by_segment(cells_of(spark, [*KINDS, few]))
    champions = [row["customers"] for row in rows if row["rfm_group"] == "Champions"]
    assert champions == [None, None]
