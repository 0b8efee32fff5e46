"""Demographic differences between segments, compared with manual counts."""

from typing import Any

import pytest
from pyspark.sql import SparkSession

from bankseg_assets.contracts.tables import SEGMENT_DEMOGRAPHICS
from bankseg_assets.profiling.demographics import (
    AGE_BANDS,
    OTHER,
    UNKNOWN,
    demographics,
    mix_sentence,
    top_locations,
    total_variation,
)
from bankseg_assets_tests.frames import segments_frame

Person = tuple[int, int | None, str | None, str | None]
# Segment, age, gender, location; and how many of them.
PEOPLE: list[tuple[Person, int]] = [
    ((0, 30, "F", "PUNE"), 60),
    ((0, 70, "M", "PUNE"), 20),
    ((0, None, "M", None), 20),
    ((1, 30, "M", "DELHI"), 70),
    ((1, 70, "F", "PUNE"), 30),
]


def rows_of(spark: SparkSession, people: list[tuple[Person, int]]) -> list[dict[str, Any]]:
    return demographics(
        segments_frame(
            spark,
            [
                {
                    "segment": segment,
                    "segment_name": f"Segment {segment}",
                    "age": age,
                    "gender": gender,
                    "location": location,
                }
                for (segment, age, gender, location), count in people
                for _ in range(count)
            ],
        )
    )


def cell(rows: list[dict[str, Any]], segment: int, attribute: str, value: str) -> dict[str, Any]:
    (found,) = (
        row
        for row in rows
        if (row["segment"], row["attribute"], row["value"]) == (segment, attribute, value)
    )
    return found


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> list[dict[str, Any]]:
    return rows_of(spark, PEOPLE)


@pytest.mark.slow
def test_cell_has_its_count_shares_index_and_reach(rows: list[dict[str, Any]]) -> None:
    women = cell(rows, 0, "gender", "F")
    assert women == {
        "segment": 0,
        "segment_name": "Segment 0",
        "attribute": "gender",
        "value": "F",
        "customers": 60,
        "share_of_segment": 0.6,
        "share_of_all": 0.45,
        "index": 133.3,
        "share_reached": 0.666667,
        "distance": 0.15,
    }
    assert set(women) == set(SEGMENT_DEMOGRAPHICS.names)


def test_distance_is_half_sum_of_differences(rows: list[dict[str, Any]]) -> None:
    # Ages in segment 0: 60, 20 and 20 unknown of 100; in all: 130, 50 and 20 of 200.
    expected = (abs(0.6 - 0.65) + abs(0.2 - 0.25) + abs(0.2 - 0.1)) / 2
    assert cell(rows, 0, "age_band", "25-34")["distance"] == pytest.approx(expected)
    assert total_variation([0.6, 0.2, 0.2], [0.65, 0.25, 0.1]) == pytest.approx(expected)
    assert total_variation([1, 0], [0, 1]) == 1


def test_unknown_values_are_separate_value(rows: list[dict[str, Any]]) -> None:
    assert cell(rows, 0, "age_band", UNKNOWN)["customers"] == 20
    assert cell(rows, 1, "age_band", UNKNOWN)["customers"] == 0
    assert cell(rows, 0, "location", UNKNOWN)["share_of_all"] == 0.1


def test_bands_are_sorted_by_age_and_rest_by_size(rows: list[dict[str, Any]]) -> None:
    of_first = [row for row in rows if row["segment"] == 0]
    values = {
        a: [r["value"] for r in of_first if r["attribute"] == a] for a in ("age_band", "location")
    }
    assert values == {
        "age_band": ["25-34", "65 and over", UNKNOWN],
        "location": ["PUNE", "DELHI", UNKNOWN],
    }


@pytest.mark.parametrize(("age", "band"), [(0, "under 18"), (17, "under 18"), (18, "18-24")])
def test_band_begins_with_its_first_year(spark: SparkSession, age: int, band: str) -> None:
    assert band in [name for _, name in AGE_BANDS]
    found = rows_of(spark, [((0, age, "F", "PUNE"), 20)])
    assert cell(found, 0, "age_band", band)["customers"] == 20


def test_small_locations_and_genders_are_merged(spark: SparkSession) -> None:
    people = [
        *PEOPLE,
        ((0, 30, "F", "A HAMLET"), 1),
        ((0, 30, "T", "ANOTHER"), 1),
        ((1, 16, "M", "DELHI"), 100),
    ]
    found = rows_of(spark, people)
    values = {(row["attribute"], row["value"]) for row in found}
    assert ("location", OTHER) in values
    assert ("gender", OTHER) in values
    assert not values & {("location", "A HAMLET"), ("location", "ANOTHER"), ("gender", "T")}


