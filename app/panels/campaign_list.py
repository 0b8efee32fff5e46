"""All campaigns as a table: state, result, and what each brought."""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from app.widgets.numbers import Numbers
from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.effect_text import total_text
from bankseg_assets.campaigns.results import HARMED, WORKED, CampaignResult
from bankseg_assets.presentation.formatting import day

NO_RESULT = "No result yet: it comes with the next delivery."
UNKNOWN = "—"


def campaigns_table(
    found: Sequence[Campaign],
    results: Mapping[str, CampaignResult],
    on: date,
    numbers: Numbers,
) -> pd.DataFrame:
    """Return a row for each campaign; its state is that of the day `on`."""
    return pd.DataFrame(
        [
            {
                "Campaign": one.name,
                "State": _state(one, on),
                "Verdict": _verdict(results.get(one.id)),
                "Brought": _brought(one, results.get(one.id), numbers),
                "Result": _said(results.get(one.id)),
            }
            for one in found
        ]
    )


def _state(campaign: Campaign, on: date) -> str:
    status = campaign.status(on)
    first, last = day(campaign.starts_on), day(campaign.ends_on)
    known = {"planned": f"Planned from {first}", "running": f"Running to {last}"}
    return known.get(status, f"Ended on {last}")


def _verdict(result: CampaignResult | None) -> str:
    return UNKNOWN if result is None else result.verdict.capitalize()


def _brought(campaign: Campaign, result: CampaignResult | None, numbers: Numbers) -> str:
    """Return the effect on all contacted customers, if it is more than chance."""
    if result is None or result.effect is None or result.verdict not in (WORKED, HARMED):
        return UNKNOWN
    effect = result.effect
    return total_text(effect.measure, effect.total, campaign.currency, numbers.style)


def _said(result: CampaignResult | None) -> str:
    return NO_RESULT if result is None else result.headline
