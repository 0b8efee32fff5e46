"""The two files of a campaign: the customers to contact, and those who must not be contacted."""

from datetime import date

from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.customer_list import ID, CampaignList
from bankseg_assets.campaigns.results import HARMED, WORKED, Arm, CampaignResult
from bankseg_assets.presentation.formatting import day
from bankseg_assets.scoring.lists.score_table import HELD_OUT


def list_of_arm(made: CampaignList, campaign: Campaign, arm: Arm) -> CampaignList:
    """Return the list of one arm of a campaign; `made`: the list of both.

    The customers to contact keep their columns. Of the others, a file has the IDs alone: it serves
    to exclude them in other channels.
    """
    is_held_out = made.customers[HELD_OUT]
    if arm == "treated":
        rows = made.customers[~is_held_out].drop(columns=HELD_OUT)
    else:
        rows = made.customers.loc[is_held_out, [ID]]
    facts = {
        **made.facts,
        "customers": len(rows),
        "arm": arm,
        "starts_on": campaign.starts_on.isoformat(),
        "ends_on": campaign.ends_on.isoformat(),
        "instruction": instruction(campaign, arm),
    }
    return CampaignList(rows.reset_index(drop=True), facts)


def instruction_on(campaign: Campaign, result: CampaignResult | None, on: date) -> str:
    """Return what to do with the customers who are held out on a day; empty after the end.

    `on`: the day of the newest data.
    """
    if campaign.status(on) == "ended":
        return ""
    if result is not None and result.verdict in (WORKED, HARMED):
        return "End the campaign before you contact the customers who were held out."
    return instruction(campaign)


def instruction(campaign: Campaign, arm: Arm = "treated") -> str:
    """Return what to do with the customers of a list, and with those who are held out."""
    if not campaign.held_out:
        return (
            "No customer is held out, so that the effect cannot be measured: contact all of them."
        )
    not_contacted = (
        f"until {day(campaign.ends_on)}, do not contact them for this campaign by any "
        "channel, and serve them as usual otherwise."
    )
    if arm == "held out":
        return f"These customers are held out: {not_contacted}"
    return (
        f"Contact only the customers of the list. Those held out are not in it: {not_contacted} "
        "Exclude them where the campaign is run from another list."
    )
