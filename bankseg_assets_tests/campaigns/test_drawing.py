"""Which customers are in a campaign, and who is held out."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bankseg_assets.campaigns.audiences import Audience
from bankseg_assets.campaigns.campaign import CampaignError, CampaignRequest, Rule
from bankseg_assets.campaigns.campaign_store import create_campaign
from bankseg_assets.campaigns.customer_list import Choice, make_list
from bankseg_assets.campaigns.drawing import Drawn, draw
from bankseg_assets.campaigns.stored_campaigns import other_campaigns
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets_tests.campaigns.campaign_bank import CUSTOMERS, SNAPSHOT, bank, request


def drawn(tmp_path: Path, asked: CampaignRequest) -> Drawn:
    return draw(*bank(tmp_path), asked, [])


def test_control_group_is_that_of_a_list(tmp_path: Path) -> None:
    release, bundle = bank(tmp_path)
    found = draw(release, bundle, request(groups=("Champions",), share=0.1), [])
    listed = make_list(
        release, bundle, Audience("group", "Champions"), Choice("Spring", share=0.1), {}
    ).customers
    assert found.ids == listed["customer_id"].tolist()
    assert found.held_out.tolist() == listed["held_out_of_campaign"].tolist()
    assert 0 < found.sizes[1] < found.sizes[0]


def test_no_groups_are_all_customers(tmp_path: Path) -> None:
    found = drawn(tmp_path, request())
    assert (found.audience, sum(found.sizes)) == ("All customers", CUSTOMERS)


def test_audience_meets_group_segment_and_rules(tmp_path: Path) -> None:
    rules = (Rule(column="frequency", at_least=5, at_most=12),)
    asked = request(groups=("At risk",), segments=("Big spenders",), rules=rules, top=12)
    found = drawn(tmp_path, asked)
    assert found.audience == ("At risk, in Big spenders, transactions so far 5 to 12, top 12")
    numbers = [int(one[1:]) for one in found.ids]
    assert all(one % 4 == 0 and one % 3 == 2 for one in numbers)
    assert len(numbers) == 12


def test_objections_are_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "objections" / "today.csv"
    path.parent.mkdir()
    path.write_text("customer_id\nC4\nC5\nC999\n", encoding="utf-8")
    os.utime(path, (0, 0))
    found = drawn(tmp_path, request())
    assert found.left_out_by_objection == 2
    assert not {"C4", "C5"} & set(found.ids)


def test_contact_limit_leaves_out_contacted_customers(tmp_path: Path) -> None:
    release, bundle = bank(tmp_path)
    first = create_campaign(release, bundle, request(name="First", groups=("At risk",)))
    later = {"starts_on": SNAPSHOT + timedelta(days=9), "ends_on": SNAPSHOT + timedelta(days=30)}
    asked = request(contact_limit_days=10, **later)
    others = other_campaigns(tmp_path, asked)
    close = draw(release, bundle, asked, others)
    assert close.left_out_by_contact == first.treated
    assert len(close.ids) == CUSTOMERS - first.treated
    assert not set(close.ids) & others[0].treated
    far = draw(release, bundle, request(contact_limit_days=9, **later), others)
    assert (far.left_out_by_contact, len(far.ids)) == (0, CUSTOMERS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": " "}, "name: expected a name"),
        ({"share": 1.5}, "share: expected a share from 0 to 1, but found 1.5"),
        ({"ends_on": SNAPSHOT - timedelta(days=1)}, "ends_on: expected a day from 2016-10-22"),
        ({"top": -1}, "top: expected a whole number"),
        ({"worthwhile": 0}, "worthwhile: expected a share above 0"),
        ({"rules": (Rule(column="secret", at_least=1),)}, "'secret' cannot be used; expected one"),
        ({"rules": (Rule(column="monetary"),)}, "monetary has no limit"),
        ({"rules": (Rule(column="recency", at_least=2, at_most=1),)}, "which is above at_most"),
        ({"rules": (Rule(column="monetary", at_least=1e9),)}, "has fewer than 11 customers"),
        ({"top": 10}, "has fewer than 11 customers"),
    ],
)
def test_invalid_request_names_field(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CampaignError, match=message):
        drawn(tmp_path, request(**changes))


def test_unknown_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="There is no group or segment"):
        drawn(tmp_path, request(groups=("Champignons",)))
