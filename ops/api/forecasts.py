"""Route of the API for forecasts of a customer who need not be one of the release."""

import datetime
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field

from bankseg_assets.contracts.tables import HORIZONS
from bankseg_assets.lookup.customer import LookupFailedError
from bankseg_assets.lookup.forecasts import Known, forecast_notes, forecasts_for
from ops.api.errors import InvalidCustomerError
from ops.api.schema import Refusal

router = APIRouter()
_REFUSALS: dict[int | str, dict[str, Any]] = {
    422: {"model": Refusal, "description": "A history that cannot be"},
    503: {"model": Refusal, "description": "No model yet, or a table that cannot be read"},
}
_MOST = 1e15


class Forecast(BaseModel):
    """What the customer will do in the days after the snapshot, with 80 % intervals.

    transaction_days: days with transactions. Null if unknown: a baseline has no interval.
    """

    days: int
    transaction_days: float | None
    transaction_days_low: float | None
    transaction_days_high: float | None
    spend: float | None
    spend_low: float | None
    spend_high: float | None


class HistoryOfCustomer(BaseModel):
    """What is known of a customer, as RFM_TABLE has it.

    active_days: days with transactions. recency: days from the last one to the snapshot. first_day:
    of the first one. monetary: the sum of the amounts; without it, spending has no forecast.
    """

    active_days: int = Field(ge=1, le=1_000_000)
    recency: int = Field(ge=1, le=1_000_000)
    first_day: datetime.date
    monetary: float | None = Field(default=None, ge=-_MOST, le=_MOST)


class Forecasts(BaseModel):
    """What a customer with this history will do, as for a customer of the release.

    `p_alive`: null where unknown, as after a single day. `forecasts`: empty for a release without
    them. `forecast_notes`: how the forecasts did in their test, and which is used.
    """

    p_alive: float | None
    forecasts: list[Forecast]
    forecast_notes: list[str]
    release: str
    snapshot_date: str
    currency: str


# Not `async`: it runs in a thread, because it reads files.
@router.post("/forecast", responses=_REFUSALS)
def forecast(request: Request, response: Response, known: HistoryOfCustomer) -> Forecasts:
    """Forecast days with transactions and spending of a customer with a history; keeps nothing."""
    response.headers["Cache-Control"] = "no-store"
    bundle, _ = request.app.state.current.model
    release = request.app.state.current.serving.release
    snapshot = datetime.date.fromisoformat(bundle.snapshot_date)
    one = Known(known.active_days, known.recency, (snapshot - known.first_day).days, known.monetary)
    if one.problem:
        raise InvalidCustomerError({"first_day": one.problem})
    try:
        found = forecasts_for(release, one)
    except LookupFailedError as error:
        raise HTTPException(503, str(error)) from error
    return Forecasts(
        p_alive=found.get("p_alive"),
        forecasts=forecast_rows(found),
        forecast_notes=forecast_notes(release),
        release=release.name,
        snapshot_date=bundle.snapshot_date,
        currency=bundle.currency,
    )


def forecast_rows(known: Mapping[str, float]) -> list[Forecast]:
    """Return a forecast for each horizon; none for a release without forecasts."""
    names = {"transaction_days": "days", "spend": "spend"}
    return [
        Forecast(
            days=days,
            **{
                f"{shown}{bound}": known.get(f"{name}_next_{days}{bound}")
                for shown, name in names.items()
                for bound in ("", "_low", "_high")
            },
        )
        for days in HORIZONS
        if f"days_next_{days}" in known
    ]
