"""Routes of the API for campaigns: plan, make, list, end and remove them, and read their results.

They import pandas where they need it: a server that only scores does not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from bankseg_assets.campaigns.campaign import Campaign, CampaignRequest, Rule
from bankseg_assets.campaigns.ending import default_last_day
from bankseg_assets.campaigns.results import (
    HELD_OUT,
    TREATED,
    CampaignResult,
    CampaignResults,
    newest_results,
)
from bankseg_assets.presentation.disclosure import is_small
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.lists.errors import ListError
from ops.api.documentation import POLICY
from ops.api.schema import Refusal

PATH = "/campaigns"
CSV = "text/csv; charset=utf-8"
router = APIRouter(prefix=PATH)
_REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"model": Refusal, "description": "No such campaign, or no result yet"},
    422: {"model": Refusal, "description": "Invalid"},
    503: {"model": Refusal, "description": "No model yet, or the data folder cannot be written"},
}
"""Of every route here."""


class WantedRule(Rule):
    """A condition on a column of the customers; both limits are included."""

    model_config = ConfigDict(extra="forbid")


class WantedCampaign(CampaignRequest):
    """A campaign to plan or make; an unknown field is an error.

    groups, segments: by name; none means all. rules: on columns such as monetary or age. top: only
    so many, those with most money; 0 for all. share: held out, 0 to 1. starts_on, ends_on: the
    first and last day measured, YYYY-MM-DD. measure: spend, transactions or active. worthwhile: the
    smallest relative effect that matters.
    """

    # Built at once: a body that is built later gives a warning.
    model_config = ConfigDict(extra="forbid", defer_build=False)

    rules: tuple[WantedRule, ...] = ()


class Ending(BaseModel):
    """Why a campaign ends; `last_day`: the last that is measured (default: of the data)."""

    model_config = ConfigDict(extra="forbid")

    last_day: date | None = None
    why: str = Field(default="", max_length=200)


class CampaignState(BaseModel):
    """A campaign with its state and verdict, without its customers.

    `state`: `planned`, `running` or `ended`, on the day of the newest data. `verdict`, `headline`:
    null before the first result. Numbers of 1 to 10 customers are null. `ends_on`: the last day
    measured, earlier than in `request` if it was ended. `instruction`: what to do with the
    customers held out; null after the end.
    """

    id: str
    name: str
    state: Literal["planned", "running", "ended"]
    verdict: str | None
    headline: str | None
    audience: str
    starts_on: date
    ends_on: date
    customers: int
    treated: int | None
    held_out: int | None
    left_out_by_objection: int | None
    left_out_by_contact: int | None
    instruction: str | None
    created_at: str
    created_by: str
    why_ended: str
    request: CampaignRequest


# None of them is `async`: they run in a thread, because they read and write files.
@router.get("", responses={503: _REFUSALS[503]})
def campaigns(request: Request) -> list[CampaignState]:
    """Return all campaigns with state and verdict, newest first."""
    from bankseg_assets.campaigns.campaign_store import all_campaigns

    release, bundle = _served(request)
    results = _results(release)
    return [_state(bundle, one, results) for one in all_campaigns(release.folder.parent)]


@router.post("/plan", responses=_REFUSALS)
def plan(request: Request, wanted: WantedCampaign) -> Any:
    """Return what a campaign would be and what it could detect; nothing is made."""
    from bankseg_assets.campaigns.planning import plan_campaign

    release, bundle = _served(request)
    try:
        return plan_campaign(release, bundle, wanted)
    except ListError as error:
        raise HTTPException(422, str(error)) from error


@router.post("", status_code=201, responses=_REFUSALS)
def make(request: Request, wanted: WantedCampaign) -> CampaignState:
    """Make a campaign: its control group is drawn and stored."""
    from bankseg_assets.campaigns.campaign_store import create_campaign

    release, bundle = _served(request)
    with _storing():
        made = create_campaign(release, bundle, wanted)
    return _state(bundle, made, _results(release))


@router.get("/{campaign_id}", responses=_REFUSALS)
def campaign(request: Request, campaign_id: str) -> CampaignState:
    """Return a campaign by its ID or name."""
    release, bundle = _served(request)
    return _state(bundle, _found(release, campaign_id), _results(release))


@router.get(
    "/{campaign_id}/results",
    responses=_REFUSALS
    | {200: {"model": CampaignResult, "content": {"text/csv": {}, "text/html": {}}}},
)
def results(
    request: Request,
    campaign_id: str,
    answer: Annotated[Literal["json", "csv", "html"], Query()] = "json",
) -> Any:
    """Return the newest result of a campaign; `answer`: `json`, `csv` or `html`, the report."""
    from bankseg_assets.campaigns.result_table import result_table
    from bankseg_assets.presentation.csv_export import to_csv
    from bankseg_assets.reports.campaign_report import campaign_page

    release, _ = _served(request)
    one = _found(release, campaign_id)
    result = _results(release).of(one.id)
    if answer == "html":
        page = campaign_page(one, result, style=release.number_format)
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})
    if result is None:
        raise HTTPException(404, f"{one.name} has no result yet: it comes with the next delivery.")
    if answer == "csv":
        return Response(to_csv(result_table(one, result)), media_type=CSV)
    return result


@router.post(
    "/{campaign_id}/list",
    response_class=Response,
    responses=_REFUSALS | {200: {"content": {"text/csv": {}}}},
)
def customers(
    request: Request, campaign_id: str, arm: Literal["treated", "held_out"] = "treated"
) -> Response:
    """Return the customers to contact as CSV; `arm=held_out`: the IDs of those to leave out.

    The download is recorded in the audit log.
    """
    from bankseg_assets.campaigns.arms import list_of_arm
    from bankseg_assets.campaigns.campaign_store import list_of_campaign
    from bankseg_assets.campaigns.list_files import csv_of
    from bankseg_assets.campaigns.list_log import record_list

    release, bundle = _served(request)
    actions = request.app.state.current.model[1]
    one = _found(release, campaign_id)
    try:
        both = list_of_campaign(release, bundle, one, actions)
    except ListError as error:
        raise HTTPException(503, str(error)) from error
    made = list_of_arm(both, one, TREATED if arm == "treated" else HELD_OUT)
    record_list(release, made)
    return Response(csv_of(made), media_type=CSV, headers={"Cache-Control": "no-store"})


@router.post("/{campaign_id}/end", responses=_REFUSALS)
def end(request: Request, campaign_id: str, wanted: Ending) -> CampaignState:
    """End a campaign early; its result stays."""
    from bankseg_assets.campaigns.campaign_store import end_campaign

    release, bundle = _served(request)
    one = _found(release, campaign_id)
    last = wanted.last_day or default_last_day(one, date.fromisoformat(bundle.snapshot_date))
    with _storing():
        ended = end_campaign(release.folder.parent, one.id, last_day=last, why=wanted.why)
    return _state(bundle, ended, _results(release))


@router.delete("/{campaign_id}", responses=_REFUSALS)
def remove(request: Request, campaign_id: str, why: str = "") -> CampaignState:
    """Remove a campaign with its customers; its result goes with the next delivery."""
    from bankseg_assets.campaigns.campaign_store import remove_campaign

    release, bundle = _served(request)
    one = _found(release, campaign_id)
    before = _state(bundle, one, _results(release))
    with _storing():
        remove_campaign(release.folder.parent, one.id, why=why)
    return before


def _served(request: Request) -> tuple[Release, Bundle]:
    current: Any = request.app.state.current
    bundle, _ = current.model
    return current.serving.release, bundle


def _found(release: Release, id_or_name: str) -> Campaign:
    from bankseg_assets.campaigns.campaign_store import find_campaign

    try:
        return find_campaign(release.folder.parent, id_or_name)
    except ListError as error:
        raise HTTPException(404, str(error)) from error


def _results(release: Release) -> CampaignResults:
    try:
        return newest_results(release.folder)
    except ListError as error:
        raise HTTPException(503, str(error)) from error


def _state(bundle: Bundle, one: Campaign, results: CampaignResults) -> CampaignState:
    from bankseg_assets.campaigns.arms import instruction_on

    result, on = results.of(one.id), date.fromisoformat(bundle.snapshot_date)
    return CampaignState(
        id=one.id,
        name=one.name,
        state=one.status(on),
        verdict=result.verdict if result else None,
        headline=result.headline if result else None,
        audience=one.audience,
        starts_on=one.starts_on,
        ends_on=one.ends_on,
        customers=one.customers,
        treated=_shown(one.treated),
        held_out=_shown(one.held_out),
        left_out_by_objection=_shown(one.left_out_by_objection),
        left_out_by_contact=_shown(one.left_out_by_contact),
        instruction=instruction_on(one, result, on) or None,
        created_at=one.created_at,
        created_by=one.created_by,
        why_ended=one.why_ended,
        request=one.request,
    )


def _shown(customers: int) -> int | None:
    return None if is_small(customers) else customers


@contextmanager
def _storing() -> Iterator[None]:
    """Answer what cannot be stored: a wrong request with 422, a read-only folder with 503."""
    try:
        yield
    except ListError as error:
        raise HTTPException(422, str(error)) from error
    except OSError as error:
        raise HTTPException(
            503,
            f"It could not be stored ({type(error).__name__}): this server may only read the data "
            "folder. Use `bankseg campaigns` where it can be written.",
        ) from error
