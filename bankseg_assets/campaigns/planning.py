"""Plan a campaign before it is made: who would be in it, and what it could detect."""

from bankseg_assets.campaigns.campaign import CampaignRequest, Measure
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.storage.documents import Document

POWER = 0.8
EFFECTS = (0.02, 0.05, 0.1, 0.2)
"""Relative effects whose power a plan shows."""


class Overlap(Document):
    """Another campaign whose days overlap; counts are None if 1 to 10 customers."""

    campaign_id: str
    name: str
    customers: int | None
    """Of the planned campaign, who are in the other one, too."""
    treated: int | None
    """Of these, those whom the other one contacts."""


class Power(Document):
    """The probability of finding a relative effect, such as 0.05 for 5 %."""

    relative: float
    power: float


class Detectable(Document):
    """What a campaign could detect of a measure, from the audience's own history.

    usual: mean of a customer in so many days. sd: of it. correlation: with the same number of days
    before, which CUPED uses. effect: the smallest difference of a customer that is found with a
    power of 80 %, with CUPED; effect_welch: without. relative: effect / usual, None if usual is not
    above 0. total: effect times the customers contacted; of spend, in money. power: for each of
    EFFECTS. needed: the customers, at this share, to find the worthwhile effect with a power of
    80 %; None if there is no effect to find.
    """

    measure: Measure
    usual: float
    sd: float
    correlation: float
    effect: float
    effect_welch: float
    relative: float | None
    total: float
    power: tuple[Power, ...] = ()
    needed: int | None = None


class CampaignPlan(Document):
    """What would be made.

    customers: treated + held_out. detectable: for each measure; empty without a control group or
    without history. sentences: what it can detect, in words and money. warnings: what to change, such as a campaign that is too
    small; a campaign can be made in spite of them.
    """

    request: CampaignRequest
    name: str
    audience: str
    release: str
    snapshot_date: str
    currency: str
    customers: int
    treated: int
    held_out: int
    left_out_by_objection: int = 0
    left_out_by_contact: int = 0
    overlaps: tuple[Overlap, ...] = ()
    detectable: tuple[Detectable, ...] = ()
    history_days: int = 0
    """Days of each stretch of history that was compared."""
    stretches: int = 0
    """How many of them the data have."""
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def plan_campaign(release: Release, bundle: Bundle, request: CampaignRequest) -> CampaignPlan:
    """Return what a campaign would be; changes nothing. Raises CampaignError and ListError.

    Takes about a second for a million transactions: it reads those of the audience.
    """
    raise NotImplementedError
