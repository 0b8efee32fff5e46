"""All campaigns as a table: state, result, and what each brought."""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from app.widgets.numbers import Numbers
from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.effect_text import total_with_interval
from bankseg_assets.campaigns.results import CampaignResult
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
                "State": one.status(on).capitalize(),
                "Customers": numbers.count(one.customers),
                "Last day": day(one.ends_on.isoformat()),
                "Brought": _brought(one, results.get(one.id), numbers),
                "Result": _said(results.get(one.id)),
            }
            for one in found
        ]
    )


def _brought(campaign: Campaign, result: CampaignResult | None, numbers: Numbers) -> str:
    if result is None or result.effect is None:
        return UNKNOWN
    return total_with_interval(result.effect, campaign.currency, numbers.style)


def _said(result: CampaignResult | None) -> str:
    return NO_RESULT if result is None else f"{result.verdict.capitalize()}. {result.headline}"
