"""Scoring over HTTP, for other systems of the bank: `bankseg serve-api`; see /openapi.json.

It answers with the model of the newest release, as the app does, and follows it without a restart.
No log holds anything of a customer, and nothing is kept.
"""

import argparse
import asyncio
import logging
import sys
import traceback
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import Body, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bankseg_assets.release.releases import Refusal, Release, refusal
from bankseg_assets.runtime.settings import SettingsError, load_settings
from bankseg_assets.scoring.answers import answers
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.current_model import Serving, renew, why_no_model
from bankseg_assets.scoring.inputs import asked_of, columns_of
from bankseg_assets.scoring.lists.actions import read_actions
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.published_model import newest_first
from ops.api import schema
from ops.launch.preflight import HOST, PreflightError, check_port
from ops.launch.same_origin import LOOPBACK, OwnPagesOnly, why_foreign

POLL_SECONDS = 2.0  # to look for a release takes about 2 ms
MOST_BYTES = 4_000_000  # of a body: 10,000 customers with every input have about 1 million
MOST_CONNECTIONS = 256  # each may hold a body
REFUSED = 2

# The framework can record bodies and errors, and send them to whomever the environment names.
NO_TELEMETRY: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
_EXPECTED = {
    "/score": 'a JSON object of what is known, such as {"frequency": 2}',
    "/score/batch": f"a JSON list of at most {schema.MOST_CUSTOMERS:,} objects of what is known",
}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": schema.Refusal, "description": why}
    for code, why in ((422, "A value that cannot be taken"), (503, "No model is in use yet"))
}

log = logging.getLogger("uvicorn.error")


@dataclass(frozen=True)
class InUse:
    """The model that answers, what its release recommends (segment -> action), and what was
    refused since.
    """

    serving: Serving = field(default_factory=Serving)
    actions: Mapping[int, str] = field(default_factory=dict)
    refused: Refusal | None = None


