"""Score an uploaded list over HTTP, with the service that the app and the command line use."""

import codecs
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from bankseg_assets.contracts.delivery import ContractError, DeliveryContract, load_contract
from bankseg_assets.runtime.scratch import temporary_folder
from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.lists.detection import DECIMALS, Settings
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.hold_out import HoldOut, campaign_name
from bankseg_assets.scoring.lists.plan import ListPlan, make_plan
from bankseg_assets.scoring.lists.scored_list import score_plan

PATH = "/score/list"
NAME = "The list"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FILE_TYPES = (
    *("text/csv", "application/octet-stream", "application/gzip"),
    *("application/vnd.apache.parquet",),
    XLSX,
)
"""No form of another site can send these without asking first."""
_BODY = {"schema": {"type": "string", "format": "binary"}}
router = APIRouter()


# The body is the file itself, so that any program can send it: curl --data-binary @list.xlsx.
@router.post(
    PATH,
    response_class=Response,
    responses={200: {"content": {"text/csv": {}, XLSX: {}}}},
    openapi_extra={"requestBody": {"required": True, "content": dict.fromkeys(_FILE_TYPES, _BODY)}},
)
async def score_list(
    request: Request,
    delimiter: str = "",
    decimal: str = "",
    encoding: str = "",
    sheet: str = "",
    column: Annotated[list[str] | None, Query()] = None,
    campaign: str = "",
    answer: Literal["csv", "xlsx"] = "csv",
) -> Response:
    """Score a list: the body is CSV, CSV.gz, XLSX or Parquet; `answer`: `csv` or `xlsx`.

    `column`: the column of an input, as in `frequency=Anzahl`, repeated. What is not given is
    detected.
    """
    bundle, actions = request.app.state.current.model
    _check_type(request.headers.get("content-type", ""))
    _check_settings(delimiter, decimal, encoding)
    content = await request.body()
    pairs = (one.partition("=") for one in column or ())
    columns = {measure: name for measure, _, name in pairs}
    given = Settings(delimiter, decimal, encoding, sheet, columns)
    try:
        found = await run_in_threadpool(
            _scored, content, bundle, actions, given, campaign, as_xlsx=answer == "xlsx"
        )
    except ListError as error:
        raise HTTPException(422, str(error)) from error
    return Response(found, media_type=XLSX if answer == "xlsx" else "text/csv; charset=utf-8")


def _check_type(declared: str) -> None:
    """Raise HTTPException for a body that is not declared as a file."""
    if declared.partition(";")[0].strip().lower() not in _FILE_TYPES:
        raise HTTPException(
            422,
            f"Expected a file, sent as {' or '.join(_FILE_TYPES[:2])}; found {declared[:100]!r}. "
            "Set the header Content-Type.",
        )


def _check_settings(delimiter: str, decimal: str, encoding: str) -> None:
    """Raise HTTPException for settings that no list can have."""
    if len(delimiter) > 1:
        raise HTTPException(422, f"The delimiter {delimiter!r} is not one character, such as ';'.")
    if decimal not in ("", *DECIMALS):
        raise HTTPException(422, f"The decimal mark must be '.' or ','; found {decimal!r}.")
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError as error:
        sentence = f"The encoding {encoding!r} is unknown; expected such as utf-8 or cp1252."
        raise HTTPException(422, sentence) from error


def _scored(
    content: bytes,
    bundle: Bundle,
    actions: Mapping[int, str],
    given: Settings,
    campaign: str,
    *,
    as_xlsx: bool,
) -> bytes:
    # They import pandas, which the API does not need until a list is sent.
    from bankseg_assets.scoring.lists.workbook import xlsx_bytes
    from bankseg_assets.scoring.lists.writing import csv_bytes

    with temporary_folder() as folder:
        path = folder / "list"
        path.write_bytes(content)
        plan = make_plan(path, NAME, bundle, _contract(), given)
        _check_columns(plan)
        hold_out = HoldOut(plan.identity, campaign_name(campaign)) if plan.identity else None
        published_dir = load_settings().published_dir
        scorer = plan.scorer(bundle, actions, plan.matching.columns, hold_out, published_dir)
        table = score_plan(plan, scorer).table
        if as_xlsx:
            return xlsx_bytes(table, scorer)
        return csv_bytes(table, replace(plan.dialect, encoding="utf-8"))


def _check_columns(plan: ListPlan) -> None:
    """Raise ListError if columns cannot be matched, or names are only similar."""
    if plan.matching.alike:
        questions = (
            f"No column is called {measure}; if {name!r} is meant, add column={measure}={name}."
            for measure, name in plan.matching.alike.items()
        )
        raise ListError(" ".join(questions))
    if plan.problems:
        raise ListError(plan.problems[0])


def _contract() -> DeliveryContract:
    try:
        return load_contract(load_settings().contract)
    except ContractError:
        return DeliveryContract()
