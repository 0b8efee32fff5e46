"""Dagster's web server, deaf to other sites: `python -m ops.webserver`, options as its own.

Alone, dagster-webserver 1.13 trusts whatever reaches the loopback address, and so any page that is
open in the operator's browser: `<img src="http://127.0.0.1:3000/graphql?query=mutation…">` was
executed, a WebSocket of any origin was accepted and could read everything, and so could a name
that an attacker's DNS moves to 127.0.0.1. Browsers tell the host and the origin of what they send;
here they are compared.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dagster_webserver import app, cli
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
GRAPHQL = "/graphql"
_CREATE_APP = "create_app_from_workspace_process_context"


class OwnPagesOnly:
    """ASGI middleware that answers 403 to what another site had the browser send."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse; a refused WebSocket is answered 403 as well."""
        reason = why_refused(scope) if scope["type"] in ("http", "websocket") else ""
        if not reason:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            await PlainTextResponse(reason, status_code=403)(scope, receive, send)


def why_refused(scope: Mapping[str, Any]) -> str:
    """Return why a request is not answered; empty when it is."""
    headers = Headers(raw=scope["headers"])
    host, origin = headers.get("host", ""), headers.get("origin")
    if urlsplit(f"//{host}").hostname not in LOOPBACK:
        return "The Dagster UI answers under 127.0.0.1 and localhost alone."
    if origin is not None and origin != f"http://{host}":
        return "This came from a page of another site."
    # An image or a link of another site is a GET that tells no origin. The UI sends POST.
    if scope.get("method") == "GET" and scope["path"].rstrip("/") == GRAPHQL:
        return "GraphQL is answered to POST alone."
    return ""


def guarded_app(*arguments: Any, **options: Any) -> Starlette:
    """Return Dagster's application behind the middleware."""
    guarded = app.create_app_from_workspace_process_context(*arguments, **options)
    guarded.add_middleware(OwnPagesOnly)
    return guarded


def main() -> None:
    """Serve until told to stop."""
    # The command line asks for its application by this name, and offers no other way in.
    setattr(cli, _CREATE_APP, guarded_app)
    cli.main()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
