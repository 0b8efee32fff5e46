"""Routes of the API for campaigns: groups and segments, and control groups."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, Field

from bankseg_assets.privacy.objections import ObjectionsError, objections
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.hold_out import SHARE, HoldOut, campaign_name
from ops.api.schema import MAX_CUSTOMERS, Refusal

router = APIRouter()


class Audience(BaseModel):
    """An RFM group or a segment; customers and money are null if they must not be shown.

    `segment_id`: of a segment, the same in all releases; null in older models.
    """

    kind: str
    name: str
    segment_id: int | None
    customers: int | None
    money: Decimal | None
    action: str | None


class Audiences(BaseModel):
    """The groups and segments of a release, in its currency."""

    release: str
    snapshot_date: str
    currency: str
    audiences: list[Audience]


class ControlGroupRequest(BaseModel):
    """Customers of a campaign, by their IDs; `share`: of the customers held out."""

    campaign: str = Field(default="", max_length=200)
    customers: list[str] = Field(max_length=MAX_CUSTOMERS)
    share: float = Field(default=SHARE, ge=0, le=1)


class ControlGroup(BaseModel):
    """Whether each customer is held out, and whether each objects to marketing, in the same order.

    The campaign's name alone decides on the control group, as in lists of the app and the command
    line. Customers who object must not be contacted.
    """

    campaign: str
    held_out_of_campaign: list[bool]
    left_out_by_objection: list[bool]


# Neither is `async`: they run in a thread, so that a long one does not block other requests.
@router.get("/audiences", responses={503: {"model": Refusal, "description": "No model yet"}})
def audiences(request: Request) -> Audiences:
    """Return groups and segments with customers, money and recommended action."""
    # It imports pandas, which a server that only scores does not need.
    from bankseg_assets.campaigns.audiences import totals

    current: Any = request.app.state.current
    bundle, actions = current.model
    release = current.serving.release
    ids = bundle.segment_ids
    try:
        found = totals(release, actions, bundle.segment_names)
    except ListError as error:
        raise HTTPException(503, str(error)) from error
    return Audiences(
        release=release.name,
        snapshot_date=bundle.snapshot_date,
        currency=bundle.currency,
        audiences=[
            Audience(
                kind=total.audience.kind,
                name=total.audience.name,
                segment_id=ids.get(total.audience.segment),
                customers=total.customers,
                money=total.money,
                action=total.audience.action or None,
            )
            for total in found
        ],
    )


@router.post(
    "/control-group",
    responses={
        422: {"model": Refusal, "description": "Invalid"},
        503: {"model": Refusal, "description": "The objections cannot be read"},
    },
)
def control_group(request: Request, wanted: ControlGroupRequest) -> ControlGroup:
    """Return which customers are in the control group of a campaign, and who objects to it."""
    campaign = campaign_name(wanted.campaign)
    held_out = HoldOut("", campaign, wanted.share).which(map(str.strip, wanted.customers))
    current: Any = request.app.state.current
    try:
        objecting = objections(current.published_dir)
    except ObjectionsError as error:
        raise HTTPException(503, str(error)) from error
    return ControlGroup(
        campaign=campaign,
        held_out_of_campaign=held_out,
        left_out_by_objection=objecting.among(wanted.customers),
    )
