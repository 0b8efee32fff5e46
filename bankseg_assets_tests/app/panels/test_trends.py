"""Small lines, bars and the heat map over the versions."""

import pytest

from app.panels.trends import (
    MOST_COLUMNS,
    MOST_ROWS,
    bars,
    cohort_heat,
    cohort_table,
    deliveries_table,
    figures_table,
    line,
)
from app.widgets.numbers import Numbers
from bankseg_assets.campaigns.release_figures import ReleaseFigures
from bankseg_assets.campaigns.trend_series import series, whole
from bankseg_assets.campaigns.trend_words import measure_titles, with_arrivals
from bankseg_assets_tests.campaigns.trend_fixtures import two_segments, version

NUMBERS = Numbers("INR", "plain")


def rising(versions: int) -> list[ReleaseFigures]:
    return [two_segments(number) for number in range(1, versions + 1)]


@pytest.mark.parametrize("versions", [1, 2, 60])
def test_line_is_drawn_of_any_number_of_versions(versions: int) -> None:
    found = rising(versions)
    drawn = line(whole(found), "customers", found, NUMBERS, colour="#000000")
    (trace,) = drawn.data
    assert list(trace.y) == [100 * number for number in range(1, versions + 1)]
    assert trace.hovertext[0] == "Version 1, 1 October 2016<br>100"
    assert len(drawn.layout.xaxis.tickvals) == min(versions, 2)


def test_line_has_a_gap_and_marks_a_lone_value() -> None:
    counts = (100, None, 110, None, 120, 130)
    found = [
        version(number, {"Savers": {"id": 1, "customers": count}})
        for number, count in enumerate(counts, 1)
    ]
    (one,) = series(found, "segment")
    (trace,) = line(one, "customers", found, NUMBERS, colour="#000000").data
    assert not trace.connectgaps
    assert [size > 0 for size in trace.marker.size] == [True, False, True, False, False, False]


def test_line_of_negative_money_has_its_own_scale() -> None:
    found = [version(number, {"Savers": {"id": 1, "money": -1000.0 * number}}) for number in (1, 2)]
    (one,) = series(found, "segment")
    axis = line(one, "money", found, NUMBERS, colour="#000000").layout.yaxis
    low, high = axis.range
    assert low < -2000 < -1000 < high
    assert axis.ticktext == ("-2,000", "-1,000")


def test_line_of_a_tiny_change_is_almost_flat() -> None:
    found = [
        version(number, {"Savers": {"id": 1, "customers": 100_000 + number}}) for number in (1, 2)
    ]
    (one,) = series(found, "segment")
    low, high = line(one, "customers", found, NUMBERS, colour="#000000").layout.yaxis.range
    assert high - low > 1000


def test_line_marks_where_the_model_was_fitted() -> None:
    found = [two_segments(1), two_segments(2, model="m2"), two_segments(3, model="m2")]
    drawn = line(whole(found), "customers", found, NUMBERS, colour="#000000")
    assert [str(one.x0) for one in drawn.layout.shapes] == ["2016-10-31"]


def test_bar_of_few_rows_has_no_length() -> None:
    found = rising(3)
    (trace,) = bars([0, None, 5000], found, NUMBERS, colour="#000000").data
    assert list(trace.y) == [0, 0, 5000]
    assert [one.split("<br>")[1] for one in trace.hovertext] == [
        "0 rows",
        "&lt;11 rows",
        "5,000 rows",
    ]


def test_heat_has_the_newest_months_and_versions() -> None:
    found = [
        version(number, {}, {f"2016-{month:02}": 0.5 for month in range(1, 13)} | {"earlier": 0.1})
        for number in range(1, 61)
    ]
    (drawn,) = cohort_heat(series(found, "cohort"), found, look="light").data
    assert len(drawn.z) == MOST_ROWS
    assert len(drawn.z[0]) == MOST_COLUMNS
    assert drawn.text[-1][-1] == "50%"


def test_heat_shows_what_is_hidden_and_what_was_not_there() -> None:
    found = [
        version(1, {}, {"2016-09": None}),
        version(2, {}, {"2016-09": 0.4, "2016-10": 0.9}),
    ]
    (drawn,) = cohort_heat(series(found, "cohort"), found, look="dark").data
    assert [list(row) for row in drawn.text] == [["—", "40%"], ["", "90%"]]


def test_tables_have_the_newest_version_first() -> None:
    found = rising(2)
    every = [whole(found), *series(found, "segment")]
    table = figures_table(every, "customers", found, NUMBERS)
    assert table.to_dict("list") == {
        "Version": ["2", "1"],
        "Snapshot": ["31 October 2016", "1 October 2016"],
        "All customers": ["200", "100"],
        "Spenders": ["100", "100"],
        "Savers": ["100", "100"],
    }
    known, _ = with_arrivals(found)
    assert deliveries_table(known, NUMBERS)["Rows quarantined"].tolist() == ["<11", "<11"]


def test_cohort_table_has_all_months() -> None:
    found = [version(1, {}, {"earlier": 0.1, "2016-09": None})]
    table = cohort_table(series(found, "cohort"), measure_titles(found, "Money"), NUMBERS)
    assert table["First transaction"].tolist() == ["Before Sep 2016", "Sep 2016"]
    assert table["Active in the last 30 days"].tolist() == ["10.0%", "—"]
