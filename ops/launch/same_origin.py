"""A guard for servers on this machine: deaf to what another site has the operator's browser send.

A server on the loopback address that trusts whatever reaches it trusts any page that is open in a
browser there, and any name that an attacker's DNS moves to 127.0.0.1. Browsers tell the host and
the origin of what they send; here they are compared.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class OwnPagesOnly:
    """ASGI middleware that answers 403 to what `why_refused` gives a reason for."""

    def __init__(self, app: ASGIApp, why_refused: Callable[[Scope], str]) -> None:
        self._app = app
        self._why_refused = why_refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse; a refused WebSocket is answered 403 as well."""
        reason = self._why_refused(scope) if scope["type"] in ("http", "websocket") else ""
        if not reason:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            await PlainTextResponse(reason, status_code=403)(scope, receive, send)


def why_foreign(scope: Mapping[str, Any], server: str, hosts: Collection[str] = LOOPBACK) -> str:
    """Return why a request is another site's; empty when it is not.

    `server` is what to call the server, and `hosts` are the names that it answers to.
    """
    headers = Headers(raw=scope["headers"])
    host, origin = headers.get("host", ""), headers.get("origin")
    if urlsplit(f"//{host}").hostname not in hosts:
        known = " and ".join(sorted(name for name in hosts if ":" not in name))
        return f"{server} answers under {known} alone."
    if origin is not None and origin != f"http://{host}":
        return "This came from a page of another site."
    return ""
