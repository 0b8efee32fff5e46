"""Dagster's web server, deaf to other sites: `python -m ops.launch.webserver`, options as its own.

Alone, dagster-webserver 1.13 trusts whatever reaches the loopback address (see `own_pages`):
`<img src="http://127.0.0.1:3000/graphql?query=mutation…">` was executed, and a WebSocket of any
origin was accepted and could read everything.
"""

from collections.abc import Mapping
from typing import Any

from dagster_webserver import app, cli
from starlette.applications import Starlette

from ops.launch.same_origin import OwnPagesOnly, why_foreign

GRAPHQL = "/graphql"
_CREATE_APP = "create_app_from_workspace_process_context"


def why_refused(scope: Mapping[str, Any]) -> str:
    """Return why a request is not answered; empty when it is."""
    if reason := why_foreign(scope, "The Dagster UI"):
        return reason
    # An image or a link of another site is a GET that tells no origin. The UI sends POST.
    if scope.get("method") == "GET" and scope["path"].rstrip("/") == GRAPHQL:
        return "GraphQL is answered to POST alone."
    return ""


def guarded_app(*arguments: Any, **options: Any) -> Starlette:
    """Return Dagster's application behind the middleware."""
    guarded = app.create_app_from_workspace_process_context(*arguments, **options)
    guarded.add_middleware(OwnPagesOnly, why_refused=why_refused)
    return guarded


def main() -> None:
    """Serve until told to stop."""
    # The command line asks for its application by this name, and offers no other way in.
    setattr(cli, _CREATE_APP, guarded_app)
    cli.main()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
