"""Groups and segments are counted once, from the customers of the release."""

from decimal import Decimal
from pathlib import Path

import pytest

from bankseg_assets.campaigns.audiences import (
    Audience,
    Total,
    choose,
    customers_of,
    require_shown,
    slug,
    totals,
)
from bankseg_assets.campaigns.group_actions import GROUP_ACTIONS, WIN_BACK
from bankseg_assets.customers.rfm import GROUPS
from bankseg_assets.release.releases import Release, current_release
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets_tests.app.customers import NAMES, tables
from bankseg_assets_tests.app.publishing import publish


@pytest.fixture
def release(tmp_path: Path) -> Release:
    publish(tmp_path, tables())
    found = current_release(tmp_path / "published")
    assert found is not None
    return found


def test_totals_count_groups_and_segments(release: Release) -> None:
    found = [(one.audience.name, one.customers, one.money) for one in totals(release, {})]
    assert found == [
        ("Champions", 62, Decimal(55_800)),
        ("At risk", 38, Decimal(34_200)),
        (NAMES[0], 45, Decimal(40_500)),
        (NAMES[2], 34, Decimal(30_600)),
        (NAMES[1], 21, Decimal(18_900)),
    ]


def test_total_is_the_number_of_listed_members(release: Release) -> None:
    for total in totals(release, {}):
        members = customers_of(release).count_rows(filter=total.audience.members)
        assert members == total.customers


def test_small_group_is_hidden_with_a_second_one(tmp_path: Path) -> None:
    found = tables()
    customers = [
        row | {"rfm_group": "Lost" if number < 5 else row["rfm_group"]}
        for number, row in enumerate(found["customer_segments"])
    ]
    publish(tmp_path, found | {"customer_segments": customers})
    release = current_release(tmp_path / "published")
    assert release is not None
    counts = {one.audience.name: one.customers for one in totals(release, {})}
    assert [counts[name] for name in ("Champions", "At risk", "Lost")] == [57, None, None]
    with pytest.raises(ListError, match="fewer than 11 customers"):
        require_shown(choose(totals(release, {}), "Lost"))


def test_choose_ignores_case_and_names_the_choices(release: Release) -> None:
    found = totals(release, {})
    assert choose(found, " at RISK ").audience.name == "At risk"
    with pytest.raises(ListError, match="expected one of: Champions, At risk"):
        choose(found, "at-risk")


def test_every_group_has_an_action() -> None:
    assert list(GROUP_ACTIONS) == [name for name, _ in GROUPS]
    assert WIN_BACK in GROUP_ACTIONS


def test_audience_names_its_purpose_and_campaign() -> None:
    assert Audience("group", "At risk").purpose == "win-back"
    assert Audience("group", "At risk").campaign == "win-back at risk"
    assert Audience("segment", "Big spenders", segment=2).campaign == "segment big spenders"
    assert require_shown(Total(Audience("group", "Lost"), 11, Decimal(1))) is None


def test_slug_keeps_other_alphabets() -> None:
    assert slug("Große Käufer / 2") == "große-käufer-2"
    assert slug("高价值") == "高价值"
    assert slug("../../etc") == "etc"
