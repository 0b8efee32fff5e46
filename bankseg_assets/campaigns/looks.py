"""When the result of a campaign may be decided, and at which level, so that many looks err rarely.

A result that is read with every delivery and decided at 5 % each time would be wrong in far more
than 5 % of campaigns. The days that may decide are fixed when the campaign is made: equal parts of
its window. The last one has a level of 4 %, the others share 1 %: by the union bound (Bonferroni)
they err together in at most 5 %, however the looks depend on each other. That is the rule of
Haybittle (1971) and Peto et al. (1976), strict looks before the end and a nearly full last one,
with the level of the looks before the end paid for, as alpha spending does (Lan and DeMets 1983).
Their boundaries need independent increments, which spending of the same customers does not have.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from bankseg_assets.campaigns.campaign import Campaign

MOST_LOOKS = 8
LAST_ALPHA = 0.04
EARLIER_ALPHA = 0.01
"""Of all looks before the last one together."""


@dataclass(frozen=True)
class PlannedLook:
    """A day after which the result may be decided at a level."""

    day: date
    alpha: float
    is_last: bool


def planned_looks(campaign: Campaign) -> list[PlannedLook]:
    """Return the looks of a campaign, the last one on its last day.

    If it was ended early, the end may have depended on the result, so that the look on that day has
    the level of one before the last.
    """
    planned = campaign.request
    count = min(planned.days, MOST_LOOKS)
    days = [
        planned.starts_on + timedelta(days=planned.days * part // count - 1)
        for part in range(1, count + 1)
    ]
    alpha = EARLIER_ALPHA / max(count - 1, 1)
    looks = [PlannedLook(day, alpha, is_last=False) for day in days[:-1]]
    if campaign.ends_on >= planned.ends_on:
        return [*looks, PlannedLook(days[-1], LAST_ALPHA, is_last=True)]
    earlier = [one for one in looks if one.day < campaign.ends_on]
    return [*earlier, PlannedLook(campaign.ends_on, alpha, is_last=True)]
