"""How the audience of a campaign becomes its contacted and active customers."""

from dataclasses import dataclass

from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.results import TREATED, CampaignResult
from bankseg_assets.presentation.disclosure import is_small, rounded_count


@dataclass(frozen=True)
class Step:
    """A number of customers; None if it must not be shown. `is_kept`: they stay in the campaign."""

    name: str
    customers: int | None
    is_kept: bool = True


def funnel(campaign: Campaign, result: CampaignResult | None) -> list[Step]:
    """Return the steps from the audience to the active customers.

    Those who are left out are a step only if there are any; the active customers only if they were
    measured. The audience is rounded where its exact number would reveal a few who are left out.
    """
    left_out = {
        "Left out by objection": campaign.left_out_by_objection,
        "Left out by the contact limit": campaign.left_out_by_contact,
    }
    audience = campaign.customers + sum(left_out.values())
    if any(map(is_small, left_out.values())):
        audience = rounded_count(audience)
    return [
        Step("Audience", audience),
        *(Step(name, _shown(count), is_kept=False) for name, count in left_out.items() if count),
        Step("Held out", _shown(campaign.held_out), is_kept=False),
        Step("Contacted", _shown(campaign.treated)),
        *_active(result),
    ]


def _active(result: CampaignResult | None) -> list[Step]:
    arms = [one for one in result.arms if one.arm == TREATED] if result else []
    counts = [(round(one.active_share * one.customers), one.customers) for one in arms]
    return [Step("Active since the start", _part(*count)) for count in counts]


def _shown(count: int) -> int | None:
    return None if is_small(count) else count


def _part(count: int, whole: int) -> int | None:
    """Return a count that is shown beside its whole."""
    return None if is_small(count) or is_small(whole - count) else count