class Current:
    """What is in use: replaced as a whole, so that no answer is of two releases."""

    def __init__(self, published_dir: Path) -> None:
        self._published_dir = published_dir
        self._find = partial(newest_first, published_dir)
        self._in_use = InUse()

    def renew(self) -> None:
        """Follow the newest release."""
        serving, before = renew(self.serving, self._find), self._in_use
        release, actions = serving.release, before.actions
        if release is not None and release is not before.serving.release:
            actions = _actions(release)
        self._in_use = InUse(serving, actions, refusal(self._published_dir))

    async def follow(self) -> None:
        """Renew for ever; whatever goes wrong is tried again."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await asyncio.to_thread(self.renew)
            except Exception as error:
                log.error("The releases cannot be read: %s", where(error))

    @property
    def serving(self) -> Serving:
        """What is served, and what is wrong with it."""
        return self._in_use.serving

    @property
    def refused(self) -> Refusal | None:
        """What was refused since the newest release, if anything."""
        return self._in_use.refused

    @property
    def model(self) -> tuple[Bundle, Mapping[int, str]]:
        """The model and its actions; 503 is answered while there is none."""
        found = self._in_use
        if found.serving.bundle is None:
            raise HTTPException(503, why_no_model(found.serving, self._published_dir))
        return found.serving.bundle, found.actions


class Discreet:
    """ASGI: what went wrong is logged by kind and place, for its text may hold what was sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; the framework answers 500 before it raises."""
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            log.error("A request failed: %s", where(error))


def build_api(published_dir: Path) -> FastAPI:
    """Return the application; it reads its first model when it is started."""
    current = Current(published_dir)

    @asynccontextmanager
    async def following(_: FastAPI) -> AsyncIterator[None]:
        current.renew()
        task = asyncio.create_task(current.follow())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    api = FastAPI(
        title="bankseg",
        summary="Which segment does a customer belong to?",
        lifespan=following,
        # The pages that would show the description get their scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        max_body_size=MOST_BYTES,
        telemetry=NO_TELEMETRY,
        exception_handlers={RequestValidationError: _misread, Exception: _broken},
    )

    @api.get("/health")
    async def health() -> schema.Health:
        """Tell whether the server can answer; 200 also before the first model."""
        serving, refused = current.serving, current.refused
        return schema.Health(
            status="ok" if serving.bundle else "no model",
            release=serving.release.name if serving.release else "",
            model_version=serving.bundle.version if serving.bundle else "",
            problem=serving.problem,
            warnings=list(serving.release.warnings) if serving.release else [],
            refused=schema.Refused(at=refused.at, reasons=list(refused.reasons))
            if refused
            else None,
        )

    @api.get("/model", responses={503: _REFUSALS[503]})
    async def model() -> schema.Model:
        """Describe the model: inputs with labels, units and ranges; segments; metrics."""
        bundle, _ = current.model
        return schema.described(bundle)

    @api.post("/score", responses=_REFUSALS)
    async def score(customer: dict[str, Any]) -> schema.Answer:
        """Score one customer. An input that is not known is left out, or null."""
        bundle, actions = current.model
        columns, (problem,) = columns_of(asked_of(bundle), [customer])
        if problem:
            raise HTTPException(422, problem)
        (found,) = schema.scored(bundle, actions, answers(bundle, columns))
        return schema.Answer.model_validate(dict(found) | _source(bundle))

    # Not `async`, so that it has a thread, and a long list keeps nobody waiting.
    @api.post("/score/batch", responses=_REFUSALS)
    def score_batch(
        customers: Annotated[list[dict[str, Any]], Body(max_length=schema.MOST_CUSTOMERS)],
    ) -> schema.BatchAnswer:
        """Score a list. A customer with a value that cannot be taken gets an error instead."""
        bundle, actions = current.model
        columns, problems = columns_of(asked_of(bundle), customers)
        found = schema.scored(bundle, actions, answers(bundle, columns)) if customers else []
        return schema.BatchAnswer(
            failed=sum(map(bool, problems)),
            answers=[
                schema.Failed(error=problem) if problem else one
                for one, problem in zip(found, problems, strict=True)
            ],
            **_source(bundle),
        )

    def openapi() -> dict[str, Any]:
        bundle = current.serving.bundle
        if bundle is None:
            return schema.openapi(api, ())
        return schema.openapi(api, asked_of(bundle), direction_known=bundle.direction_known)

    setattr(api, "openapi", openapi)  # noqa: B010 - to mypy it is a method
    return api


def guarded(api: FastAPI, hosts: Collection[str] = ()) -> ASGIApp:
    """Return the application as it is served: to this machine's names and `hosts`, to no page."""
    names = LOOPBACK | {host.lower() for host in hosts}
    return OwnPagesOnly(Discreet(api), lambda scope: why_foreign(scope, "The API", names))


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; return the exit code."""
    try:
        settings = load_settings()
        options = _parser(settings.api_port).parse_args(arguments)
        check_port("BANKSEG_API_PORT", options.port)
    except (SettingsError, PreflightError) as error:
        print(f"bankseg: {error}", file=sys.stderr)
        return REFUSED
    app = guarded(build_api(settings.published_dir), options.allow_host)
    uvicorn.Server(configuration(app, options.host, options.port)).run()
    return 0


def configuration(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """Return how the application is served: by one process, and without a log of addresses, into
    which a caller may have put a customer.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
    )
    # Without its own log it would still write into whatever a host program listens to.
    logging.getLogger("uvicorn.access").disabled = True
    return config


def where(error: BaseException) -> str:
    """Return the kind of an error and the line that raised it."""
    places = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {places[-1].filename}, line {places[-1].lineno}"


def _parser(port: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bankseg serve-api", description="Serve the scoring API until Ctrl-C."
    )
    add = parser.add_argument
    add("--port", type=int, default=port, help="BANKSEG_API_PORT (%(default)s)")
    add("--host", default=HOST, help="the address to listen on (%(default)s): there is no log-in")
    add(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="another name that callers know this server by, such as a proxy's",
    )
    return parser


def _actions(release: Release) -> dict[int, str]:
    """Return segment -> action; a score without one is better than no score."""
    try:
        return read_actions(release)
    except ListError as error:
        log.error("%s", error)
        return {}


def _source(bundle: Bundle) -> dict[str, str]:
    return {"model_version": bundle.version, "snapshot_date": bundle.snapshot_date}


async def _misread(request: Request, _: Exception) -> JSONResponse:
    expected = _EXPECTED.get(request.url.path, "another request")
    sentence = f"This is not what was expected: {expected}, sent as application/json."
    return JSONResponse({"detail": sentence}, 422)


async def _broken(_: Request, error: Exception) -> JSONResponse:
    sentence = f"The server failed ({type(error).__name__}). Its log says where."
    return JSONResponse({"detail": sentence}, 500)


if __name__ == "__main__":
    sys.exit(main())
