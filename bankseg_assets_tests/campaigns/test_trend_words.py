"""Words for figures over the releases."""

from bankseg_assets.campaigns.release_figures import Arrived
from bankseg_assets.campaigns.trend_series import series, whole
from bankseg_assets.campaigns.trend_words import (
    changed,
    left_out,
    life,
    measure_titles,
    month_name,
    series_title,
    with_arrivals,
)
from bankseg_assets_tests.campaigns.trend_fixtures import two_segments, version


def test_titles_are_of_known_measures() -> None:
    assert list(measure_titles([two_segments(1)], "Spending").values()) == [
        "Customers",
        "Spending",
        "Spending per customer",
        "Active in the last 30 days",
        "More than one transaction",
    ]
    without = version(1, {}).figures[0].model_copy(update={"money": None, "active_share": None})
    found = [two_segments(1, figures=(without,))]
    assert list(measure_titles(found, "Money")) == ["customers", "repeat"]


def test_change_is_since_the_first_known_value() -> None:
    found = [two_segments(1), two_segments(2), two_segments(3)]
    assert changed(whole(found), "customers") == "+200.0%"
    assert changed(whole(found), "active") == "unchanged"
    assert changed(whole(found[:1]), "customers") == ""


def test_change_of_negative_money_is_not_shown() -> None:
    """A per cent of a negative sum has no meaning."""
    found = [
        version(1, {"Savers": {"id": 1, "money": -5.0}}),
        version(2, {"Savers": {"id": 1, "money": 10.0}}),
    ]
    (one,) = series(found, "segment")
    assert changed(one, "money") == ""


def test_change_of_hidden_figures_is_not_shown() -> None:
    found = [
        version(1, {"Savers": {"id": 1}}),
        version(2, {"Savers": {"id": 1}}),
        version(3, {"Savers": {"id": 1, "customers": None}}),
    ]
    (one,) = series(found, "segment")
    assert changed(one, "customers") == ""


def test_life_says_since_and_until_when() -> None:
    found = [
        version(4, {"Rich": {"id": 1}}),
        version(5, {"Rich": {"id": 1}, "New": {"id": 2}}),
        version(6, {"New": {"id": 2}}),
    ]
    lives = {one.name: life(one, found) for one in series(found, "segment")}
    assert lives == {"Rich": "until version 5", "New": "since version 5"}


def test_title_has_the_time_of_a_repeated_name() -> None:
    found = [version(1, {"Savers": {"id": 1}}), version(2, {"Savers": {"id": 9}})]
    every = series(found, "segment")
    assert [series_title(one, every, found) for one in every] == [
        "Savers (since version 2)",
        "Savers (until version 1)",
    ]


def test_months_are_in_words() -> None:
    cohorts = series([version(1, {}, {"earlier": 0.1, "2016-09": 0.5})], "cohort")
    assert [month_name(one.name, cohorts) for one in cohorts] == ["Before Sep 2016", "Sep 2016"]


def test_first_delivery_is_left_out_if_it_hides_the_others() -> None:
    def first_of(rows: int, versions: int = 3) -> bool:
        arrived = Arrived(files=9, accepted=rows, quarantined=0, duplicates=0)
        later = [two_segments(number) for number in range(2, versions + 1)]
        return with_arrivals([two_segments(1, arrived=arrived), *later])[1]

    assert first_of(1_000_000)
    assert not first_of(10_000)
    assert not first_of(1_000_000, versions=2)


def test_versions_of_an_older_build_have_no_arrivals() -> None:
    found = [two_segments(1, arrived=None), two_segments(2)]
    known, _ = with_arrivals(found)
    assert [one.number for one, _ in known] == [2]


def test_versions_that_are_left_out_have_a_reason() -> None:
    others = [
        two_segments(1, is_demo=True, currency="EUR"),
        two_segments(2, currency="EUR"),
        two_segments(3, currency="EUR"),
        two_segments(4, customer_key="location"),
    ]
    assert left_out(others, "INR") == (
        "Versions that cannot be compared are left out: 1 of demo data, 2 in another currency, "
        "1 with another customer key."
    )
    assert left_out([], "INR") == ""