def test_small_cells_and_their_covers_are_hidden(spark: SparkSession) -> None:
    found = rows_of(spark, [*PEOPLE, ((0, 40, "F", "PUNE"), 5)])
    hidden = {
        (row["segment"], row["value"])
        for row in found
        if row["attribute"] == "age_band" and row["customers"] is None
    }
    assert (0, "35-44") in hidden
    assert len([segment for segment, _ in hidden if segment == 0]) > 1
    small = cell(found, 0, "age_band", "35-44")
    figures = ("customers", "share_of_segment", "share_of_all", "index", "share_reached")
    assert [small[name] for name in figures] == [None] * 5


@pytest.mark.slow
def test_large_cover_cell_keeps_share_in_whole_per_cent(
    spark: SparkSession,
) -> None:
    people: list[tuple[Person, int]] = [
        ((0, 30, "F", None), 611),
        ((0, 30, "M", None), 984),
        ((0, 30, None, None), 5),
        ((1, 30, "F", None), 300),
        ((1, 30, "M", None), 600),
        ((1, 30, None, None), 40),
    ]
    found = rows_of(spark, people)
    women, none = (cell(found, 0, "gender", value) for value in ("F", UNKNOWN))
    assert (women["customers"], women["share_of_segment"]) == (None, 0.38)  # 0.381875
    assert women["index"] == round(100 * 0.38 / (911 / 2540), 1)
    assert women["share_reached"] == round(0.38 * 1600 / 911, 6)
    assert (none["customers"], none["share_of_segment"], none["index"]) == (None, None, None)
    # A per cent of 940 are fewer than 11 customers.
    assert cell(found, 1, "gender", UNKNOWN)["share_of_segment"] is None
    # The distance discloses nothing more about hidden cells.
    assert women["distance"] == round(abs(984 / 1600 - 1584 / 2540), 4)
    assert "women" in mix_sentence([row for row in found if row["segment"] == 0])


def test_segment_of_ten_customers_is_hidden(spark: SparkSession) -> None:
    found = rows_of(spark, [*PEOPLE, ((2, 30, "F", "PUNE"), 10)])
    of_it = [row for row in found if row["segment"] == 2]
    shown = {name for row in of_it for name, value in row.items() if value is not None}
    assert shown == {"segment", "segment_name", "attribute", "value", "share_of_all"}
    assert mix_sentence(of_it) == ""
    assert top_locations(of_it) == []


def test_sentence_says_differences_and_reach(
    rows: list[dict[str, Any]],
) -> None:
    assert mix_sentence([row for row in rows if row["segment"] == 0]) == (
        "Of 100 members, this many differ from all customers: 10 by age (25-34: 60% "
        "here, 65% of all), 15 by gender (men: 40% here, 55% of all), 35 by place (PUNE: 80% "
        "here, 55% of all). An offer to this segment alone reaches 67% of women and 36% of men."
    )


def test_sentence_for_segment_like_all_customers(spark: SparkSession) -> None:
    alike = [((segment, 30, "F", None), 50) for segment in (0, 1)]
    found = rows_of(spark, alike)
    assert mix_sentence([row for row in found if row["segment"] == 0]) == (
        "Of 100 members, this many differ from all customers: under 1 by age, under 1 by gender."
    )


def test_segment_of_all_customers_is_not_compared(spark: SparkSession) -> None:
    people = [((0, 30, "F", "PUNE"), 50), ((0, 50, "M", "DELHI"), 60)]
    assert mix_sentence(rows_of(spark, people)) == ""


def test_equal_rounded_shares_are_no_difference(rows: list[dict[str, Any]]) -> None:
    shares = {"share_of_segment": 0.404, "share_of_all": 0.396, "distance": 0.012}
    alike = [row | shares for row in rows if row["segment"] == 0 and row["attribute"] == "gender"]
    assert "differ from all customers: 1 by gender. An offer" in mix_sentence(alike)


def test_rare_location_does_not_stand_out() -> None:
    row = {"attribute": "location", "value": "PUNE", "customers": 11, "share_of_segment": 1e-5}
    assert top_locations([row | {"index": 0.0}]) == []


def test_top_locations_are_significant_and_sorted(
    spark: SparkSession,
) -> None:
    people = [((0, 30, "F", "PUNE"), 400), ((1, 30, "F", "PUNE"), 100)]
    people += [((segment, 30, "F", "DELHI"), 300) for segment in (0, 1)]
    people += [((0, 30, "F", "AGRA"), 60), ((1, 30, "F", "AGRA"), 50)]
    people += [((1, 30, "F", "SURAT"), 500)]
    found = rows_of(spark, people)
    first = [row for row in found if row["segment"] == 0]
    assert top_locations(first) == [
        # 400 where 222 were expected, of 760 members; 60 AGRAs where 49 were are chance.
        {"location": "PUNE", "customers": 400, "share": 0.526316, "index": 180.0}
    ]
    second = [row for row in found if row["segment"] == 1]
    assert [place["location"] for place in top_locations(second)] == ["SURAT"]
