"""Run Dagster's web server behind a same-origin check: `python -m ops.launch.webserver`.

It has the options of dagster-webserver, which in version 1.13 accepts every request to the loopback
address (see `same_origin`): `<img src="http://127.0.0.1:3000/graphql?query=mutation…">` was
executed, and a WebSocket of any origin was accepted and could read everything.
"""

from collections.abc import Mapping
from typing import Any

from dagster_webserver import app, cli
from starlette.applications import Starlette

from ops.launch.report_pages import REPORTS
from ops.launch.same_origin import SameOriginMiddleware, cross_site_reason

GRAPHQL = "/graphql"
_CREATE_APP = "create_app_from_workspace_process_context"


def refusal_reason(scope: Mapping[str, Any]) -> str:
    """Return why a request is rejected; empty if it is accepted."""
    if reason := cross_site_reason(scope, "The Dagster UI"):
        return reason
    # An image or link of another site sends a GET without an origin. The UI sends POST.
    if scope.get("method") == "GET" and scope["path"].rstrip("/") == GRAPHQL:
        return "GraphQL accepts only POST."
    return ""


def protected_app(*arguments: Any, **options: Any) -> Starlette:
    """Return Dagster's application behind the middleware."""
    guarded = app.create_app_from_workspace_process_context(*arguments, **options)
    guarded.router.routes.insert(0, REPORTS)  # Dagster's last route answers every path
    guarded.add_middleware(SameOriginMiddleware, refusal_reason=refusal_reason)
    return guarded


def main() -> None:
    """Serve until stopped."""
    # The command line looks its application up by this name and has no other extension point.
    setattr(cli, _CREATE_APP, protected_app)
    cli.main()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
