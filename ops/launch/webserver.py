"""Run Dagster's web server with roles, and refuse other sites: `python -m ops.launch.webserver`.

It has the options of dagster-webserver, which in version 1.13 accepts every request to the loopback
address (see `same_origin`): `<img src="http://127.0.0.1:3000/graphql?query=mutation…">` was
executed, and a WebSocket of any origin was accepted and could read everything.
"""

import os
from collections.abc import Mapping
from typing import Any

from dagster._core.workspace.context import WorkspaceProcessContext, WorkspaceRequestContext
from dagster_webserver import app, cli
from dagster_webserver.webserver import DagsterWebserver
from graphql import FieldNode, GraphQLSyntaxError, OperationDefinitionNode, OperationType, parse
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse

from bankseg_assets.access.local_key import make_local_key
from bankseg_assets.access.refusals import record_refusal
from bankseg_assets.access.roles import Action
from bankseg_assets.runtime.settings import load_settings
from ops.launch.access import GRAPHQL, Access, identity_of, is_read_only
from ops.launch.report_pages import REPORTS
from ops.launch.same_origin import SameOriginMiddleware, cross_site_reason

UNCHECKED_CHANGES = frozenset(
    {"logTelemetry", "setNuxSeen", "sensorDryRun", "scheduleDryRun", "__typename"}
)
"""Fields of GraphQL mutations that Dagster allows everyone: they change nothing of the bank's."""
_CREATE_APP = "create_app_from_workspace_process_context"


class RoleWebserver(DagsterWebserver[WorkspaceProcessContext, WorkspaceRequestContext]):
    """Dagster's web server, in which those who may not start runs cannot change anything."""

    def _make_request_context(self, conn: HTTPConnection) -> WorkspaceRequestContext:
        found = super()._make_request_context(conn)
        if not is_read_only(conn.scope):
            return found
        return WorkspaceRequestContext(
            instance=found.instance,
            current_workspace=found.get_current_workspace(),
            process_context=found.process_context,
            version=found.version,
            source=conn,
            read_only=True,
        )

    def graphql_execution_thread(
        self,
        request: Request,
        query: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
    ) -> JSONResponse:
        """Answer a query; record a change by someone who may change nothing: it is refused."""
        identity = identity_of(request.scope)
        if identity is not None and is_read_only(request.scope) and changes_something(query):
            record_refusal(load_settings().data_dir, identity, Action.RUN)
        return super().graphql_execution_thread(request, query, variables, operation_name)


def changes_something(query: str) -> bool:
    """Return whether a GraphQL document has a mutation that Dagster allows to some only.

    >>> changes_something("mutation { reloadWorkspace { __typename } }")
    True
    >>> changes_something("{ version }"), changes_something("not a query")
    (False, False)
    """
    try:
        document = parse(query)
    except GraphQLSyntaxError:
        return False
    return any(
        not isinstance(field, FieldNode) or field.name.value not in UNCHECKED_CHANGES
        for one in document.definitions
        if isinstance(one, OperationDefinitionNode) and one.operation is OperationType.MUTATION
        for field in one.selection_set.selections
    )


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
    guarded.add_middleware(Access, settings=load_settings())
    guarded.add_middleware(SameOriginMiddleware, refusal_reason=refusal_reason)
    return guarded


def main() -> None:
    """Serve until stopped."""
    # A header must not replace the address of a connection, which the access rules trust.
    os.environ["FORWARDED_ALLOW_IPS"] = ""
    make_local_key(load_settings().dagster_home)
    setattr(app, DagsterWebserver.__name__, RoleWebserver)
    # The command line looks its application up by this name and has no other extension point.
    setattr(cli, _CREATE_APP, protected_app)
    cli.main()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
