"""Check each request to the API against the table of roles, by the headers of a trusted proxy."""

from collections.abc import Mapping
from pathlib import Path

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bankseg_assets.access.checks import RefusedError, require
from bankseg_assets.access.identity import unknown
from bankseg_assets.access.proxy import forwarded_identity
from bankseg_assets.access.roles import Action
from bankseg_assets.access.rules import access_rules
from bankseg_assets.privacy.audit import acting_as
from bankseg_assets.runtime.settings import SettingsError
from ops.api.errors import shaped

UNCHECKED = frozenset({"/health"})
"""Paths that monitoring asks for without a name."""
ACTIONS: Mapping[str, Action] = {
    "/model": Action.SEE,
    "/docs": Action.SEE,
    "/openapi.json": Action.SEE,
    "/audiences": Action.SEE,
    "/score": Action.SCORE,
    "/forecast": Action.SCORE,
    "/customers": Action.LOOK_UP,
    "/control-group": Action.MAKE_LISTS,
    "/campaigns": Action.SEE,
}
"""First part of a path -> what a role must allow; any other path needs `OPERATE`."""
CHANGES: Mapping[str, Action] = {"/campaigns": Action.MAKE_LISTS}
"""The same for requests that are not only read: those whose method is neither GET nor HEAD."""
_READS = frozenset({"GET", "HEAD"})
NO_NAME = (
    "No one is named by this request. Send it through the bank's proxy, which adds the name; the "
    "access rules list its address."
)


class Access:
    """ASGI middleware that refuses what the roles of a request do not allow."""

    def __init__(self, app: ASGIApp, rules: Path | None, data_dir: Path) -> None:
        self._app, self._rules, self._data_dir = app, rules, data_dir

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a request that is allowed; answer any other with status 403."""
        if scope["type"] == "lifespan" or self._rules is None or scope["path"] in UNCHECKED:
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        peer: str = client[0] if client else ""
        action = action_of(scope["path"], scope.get("method", ""))
        try:
            rules = access_rules(self._rules)
            assert rules is not None
        except SettingsError as error:
            await _refused(503, str(error))(scope, receive, send)
            return
        identity = forwarded_identity(rules, peer, scope["headers"]) or unknown(peer)
        try:
            require(identity, action, self._data_dir)
        except RefusedError as error:
            said = str(error) if identity.is_known else NO_NAME
            await _refused(403, said)(scope, receive, send)
        else:
            with acting_as(identity.actor):
                await self._app(scope, receive, send)


def action_of(path: str, method: str = "GET") -> Action:
    """Return what a role must allow for a request.

    >>> action_of("/customers/C1"), action_of("//customers/C1")
    (<Action.LOOK_UP: 'look up a customer'>, <Action.OPERATE: \
'withdraw files, remove old data, roll back and copy releases'>)
    """
    first = f"/{path.removeprefix('/').partition('/')[0]}"
    if method not in _READS and first in CHANGES:
        return CHANGES[first]
    return ACTIONS.get(first, Action.OPERATE)


def _refused(status: int, detail: str) -> JSONResponse:
    return JSONResponse(shaped(status, detail), status)
