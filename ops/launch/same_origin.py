"""Middleware that rejects requests of other sites' pages to servers on this machine.

A server on the loopback address that accepts every request trusts each page that is open in a local
browser, and each name that an attacker's DNS resolves to 127.0.0.1 (DNS rebinding). Browsers send
the headers Host and Origin; the middleware compares them.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class SameOriginMiddleware:
    """ASGI middleware that answers 403 to requests with a `refusal_reason`."""

    def __init__(self, app: ASGIApp, refusal_reason: Callable[[Scope], str]) -> None:
        self._app = app
        self._why_refused = refusal_reason

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward or reject the request; a rejected WebSocket is answered 403 as well."""
        reason = self._why_refused(scope) if scope["type"] in ("http", "websocket") else ""
        if not reason:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            await PlainTextResponse(reason, status_code=403)(scope, receive, send)


def cross_site_reason(
    scope: Mapping[str, Any], server: str, hosts: Collection[str] = LOOPBACK
) -> str:
    """Return why a request comes from another site; empty if it does not.

    `server`: its name in the message. `hosts`: the host names that it accepts.
    """
    headers = Headers(raw=scope["headers"])
    host, origin = headers.get("host", ""), headers.get("origin")
    if urlsplit(f"//{host}").hostname not in hosts:
        known = " and ".join(sorted(name for name in hosts if ":" not in name))
        return f"{server} only answers requests to {known}."
    if origin is not None and origin != f"http://{host}":
        return "The request came from a page of another site."
    return ""
