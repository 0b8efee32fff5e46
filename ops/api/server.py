"""HTTP scoring API for other systems of the bank: `bankseg serve-api`; see /docs.

Like the app, it serves the model of the newest release and switches to a newer one without a
restart. It logs no customer data, and stores none but the customers of campaigns.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse
from starlette.types import ASGIApp

from bankseg_assets.access.rules import access_rules
from bankseg_assets.privacy.objections import objection_notes
from bankseg_assets.release.releases import Refusal, Release, current_refusal
from bankseg_assets.runtime.settings import SettingsError, load_settings
from bankseg_assets.scoring.answers import answers
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.current_model import Serving, renew, why_no_model
from bankseg_assets.scoring.inputs import Column, asked_of, columns_of, shown
from bankseg_assets.scoring.lists.actions import read_actions
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.published_model import newest_first
from ops.api import campaigns, customers, forecasts, lists, measured, schema
from ops.api.access import Access
from ops.api.documentation import POLICY, documentation_page
from ops.api.errors import (
    InvalidCustomerError,
    OneErrorShape,
    RedactedErrorLogging,
    add_error_handlers,
    error_location,
    field_errors,
)
from ops.exit_codes import reports
from ops.launch.preflight import HOST, PreflightError, check_port
from ops.launch.same_origin import LOOPBACK, SameOriginMiddleware, cross_site_reason

POLL_SECONDS = 2.0  # a look for a new release takes about 2 ms
MAX_BODY_BYTES = 4_000_000  # 10,000 customers with every input have about 1 million
MAX_CONNECTIONS = 256  # each may hold a body

# The framework can record bodies and errors and send them to an address from the environment.
NO_TELEMETRY: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": schema.Refusal, "description": why}
    for code, why in ((422, "An invalid value"), (503, "No model is in use yet"))
}

log = logging.getLogger("uvicorn.error")


@dataclass(frozen=True)
class ServedRelease:
    """The model in use, its recommendations (segment -> action), and any refusal since."""

    serving: Serving = field(default_factory=Serving)
    actions: Mapping[int, str] = field(default_factory=dict)
    refused: Refusal | None = None


class Current:
    """The served release; replaced as a whole, so that no answer mixes two releases."""

    def __init__(self, published_dir: Path) -> None:
        self.published_dir = published_dir
        self._find = partial(newest_first, published_dir)
        self._served = ServedRelease()

    def renew(self) -> None:
        """Switch to the newest release, if there is a newer one."""
        serving, before = renew(self.serving, self._find), self._served
        release, actions = serving.release, before.actions
        if release is not None and release is not before.serving.release:
            actions = _actions(release)
        self._served = ServedRelease(serving, actions, current_refusal(self.published_dir))

    async def follow(self) -> None:
        """Renew every POLL_SECONDS; errors are logged and retried."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await asyncio.to_thread(self.renew)
            except Exception as error:
                log.error("The releases cannot be read: %s", error_location(error))

    @property
    def serving(self) -> Serving:
        """The served model, with any problem of it."""
        return self._served.serving

    @property
    def refused(self) -> Refusal | None:
        """The refusal since the newest release, if any."""
        return self._served.refused

    @property
    def model(self) -> tuple[Bundle, Mapping[int, str]]:
        """The model and its actions; raises HTTPException 503 while there is none."""
        found = self._served
        if found.serving.bundle is None:
            raise HTTPException(503, why_no_model(found.serving, self.published_dir))
        return found.serving.bundle, found.actions


router = APIRouter()


async def _current(request: Request) -> Current:
    found: Current = request.app.state.current
    return found


InUse = Annotated[Current, Depends(_current)]


@router.get("/health")
async def health(current: InUse) -> schema.Health:
    """Return the health of the server; 200 also before the first model."""
    serving, refused = current.serving, current.refused
    return schema.Health(
        status="ok" if serving.bundle else "no model",
        release=serving.release.name if serving.release else "",
        model_version=serving.bundle.version if serving.bundle else "",
        problem=serving.problem,
        warnings=list(serving.release.warnings) if serving.release else [],
        refused=schema.Refused(at=refused.at, reasons=list(refused.reasons)) if refused else None,
    )


@router.get("/docs", include_in_schema=False)
async def documentation(request: Request) -> HTMLResponse:
    """Return the description of this API as a page."""
    address = str(request.base_url).rstrip("/")
    page = documentation_page(request.app.openapi(), address)
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})


@router.get("/model", responses={503: _REFUSALS[503]})
async def model(current: InUse) -> schema.Model:
    """Describe the model in use: inputs with labels, units and ranges; segments; metrics."""
    bundle, _ = current.model
    return schema.described(bundle)


@router.post("/score", responses=_REFUSALS)
async def score(current: InUse, customer: dict[str, Any]) -> schema.Answer:
    """Score one customer. Leave out unknown inputs, or send null; an `id` is returned."""
    bundle, actions = current.model
    ids, columns, (problems,) = _read(bundle, [customer])
    if problems:
        raise InvalidCustomerError(problems)
    notes = objection_notes(current.published_dir, ids)
    (found,) = schema.scored(bundle, actions, answers(bundle, columns), ids, notes)
    return schema.Answer.model_validate(dict(found) | _source(bundle))


