"""The last day of a campaign that ends early."""

from datetime import date, timedelta

from bankseg_assets.campaigns.campaign import Campaign


def default_last_day(campaign: Campaign, snapshot: date) -> date:
    """Return the newest day of the data, within the days on which a campaign may end early.

    `snapshot`: the day after the newest transaction.
    """
    newest, before_last = snapshot - timedelta(days=1), campaign.ends_on - timedelta(days=1)
    return max(min(newest, before_last), campaign.starts_on)
