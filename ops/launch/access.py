"""Check requests to the Dagster UI against the table of roles, by the headers of a trusted proxy.

Dagster itself has no roles; with `read_only`, its pages show what exists and change nothing. The
platform's own programs on this machine, which check roles themselves, send a key that only users
with access to Dagster's folder can read.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bankseg_assets.access.checks import RefusedError, require
from bankseg_assets.access.identity import Identity, unknown
from bankseg_assets.access.local_key import HEADER, local_key
from bankseg_assets.access.proxy import forwarded_identity
from bankseg_assets.access.roles import Action
from bankseg_assets.access.rules import access_rules
from bankseg_assets.runtime.settings import Settings, SettingsError

IDENTITY = "bankseg.identity"
"""Key of the scope of a request: who sent it; absent if access is not restricted."""
OWN = "bankseg.own_program"
"""Key of the scope of a request of the platform's own programs."""
GRAPHQL = "/graphql"
READS = frozenset({"GET", "HEAD"})
"""Methods of requests that change nothing."""
UNCHECKED = frozenset({"/server_info"})
"""Paths that show versions only, by which `make run` sees that the server works."""
NO_NAME = (
    "No one is named by this request. Open the Dagster UI through the bank's proxy, which adds the "
    "name; the access rules list its address."
)


class Access:
    """ASGI middleware that answers 403 to what the roles of a request do not allow."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a request that is allowed, with its identity; refuse any other."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in UNCHECKED:
            await self._app(scope, receive, send)
            return
        try:
            identity = self._identity(scope)
        except (SettingsError, RefusedError) as error:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
            else:
                await PlainTextResponse(str(error), status_code=403)(scope, receive, send)
            return
        found = {} if identity is None else {IDENTITY: identity}
        await self._app({**scope, **found}, receive, send)

    def _identity(self, scope: Scope) -> Identity | None:
        """Return who sent a request that is allowed; None if access is not restricted.

        Raises SettingsError and RefusedError.
        """
        rules = access_rules(self._settings.access_rules)
        if self._is_own_program(scope):
            scope[OWN] = True
            return None
        if rules is None:
            return None
        client = scope.get("client")
        peer: str = client[0] if client else ""
        identity = forwarded_identity(rules, peer, scope["headers"]) or unknown(peer)
        try:
            require(identity, Action.SEE_DATA, self._settings.data_dir)
        except RefusedError as error:
            raise error if identity.is_known else RefusedError(NO_NAME) from None
        # Dagster checks each change by GraphQL; other requests that change are refused here.
        if scope.get("method", "GET") not in READS and scope["path"].rstrip("/") != GRAPHQL:
            require(identity, Action.RUN, self._settings.data_dir)
        return identity

    def _is_own_program(self, scope: Scope) -> bool:
        given = Headers(raw=scope["headers"]).get(HEADER, "")
        known = local_key(self._settings.dagster_home) if given else ""
        return bool(known) and secrets.compare_digest(given.encode(), known.encode())


def identity_of(scope: Mapping[str, Any]) -> Identity | None:
    """Return who sent a request; None if access is not restricted, or for an own program."""
    found: Identity | None = scope.get(IDENTITY)
    return found


def is_own_program(scope: Mapping[str, Any]) -> bool:
    """Return whether a program of the platform sent a request."""
    return bool(scope.get(OWN))


def is_read_only(scope: Mapping[str, Any]) -> bool:
    """Return whether a request may change nothing."""
    identity = identity_of(scope)
    return identity is not None and not identity.may(Action.RUN)