# Not `async`: it runs in a thread, so that a long list does not block other requests.
@router.post("/score/batch", responses=_REFUSALS)
def score_batch(
    current: InUse,
    customers: Annotated[list[Any], Body(max_length=schema.MAX_CUSTOMERS)],
) -> schema.BatchAnswer:
    """Score a list. A customer with an invalid value gets errors by field, and no segment."""
    bundle, actions = current.model
    ids, columns, problems = _read(bundle, customers)
    notes = objection_notes(current.published_dir, ids)
    scored = answers(bundle, columns) if customers else None
    found = schema.scored(bundle, actions, scored, ids, notes) if scored else []
    return schema.BatchAnswer(
        failed=sum(map(bool, problems)),
        answers=[
            schema.Failed(
                id=one.id,
                index=index,
                error=" ".join(wrong.values()),
                errors=field_errors(wrong),
            )
            if wrong
            else one
            for index, (one, wrong) in enumerate(zip(found, problems, strict=True))
        ],
        **_source(bundle),
    )


def build_api(published_dir: Path, *, customer_page: bool = True) -> FastAPI:
    """Return the application; it reads its first model at startup.

    `customer_page`: whether it answers what a release says about a customer.
    """
    api = FastAPI(
        title="bankseg",
        summary="Which segment does a customer belong to?",
        lifespan=_follow_releases,
        # Those documentation pages load scripts from other sites; /docs is our own.
        docs_url=None,
        redoc_url=None,
        max_body_size=MAX_BODY_BYTES,
        telemetry=NO_TELEMETRY,
    )
    api.state.current = Current(published_dir)
    api.include_router(router)
    api.include_router(campaigns.router)
    api.include_router(measured.router)
    api.include_router(lists.router)
    api.include_router(forecasts.router)
    if customer_page:
        api.include_router(customers.router)
    add_error_handlers(api)
    for path, answer in (("/health", health), ("/model", model), ("/docs", documentation)):
        # Monitoring asks with HEAD, which the framework does not derive from GET.
        api.add_api_route(path, answer, methods=["HEAD"], include_in_schema=False)
    setattr(api, "openapi", partial(_openapi, api))  # noqa: B010 - mypy rejects assigning to a method
    return api


@asynccontextmanager
async def _follow_releases(api: FastAPI) -> AsyncIterator[None]:
    current: Current = api.state.current
    current.renew()
    task = asyncio.create_task(current.follow())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _openapi(api: FastAPI) -> dict[str, Any]:
    bundle = api.state.current.serving.bundle
    if bundle is None:
        return schema.openapi(api, ())
    return schema.openapi(api, asked_of(bundle), direction_known=bundle.direction_known)


def protected(api: FastAPI, hosts: Collection[str] = (), rules: Path | None = None) -> ASGIApp:
    """Return the application with its middleware; it accepts local host names and `hosts`.

    `rules`: the file of access rules; None: every request may do everything.
    """
    names = LOOPBACK | {host.lower() for host in hosts}
    guarded = SameOriginMiddleware(
        Access(RedactedErrorLogging(api), rules, api.state.current.published_dir.parent),
        lambda scope: cross_site_reason(scope, "The API", names),
    )
    return OneErrorShape(guarded)


@reports(SettingsError, PreflightError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped; return the exit code."""
    settings = load_settings()
    options = _parser(settings.api_port).parse_args(arguments)
    check_port("BANKSEG_API_PORT", options.port)
    api = build_api(settings.published_dir, customer_page=settings.customer_page)
    access_rules(settings.access_rules)  # a faulty file is reported here, not by each request
    app = protected(api, options.allow_host, settings.access_rules)
    with suppress(KeyboardInterrupt):  # Ctrl-C, after the server has ended its answers
        uvicorn.Server(configuration(app, options.host, options.port)).run()
    return 0


def configuration(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """Return the server's configuration: one process, no access log.

    A caller may have put customer data into an address, which an access log would record.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the address of the connection decides whether a proxy is trusted
        limit_concurrency=MAX_CONNECTIONS,
    )
    # Without a log of its own it would still write to the handlers of a host program.
    logging.getLogger("uvicorn.access").disabled = True
    return config


def _parser(port: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bankseg serve-api", description="Serve the scoring API until Ctrl-C."
    )
    add = parser.add_argument
    add("--port", type=int, default=port, help="BANKSEG_API_PORT (%(default)s)")
    add("--host", default=HOST, help="the address to listen on (%(default)s); no authentication")
    add(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="another host name that requests may use, such as a proxy's",
    )
    return parser


def _actions(release: Release) -> dict[int, str]:
    """Return segment -> action; empty, with a log entry, if they cannot be read."""
    try:
        return read_actions(release)
    except ListError as error:
        log.error("%s", error)
        return {}


def _read(
    bundle: Bundle, customers: Sequence[object]
) -> tuple[list[schema.CustomerId], dict[str, Column], list[dict[str, str]]]:
    """Return the IDs, the column of each input, and per customer: field -> what is wrong."""
    ids: list[schema.CustomerId] = []
    known: list[dict[str, object]] = []
    wrong: list[dict[str, str]] = []
    for customer in customers:
        is_object = isinstance(customer, dict)
        given = dict(customer) if isinstance(customer, dict) else {}
        found = given.pop(schema.ID, None)
        is_id = found is None or (isinstance(found, str | int) and not isinstance(found, bool))
        ids.append(found if is_id else None)
        known.append(given)
        wrong.append(
            (
                {}
                if is_object
                else {"": f"Expected an object of known inputs; found {shown(customer)}."}
            )
            | (
                {}
                if is_id
                else {schema.ID: f"id must be a text or a whole number; found {shown(found)}."}
            )
        )
    columns, problems = columns_of(asked_of(bundle), known)
    return ids, columns, [first | rest for first, rest in zip(wrong, problems, strict=True)]


def _source(bundle: Bundle) -> dict[str, str]:
    return {"model_version": bundle.version, "snapshot_date": bundle.snapshot_date}


if __name__ == "__main__":
    sys.exit(main())
