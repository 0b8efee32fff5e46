"""Choose the customers of a campaign and draw its control group."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from bankseg_assets.campaigns.audiences import customers_of
from bankseg_assets.campaigns.campaign import Campaign, CampaignError, CampaignRequest
from bankseg_assets.campaigns.campaign_audience import selection, validated, without
from bankseg_assets.campaigns.customer_list import (
    ID,
    Choice,
    count_objecting,
    objections_to,
    select_customers,
)
from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets.privacy.objections import Objections
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.lists.hold_out import HoldOut
from bankseg_assets.stats.arrays import Mask


@dataclass(frozen=True)
class OtherCampaign:
    """A campaign that exists, with the IDs of its customers."""

    campaign: Campaign
    treated: frozenset[str]
    held_out: frozenset[str]


@dataclass(frozen=True)
class Drawn:
    """The customers of a campaign, in the order of money, and who is held out.

    `customers`: `customer_id`, and `segment`, `rfm_group` and `first_day` where the release has
    them.
    """

    name: str
    audience: str
    customers: pa.Table
    held_out: Mask
    left_out_by_objection: int = 0
    left_out_by_contact: int = 0
    others: Sequence[OtherCampaign] = field(default=())

    @cached_property
    def ids(self) -> list[str]:
        """The IDs of the customers."""
        found: list[str] = self.customers[ID].to_pylist()
        return found

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of customers treated and held out."""
        held_out = int(self.held_out.sum())
        return len(self.held_out) - held_out, held_out


def draw(
    release: Release, bundle: Bundle, request: CampaignRequest, others: Sequence[OtherCampaign]
) -> Drawn:
    """Return the customers of a request: without objections, and within the contact limit.

    Raises CampaignError and ListError.
    """
    name = validated(request)
    audience = selection(release, bundle, request)
    objecting = objections_to(release)
    contacted = _contacted(request, others)
    choice = Choice(name, request.top, request.min_confidence, request.share)
    customers, _ = select_customers(
        *(release, bundle, without(audience, contacted), choice, objecting),
        ["rfm_group", "first_day"],
    )
    if customers.num_rows < SMALLEST_CELL:
        raise CampaignError(
            f"{audience.name} has fewer than {SMALLEST_CELL} customers for this campaign. Choose a "
            "larger audience, or fewer rules."
        )
    ids: list[str] = customers[ID].to_pylist()
    held_out = HoldOut(ID, name, request.share).which(map(str.strip, ids))
    return Drawn(
        name,
        audience.name,
        customers,
        np.array(held_out, np.bool_),
        count_objecting(release, audience, objecting),
        _also(release, audience.members, contacted, objecting),
        others,
    )


def overlaps(request: CampaignRequest, campaign: Campaign) -> bool:
    """Return whether a campaign has days in common with a request."""
    return campaign.starts_on <= request.ends_on and request.starts_on <= campaign.ends_on


def is_close(request: CampaignRequest, campaign: Campaign) -> bool:
    """Return whether a campaign starts too close to a request, before or after it."""
    return abs((request.starts_on - campaign.starts_on).days) < request.contact_limit_days


def _contacted(request: CampaignRequest, others: Sequence[OtherCampaign]) -> set[str]:
    """Return whom another campaign contacts too close to the start."""
    close = (other for other in others if is_close(request, other.campaign))
    return {customer for other in close for customer in other.treated}


def _also(
    release: Release, members: ds.Expression, contacted: set[str], objecting: Objections
) -> int:
    """Return how many of an audience are among the contacted and do not object."""
    if not contacted:
        return 0
    ids = customers_of(release).to_table([ID], filter=members)[ID].to_pylist()
    return sum(one in contacted and one not in objecting for one in ids)
