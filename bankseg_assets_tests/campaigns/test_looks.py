"""The days that may decide, and their levels, which sum up to 5 % at most."""

from datetime import timedelta

import pytest

from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.looks import EARLIER_ALPHA, LAST_ALPHA, planned_looks
from bankseg_assets_tests.campaigns import made
from bankseg_assets_tests.campaigns.campaign_bank import SNAPSHOT, request


def campaign(days: int, ended_after: int = 0, **changes: object) -> Campaign:
    """Return a campaign of so many days, ended after some of them."""
    asked = request(ends_on=SNAPSHOT + timedelta(days=days - 1), **changes)
    return made.campaign(
        request=asked,
        starts_on=asked.starts_on,
        ends_on=SNAPSHOT + timedelta(days=(ended_after or days) - 1),
        ended_at="2016-10-30T10:00:00+00:00" if ended_after else "",
    )


@pytest.mark.parametrize("days", [1, 2, 5, 8, 30, 365])
def test_last_look_is_on_the_last_day(days: int) -> None:
    of = campaign(days)
    looks = planned_looks(of)
    assert len(looks) == min(days, 8)
    assert len({one.day for one in looks}) == len(looks)
    assert (looks[-1].day, looks[-1].alpha, looks[-1].is_last) == (of.ends_on, LAST_ALPHA, True)
    assert sum(one.alpha for one in looks[:-1]) == pytest.approx(EARLIER_ALPHA * (days > 1))


def test_early_end_has_no_generous_look() -> None:
    """The end may have been chosen for the result."""
    looks = planned_looks(campaign(30, ended_after=10))
    assert [one.is_last for one in looks] == [False, False, True]
    assert looks[-1].day == SNAPSHOT + timedelta(days=9)
    assert {one.alpha for one in looks} == {EARLIER_ALPHA / 7}
