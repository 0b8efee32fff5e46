"""Errors of the API in one shape: `{"status": 422, "detail": "…", "errors": [{"field": …}]}`."""

import json
import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bankseg_assets.storage.documents import fault
from ops.api.schema import MAX_CUSTOMERS, FieldError, Refusal

_FIRST_ERROR = 400
_EXPECTED = {
    "/score": 'a JSON object of the known inputs, such as {"frequency": 2}',
    "/score/batch": f"a JSON list of at most {MAX_CUSTOMERS:,} objects of known inputs",
    "/score/list": "a list as the body, and answer=csv or answer=xlsx, if any",
    "/forecast": 'a JSON object such as {"active_days": 3, "recency": 12, "first_day": '
    '"2016-08-01", "monetary": 900}',
    "/customers": 'a JSON object with the ID of a customer, such as {"id": "C1"}',
    "/control-group": 'a JSON object such as {"campaign": "spring", "customers": ["C1", "C2"]}, '
    f"with at most {MAX_CUSTOMERS:,} customers and a share from 0 to 1",
}
_CAMPAIGNS = "/campaigns"
"""Requests below this path name their invalid fields."""
_A_CAMPAIGN = 'a JSON object such as {"name": "spring", "starts_on": "2026-03-01", ...}'
_SENTENCES = {
    404: "There is no such address; GET /docs lists those that exist.",
    405: "This address does not answer to this method; GET /docs lists the methods.",
    413: "The request is too large; send fewer customers at a time.",
}

log = logging.getLogger("uvicorn.error")


class InvalidCustomerError(HTTPException):
    """Raised for a customer with invalid values: input -> what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(422, " ".join(problems.values()))
        self.problems = problems


class OneErrorShape:
    """ASGI middleware that rewrites plain-text errors of the framework and of other middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward the request; an error that is not JSON is answered as JSON."""
        error: Message | None = None
        text = b""

        async def send_shaped(message: Message) -> None:
            nonlocal error, text
            if message["type"] == "http.response.start" and _is_plain_error(message):
                error = message
            elif error is None:
                await send(message)
            else:
                text += message.get("body", b"")
                if not message.get("more_body", False):
                    status: int = error["status"]
                    detail = _SENTENCES.get(status) or text.decode(errors="replace")
                    body = json.dumps(shaped(status, detail)).encode()
                    headers = MutableHeaders(raw=list(error["headers"]))
                    headers["content-type"] = "application/json"
                    headers["content-length"] = str(len(body))
                    await send({**error, "headers": headers.raw})
                    await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, send_shaped)


class RedactedErrorLogging:
    """ASGI middleware that logs errors by type and location: their texts may hold the request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward the request; the framework answers 500 before it raises."""
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            log.error("A request failed: %s", error_location(error))


def error_location(error: BaseException) -> str:
    """Return an error's type and the file and line that raised it."""
    places = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {places[-1].filename}, line {places[-1].lineno}"


def shaped(status: int, detail: str, problems: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the content of an error; `problems`: input -> what is wrong with it."""
    return Refusal(status=status, detail=detail, errors=field_errors(problems or {})).model_dump()


def field_errors(problems: Mapping[str, str]) -> list[FieldError]:
    """Return the errors of a customer; the field of a problem without a name is null."""
    return [FieldError(field=name or None, detail=text) for name, text in problems.items()]


def add_error_handlers(api: FastAPI) -> None:
    """Let an application answer all errors in one shape."""
    api.add_exception_handler(RequestValidationError, _invalid_request)
    api.add_exception_handler(StarletteHTTPException, _refused)
    api.add_exception_handler(Exception, _internal_error)


def _is_plain_error(message: Message) -> bool:
    kind = Headers(raw=message["headers"]).get("content-type", "")
    return message["status"] >= _FIRST_ERROR and not kind.startswith("application/json")


async def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if request.url.path.startswith(_CAMPAIGNS) and (problems := _invalid_fields(error)):
        return JSONResponse(shaped(422, " ".join(problems.values()), problems), 422)
    default = _A_CAMPAIGN if request.url.path.startswith(_CAMPAIGNS) else "another request"
    expected = _EXPECTED.get(request.url.path, default)
    how = "" if request.url.path == "/score/list" else ", sent as application/json"
    detail = f"Expected {expected}{how}."
    return JSONResponse(shaped(422, detail), 422)


def _invalid_fields(error: RequestValidationError) -> dict[str, str]:
    """Return field -> what is wrong with it; empty for a body that is not an object."""
    found: dict[str, str] = {}
    for one in error.errors():
        _, *place = one["loc"]  # the first is `body` or `query`
        if not place or one["type"] == "json_invalid":
            return {}
        found.setdefault(".".join(map(str, place)), f"{fault(one, place)}.")
    return found


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)
    status = error.status_code
    problems = error.problems if isinstance(error, InvalidCustomerError) else {}
    is_ours = error.detail != HTTPStatus(status).phrase
    detail = error.detail if is_ours else _SENTENCES.get(status, error.detail)
    return JSONResponse(shaped(status, detail, problems), status, error.headers)


async def _internal_error(_: Request, error: Exception) -> JSONResponse:
    detail = f"The server failed ({type(error).__name__}). See the server's log."
    return JSONResponse(shaped(500, detail), 500)
