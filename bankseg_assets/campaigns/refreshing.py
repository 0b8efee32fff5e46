"""Compute the results of all campaigns again from the newest transactions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from bankseg_assets.campaigns.campaign import Campaign, CampaignError
from bankseg_assets.campaigns.effects import outcomes_from
from bankseg_assets.campaigns.measuring import measured, measured_days, unmeasured
from bankseg_assets.campaigns.results import CampaignResult, CampaignResults
from bankseg_assets.campaigns.stored_campaigns import all_campaigns, members_file, members_of
from bankseg_assets.presentation.formatting import PLAIN
from bankseg_assets.release.releases import now

SETTLED_AFTER_DAYS = 92
"""Days of data after the end until which deliveries may still correct what happened."""
Spending = Callable[[Sequence[Path], Sequence[date]], pd.DataFrame]
"""Returns the sums of the customers in tables between days; see `effects.outcomes_from`."""


@dataclass(frozen=True)
class DataInUse:
    """The newest data: `through`: the day of the newest transaction, None if there is none.

    removed_before: the day before which transactions were removed for their age.
    """

    through: date | None
    is_demo: bool
    customer_key: str
    currency: str
    removed_before: date | None = None
    number_format: str = PLAIN


def refreshed(
    data_dir: Path, data: DataInUse, previous: CampaignResults, spending: Spending
) -> CampaignResults:
    """Return the results of all campaigns; `spending` is called once, if any is measured.

    A result that cannot be computed any more, or does not change, is that of `previous`. Raises
    what `spending` raises.
    """
    campaigns = all_campaigns(data_dir)
    known = {one.campaign_id: one for one in previous.campaigns}
    found: dict[str, CampaignResult] = {}
    measuring: dict[str, tuple[Campaign, pd.DataFrame, tuple[date, ...]]] = {}
    for one in campaigns:
        earlier = known.get(one.id)
        reason = _why_frozen(one, data)
        if reason or _is_settled(one, earlier, data):
            found[one.id] = _kept(one, earlier, reason)
            continue
        days = measured_days(one, data.through)
        try:
            members = members_of(data_dir, one)
        except CampaignError as error:
            found[one.id] = _kept(one, earlier, str(error))
            continue
        if days:
            measuring[one.id] = (one, members, days)
        else:
            found[one.id] = unmeasured(one)
    if measuring:
        edges = _edges([(one, days) for one, _, days in measuring.values()])
        files = [members_file(data_dir, one) for one, _, _ in measuring.values()]
        sums = spending(files, edges)
        for one, members, days in measuring.values():
            outcomes = outcomes_from(members, sums, edges, days, one.starts_on)
            found[one.id] = measured(one, outcomes, style=data.number_format)
    return CampaignResults(
        computed_at=now(),
        data_through=data.through,
        campaigns=tuple(found[one.id] for one in campaigns),
    )


def _edges(measuring: Sequence[tuple[Campaign, tuple[date, ...]]]) -> list[date]:
    """Return the days between which sums are needed, ascending."""
    starts = {one.starts_on for one, _ in measuring}
    ends = {day + timedelta(days=1) for _, days in measuring for day in days}
    return sorted(starts | ends)


def _why_frozen(campaign: Campaign, data: DataInUse) -> str:
    """Return why a campaign cannot be measured with these data; empty if it can."""
    if campaign.is_demo != data.is_demo:
        own, other = ("demo data", "the bank's own") if campaign.is_demo else ("own data", "demo")
        return f"It was made with {own}, and the data in use are {other}."
    if campaign.customer_key and campaign.customer_key != data.customer_key:
        return (
            f"It was made with the customer key {campaign.customer_key}, and customers are "
            f"identified by {data.customer_key} now."
        )
    if campaign.currency != data.currency:
        return f"It was made in {campaign.currency}, and the data are in {data.currency} now."
    if data.removed_before and data.removed_before > campaign.starts_on:
        return "Transactions of its days were removed for their age."
    return ""


def _is_settled(campaign: Campaign, earlier: CampaignResult | None, data: DataInUse) -> bool:
    """Return whether a final result was computed from data long after the end."""
    if earlier is None or data.through is None:
        return False
    is_final = earlier.measured_through == campaign.ends_on == earlier.ends_on
    return is_final and data.through > campaign.ends_on + timedelta(days=SETTLED_AFTER_DAYS)


def _kept(campaign: Campaign, earlier: CampaignResult | None, reason: str) -> CampaignResult:
    """Return the earlier result of a campaign, which is not computed again."""
    if earlier is None or earlier.starts_on != campaign.starts_on:
        return unmeasured(campaign, reason).model_copy(update={"frozen": reason})
    return earlier.model_copy(update={"frozen": reason})
