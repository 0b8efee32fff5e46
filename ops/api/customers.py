"""Route of the API for one customer of the release, by ID.

Answers are about persons: they are not to be cached, and the address is not logged.
"""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field

from bankseg_assets.lookup.customer import LookupFailedError, find_customer, not_found
from bankseg_assets.lookup.forecasts import forecast_notes
from bankseg_assets.lookup.months import Month, months_of
from bankseg_assets.lookup.portrait import Portrait, portrait, position, shown_measures
from bankseg_assets.privacy.look_ups import record_look_up
from bankseg_assets.release.releases import all_releases
from bankseg_assets.scoring.answers import NO_ACTION
from ops.api.forecasts import Forecast, forecast_rows
from ops.api.schema import Refusal

router = APIRouter()
_REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"model": Refusal, "description": "No such customer"},
    503: {"model": Refusal, "description": "No model yet, or a table that cannot be read"},
}


class Measure(BaseModel):
    """A measure of the customer, and the median and index (100 is the mean of all) of the
    segment; both null for fewer than 11 customers.

    `position`: `lowest quarter`, `middle half` or `highest quarter` of the segment, or null.
    """

    measure: str
    value: float
    segment_median: float | None
    segment_index: float | None
    position: str | None


class SegmentThen(BaseModel):
    """The customer in a release that is kept; nulls if that release does not have the customer.

    `moved`: the segment differs from that of the release before.
    """

    release: str
    version: int
    snapshot_date: datetime.date | None
    segment: str | None
    rfm_group: str | None
    monetary: float | None
    moved: bool


class MonthOfCustomer(BaseModel):
    """Number and sum of a month's transactions; income, such as a salary, is counted apart."""

    month: datetime.date
    transactions: int
    amount: Decimal
    income: Decimal


class Product(BaseModel):
    """A product to offer. `source`: `als` from the customer's own products, or `segment`."""

    product: str
    reason: str
    score: float
    source: str


class SmallestChange(BaseModel):
    """The smallest change of one measure that leads to another segment."""

    measure: str
    value: float
    segment: str
    sentence: str


class CustomerOfRelease(BaseModel):
    """A customer of the release: the segment and why, and what may come next.

    `segment_id`: stands for this segment in all releases, and is never used again; null in older
    models. `probability`: the model's, of this segment. `action`: of the segment, `group_action`:
    of the RFM group; null if there is none, if the segment is not sure, or if the customer objects
    to marketing, as `note` says; then there are no `products` either. `p_alive`: that the customer
    is still active; null where unknown. `forecast_notes`: how the forecasts did in their
    test. `months`: null if the customer key is an expression.
    """

    id: str
    segment: int
    segment_id: int | None
    name: str
    probability: float
    sure: bool
    why: str
    action: str | None
    note: str | None
    rfm_group: str
    group_action: str | None
    recency_score: int | None
    frequency_score: int | None
    measures: list[Measure]
    p_alive: float | None
    forecasts: list[Forecast]
    forecast_notes: list[str]
    changes: list[SmallestChange]
    products: list[Product]
    history: list[SegmentThen]
    months: list[MonthOfCustomer] | None
    release: str
    model_version: str
    snapshot_date: str
    currency: str


class CustomerRequest(BaseModel):
    """The ID of a customer, as the bank's files have it."""

    id: str = Field(max_length=200)


# Neither is `async`: they run in a thread, because they read files.
@router.get("/customers/{customer_id:path}", responses=_REFUSALS)
def customer(request: Request, response: Response, customer_id: str) -> CustomerOfRelease:
    """Return a customer of the release: segment and why, measures, history, months, products.

    A proxy may log the address, which has the ID: POST /customers has it in the body.
    """
    return _found(request, response, customer_id)


@router.post("/customers", responses=_REFUSALS)
def customer_of_body(
    request: Request, response: Response, wanted: CustomerRequest
) -> CustomerOfRelease:
    """Return the same for an ID in the body, such as {"id": "C1"}: no address has it."""
    return _found(request, response, wanted.id)


def _found(request: Request, response: Response, customer_id: str) -> CustomerOfRelease:
    response.headers["Cache-Control"] = "no-store"
    bundle, actions = request.app.state.current.model
    release = request.app.state.current.serving.release
    try:
        found = find_customer(release, customer_id)
        if found is None:
            raise HTTPException(404, not_found(release))
        record_look_up(release.folder.parent, found.customer_id, result="answered")
        one = portrait(release, bundle, found, all_releases(release.folder))
        months = months_of(release, found)
    except LookupFailedError as error:
        raise HTTPException(503, str(error)) from error
    sure, advice = one.explanation.sure, actions.get(found.segment)
    recency_score, frequency_score = found.scores
    return CustomerOfRelease(
        id=found.customer_id,
        segment=found.segment,
        segment_id=one.segment.id,
        name=one.segment.name,
        probability=one.explanation.confidence,
        sure=sure,
        why=one.explanation.sentence,
        action=advice if sure and not one.objection else None,
        note=one.objection or (None if sure or advice is None else NO_ACTION),
        rfm_group=found.rfm_group,
        group_action=one.group_action or None,
        recency_score=recency_score,
        frequency_score=frequency_score,
        measures=_measures(one),
        p_alive=one.forecasts.get("p_alive"),
        forecasts=forecast_rows(one.forecasts),
        forecast_notes=forecast_notes(release),
        changes=[
            SmallestChange(
                measure=change.name,
                value=change.after,
                segment=bundle.segments[change.segment].name,
                sentence=change.sentence,
            )
            for change in one.explanation.changes
        ],
        products=[
            Product(product=each.product, reason=each.reason, score=each.score, source=each.source)
            for each in one.products
        ],
        history=_history(one),
        months=None if months is None else _months(months),
        release=release.name,
        model_version=bundle.version,
        snapshot_date=bundle.snapshot_date,
        currency=bundle.currency,
    )


def _measures(one: Portrait) -> list[Measure]:
    segment = one.segment
    return [
        Measure(
            measure=name,
            value=value,
            segment_median=segment.medians.get(name),
            segment_index=segment.index.get(name),
            position=position(segment, name, value) or None,
        )
        for name, value in shown_measures(segment, one.customer.measures).items()
    ]


def _history(one: Portrait) -> list[SegmentThen]:
    return [
        SegmentThen(
            release=past.release.name,
            version=past.release.number,
            snapshot_date=past.customer.snapshot_date if past.customer else None,
            segment=past.name or None,
            rfm_group=past.customer.rfm_group if past.customer else None,
            monetary=past.customer.measures.get("monetary") if past.customer else None,
            moved=past.moved,
        )
        for past in one.history
    ]


def _months(months: Sequence[Month]) -> list[MonthOfCustomer]:
    return [
        MonthOfCustomer(
            month=one.month, transactions=one.transactions, amount=one.amount, income=one.income
        )
        for one in months
    ]
