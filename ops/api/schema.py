"""Request and response models of the scoring API, and its OpenAPI description."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from bankseg_assets.scoring.answers import NO_ACTION, Answers
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.documents import NumberInput
from bankseg_assets.scoring.inputs import Input, asked_of
from bankseg_assets.storage.documents import Document

MAX_CUSTOMERS = 10_000
ID = "id"
"""The key of a customer that is returned unchanged, to match answers with customers."""
CustomerId = str | int | None
SPENDING_ALONE = (
    "Transactions and amounts are of spending only. Income, such as a salary, is not included "
    "and is not an input."
)
_INPUT_KEYS = ("measure", "label", "unit", "help", "minimum", "maximum")
_SEGMENT_KEYS = ("segment", "id", "name", "sentence", "share_of_customers", "share_of_money")


class Scored(BaseModel):
    """The most likely segment of a customer, and the probability of each segment.

    `id`: as sent, or null. `segment_id`: stands for the segment in all releases, and is never used
    again; null in older models. `action`: the action that the release recommends for the segment;
    null if there is none, if the answer is not sure, or if the customer objects to marketing.
    `note`: why there is no action, or null.
    """

    id: CustomerId
    segment: int
    segment_id: int | None
    name: str
    probability: float
    sure: bool
    action: str | None
    note: str | None
    probabilities: dict[str, float]


class Answer(Scored):
    """A scored customer, with the version of the model."""

    model_version: str
    snapshot_date: str


class FieldError(BaseModel):
    """What is wrong with one field; `field`: null if it is the customer or request as a whole."""

    field: str | None
    detail: str


class Failed(BaseModel):
    """The reason why a customer of a list was not scored.

    `index`: its place in the list, from 0. `error`: all of `errors` in one text.
    """

    id: CustomerId
    index: int
    error: str
    errors: list[FieldError]


class BatchAnswer(BaseModel):
    """A result for each customer of a list, in the same order."""

    model_version: str
    snapshot_date: str
    failed: int
    answers: list[Scored | Failed]


class Model(BaseModel):
    """The model in use: its inputs, segments and quality metrics.

    `direction_known`: if true, transactions and amounts are of spending only, and each segment has
    the `median_income` of its members (null for fewer than 11 customers), which is not an input. If
    false, they include income, such as salaries.
    """

    version: str
    snapshot_date: str
    currency: str
    direction_known: bool
    inputs: list[dict[str, Any]]
    segments: list[dict[str, Any]]
    metrics: dict[str, float]
    warnings: list[str]
    """Limits of the data."""


class Refused(BaseModel):
    """The newest refused release: time, reasons, and next steps."""

    at: str
    reasons: list[str]


class Health(BaseModel):
    """Whether a model is in use, and why the newest one is not, if so.

    `warnings`: limits of the release's data and model. `refused`: a newer release that did not pass
    the gates, or null.
    """

    status: str
    release: str
    model_version: str
    problem: str
    warnings: list[str]
    refused: Refused | None


class Refusal(BaseModel):
    """The reason why a request is refused: what was expected, and what was found.

    `errors`: what is wrong with each field, if the reason is invalid values.
    """

    status: int
    detail: str
    errors: list[FieldError]


def scored(
    bundle: Bundle,
    actions: Mapping[int, str],
    found: Answers,
    ids: Sequence[CustomerId],
    objections: Sequence[str],
) -> list[Scored]:
    """Return the model's answer for each customer; `actions`: segment -> next action.

    `objections`: for each customer why nothing is recommended, or an empty text.
    """
    names = [segment.name for segment in bundle.segments]
    advice = [actions.get(segment.segment) for segment in bundle.segments]
    return [
        Scored(
            id=customer,
            segment=bundle.segments[place].segment,
            segment_id=bundle.segments[place].id,
            name=names[place],
            probability=confidence,
            sure=sure,
            action=advice[place] if sure and not objection else None,
            note=objection or (None if sure or advice[place] is None else NO_ACTION),
            probabilities=dict(zip(names, row, strict=True)),
        )
        for customer, objection, place, confidence, sure, row in zip(
            ids,
            objections,
            found.places.tolist(),
            found.confidence.tolist(),
            found.sure.tolist(),
            found.probabilities.tolist(),
            strict=True,
        )
    ]


def described(bundle: Bundle) -> Model:
    """Return the description of a model."""
    return Model(
        version=bundle.version,
        snapshot_date=bundle.snapshot_date,
        currency=bundle.currency,
        direction_known=bundle.direction_known,
        inputs=_some_keys(asked_of(bundle), _INPUT_KEYS),
        segments=_segments(bundle),
        metrics=dict(bundle.metrics),
        warnings=list(bundle.warnings),
    )


def _segments(bundle: Bundle) -> list[dict[str, Any]]:
    found = _some_keys(bundle.segments, _SEGMENT_KEYS)
    if bundle.direction_known:
        for shown, segment in zip(found, bundle.segments, strict=True):
            shown["median_income"] = segment.medians.get("income")
    return found


def openapi(
    api: FastAPI, inputs: Sequence[Input], *, direction_known: bool = False
) -> dict[str, Any]:
    """Return the OpenAPI document with the model's inputs: labels, units and ranges."""
    document = get_openapi(title=api.title, version="1", summary=api.summary, routes=api.routes)
    about_id = "Any name of the customer; the answer has it too."
    properties: dict[str, Any] = {
        ID: {"type": ["string", "integer", "null"], "title": "ID", "description": about_id}
    }
    properties |= {field.measure: _property(field) for field in inputs}
    customer: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    document["components"]["schemas"]["Customer"] = customer
    if direction_known:
        customer["description"] = SPENDING_ALONE
    reference = {"$ref": "#/components/schemas/Customer"}
    batch = {"type": "array", "items": reference, "maxItems": MAX_CUSTOMERS}
    for path, schema in (("/score", reference), ("/score/batch", batch)):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        content["application/json"]["schema"] = schema
    return document


def _property(field: Input) -> dict[str, Any]:
    found = {"title": field.label, "description": f"{field.help}."}
    if not isinstance(field, NumberInput):
        return {"type": ["string", "null"], **found}
    found["description"] += f" Unit: {field.unit}."
    limits = {"minimum": field.minimum, "maximum": field.maximum}
    return {"type": ["number", "null"], **found, **limits}


def _some_keys(entries: Iterable[Document], keys: Iterable[str]) -> list[dict[str, Any]]:
    wanted = set(keys)
    return [entry.model_dump(include=wanted, exclude_unset=True) for entry in entries]
