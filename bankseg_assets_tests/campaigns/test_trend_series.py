"""Segments, groups and cohorts over the releases."""

import datetime

from bankseg_assets.campaigns.trend_series import (
    cohort_periods,
    days,
    periods,
    refits,
    series,
    whole,
)
from bankseg_assets_tests.campaigns.trend_fixtures import two_segments, version


def test_series_are_ordered_by_money() -> None:
    found = [two_segments(1), two_segments(2)]
    assert [one.name for one in series(found, "segment")] == ["Spenders", "Savers"]
    assert [one.name for one in series(found, "group")] == ["At risk"]
    assert whole(found).values("customers") == [100, 200]


def test_segment_is_followed_by_its_id() -> None:
    """A refit renames a segment; the bank's name replaces both."""
    found = [version(1, {"Savers": {"id": 1}}), version(2, {"Keepers": {"id": 1}})]
    (one,) = series(found, "segment")
    assert (one.name, one.values("customers")) == ("Keepers", [100, 100])
    assert series(found, "segment", {1: "Ours"})[0].name == "Ours"


def test_segment_that_ended_is_last_and_has_a_gap() -> None:
    found = [
        version(1, {"Rich": {"id": 1, "money": 9e9}, "Savers": {"id": 2}}),
        version(2, {"Savers": {"id": 2}, "New": {"id": 3}}),
    ]
    shown = {one.name: one.values("customers") for one in series(found, "segment")}
    assert list(shown.items()) == [
        ("New", [None, 100]),
        ("Savers", [100, 100]),
        ("Rich", [100, None]),
    ]


def test_same_name_of_another_segment_is_another_series() -> None:
    found = [version(1, {"Savers": {"id": 1}}), version(2, {"Savers": {"id": 9}})]
    assert [one.values("customers") for one in series(found, "segment")] == [
        [None, 100],
        [100, None],
    ]


def test_segment_without_id_is_that_of_its_name() -> None:
    found = [version(1, {"Savers": {}}), version(2, {"Savers": {"id": 1}})]
    (one,) = series(found, "segment")
    assert one.values("customers") == [100, 100]


def test_hidden_figures_are_gaps() -> None:
    few = {"id": 1, "customers": None, "money": None, "active_share": None}
    found = [version(1, {"Savers": {"id": 1}}), version(2, {"Savers": few})]
    (one,) = series(found, "segment")
    for measure in ("customers", "money", "each", "active"):
        assert one.values(measure)[1] is None
    assert one.last == 1  # it is there


def test_cohorts_are_in_the_order_of_their_months() -> None:
    found = [
        version(1, {}, {"2016-09": 0.5, "earlier": 0.1}),
        version(2, {}, {"2016-10": 0.9, "2016-09": 0.4, "earlier": 0.1}),
    ]
    shown = {one.name: one.values("active") for one in series(found, "cohort")}
    assert list(shown.items()) == [
        ("earlier", [0.1, 0.1]),
        ("2016-09", [0.5, 0.4]),
        ("2016-10", [None, 0.9]),
    ]


def test_line_of_an_older_build_has_no_cohorts_and_refits() -> None:
    old = two_segments(1, version=1, model="", arrived=None)
    found = [old, two_segments(2)]
    assert series(found, "cohort") == []
    assert refits(found) == []


def test_refits_are_where_the_model_changes() -> None:
    models = ("m1", "m1", "m2", "m2", "m3")
    found = [two_segments(place, model=one) for place, one in enumerate(models, 1)]
    assert refits(found) == [2, 4]


def test_axis_of_time_needs_ascending_snapshots() -> None:
    first, second = two_segments(1), two_segments(2)
    assert days([first, second]) == [datetime.date(2016, 10, 1), datetime.date(2016, 10, 31)]
    assert days([first, first, second]) is not None  # a refit of the same data
    assert days([second, first]) is None
    assert days([first, first]) is None
    assert days([first, two_segments(2, snapshot_date="")]) is None


def test_periods_are_months_of_many_releases() -> None:
    few = [two_segments(number) for number in (1, 2, 3)]
    assert periods(few, 7) == [0, 1, 2]
    many = [two_segments(number) for number in range(1, 61)]  # 30 days each
    places = periods(many, 7)
    assert len(places) == 7
    assert places[-1] == 59
    assert len({many[place].snapshot_date[:7] for place in places}) == 7


def test_cohort_periods_are_those_with_cohorts() -> None:
    found = [version(1, {}), version(2, {}, {"2016-09": 0.4}), version(3, {}, {"2016-09": 0.3})]
    assert cohort_periods(found, 7) == [1, 2]


def test_periods_within_a_month_are_the_newest_releases() -> None:
    daily = [two_segments(number, snapshot_date=f"2016-10-{number:02}") for number in range(1, 21)]
    assert periods(daily, 7) == list(range(13, 20))
