"""The two lists of a campaign."""

from datetime import date

import pandas as pd

from bankseg_assets.campaigns.arms import instruction, instruction_on, list_of_arm
from bankseg_assets.campaigns.customer_list import CampaignList
from bankseg_assets_tests.campaigns.made import campaign, result

BOTH = CampaignList(
    pd.DataFrame(
        {
            "customer_id": ["C1", "C2", "C3"],
            "monetary": [3.0, 2.0, 1.0],
            "held_out_of_campaign": [False, True, False],
        }
    ),
    {"audience": "At risk", "customers": 3},
)


def test_list_to_contact_has_no_customer_held_out() -> None:
    made = list_of_arm(BOTH, campaign(), "treated")
    assert made.customers["customer_id"].tolist() == ["C1", "C3"]
    assert "held_out_of_campaign" not in made.customers
    assert (made.facts["customers"], made.facts["ends_on"]) == (2, "2016-11-20")


def test_list_of_held_out_has_ids_alone() -> None:
    made = list_of_arm(BOTH, campaign(), "held out")
    assert made.customers.to_dict("list") == {"customer_id": ["C2"]}
    assert made.facts["arm"] == "held out"


def test_instruction_says_until_when_held_out() -> None:
    assert "until 20 November 2016, do not contact them" in instruction(campaign())
    assert "effect cannot be measured" in instruction(campaign(held_out=0))


def test_instruction_follows_state_and_verdict() -> None:
    running, over = date(2016, 11, 1), date(2016, 12, 1)
    assert "do not contact them" in instruction_on(campaign(), None, running)
    assert instruction_on(campaign(), result(), running).startswith("End the campaign before")
    assert instruction_on(campaign(), result(), over) == ""
