"""Roles in the Dagster UI, by the headers of a proxy; others see nothing or change nothing."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from bankseg_assets.access.local_key import HEADER, KEY_FILE, local_key, make_local_key
from bankseg_assets.access.roles import Action, Role
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.access.people import PROXY, expected, headers, write_rules
from ops.launch.access import NO_NAME, Access, identity_of, is_own_program, is_read_only
from ops.launch.webserver import RoleWebserver

MUTATION = {"query": "mutation { reloadWorkspace { __typename } }"}


async def answer(request: Request) -> JSONResponse:
    identity = identity_of(request.scope)
    return JSONResponse(
        {
            "name": identity.actor.name if identity else "",
            "read_only": is_read_only(request.scope),
            "own": is_own_program(request.scope),
        }
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", access=write_rules(tmp_path))


def client(settings: Settings, peer: str = PROXY) -> TestClient:
    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    return TestClient(Access(app, settings), client=(peer, 1))


def by_header(*roles: Role) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in headers(*roles)}


@pytest.mark.parametrize("role", Role)
def test_dagster_is_for_the_roles_of_the_table(settings: Settings, role: Role) -> None:
    reply = client(settings).get("/runs", headers=by_header(role))
    assert (reply.status_code == 200) == expected()[Action.SEE_DATA, role]
    if reply.status_code == 200:
        may_run = expected()[Action.RUN, role]
        assert reply.json() == {"name": "ann", "read_only": not may_run, "own": False}
    else:
        assert "the role engineer or reviewer is needed" in reply.text
        (entry,) = AuditLog(settings.audit_dir).entries()
        assert (entry["who"], entry["what"], entry["known_by"]) == ("ann", "refused", "proxy")


def test_headers_from_elsewhere_are_ignored(settings: Settings) -> None:
    reply = client(settings, "192.0.2.7").get("/runs", headers=by_header(Role.ENGINEER))
    assert (reply.status_code, reply.text) == (403, NO_NAME)


def test_request_without_a_name_is_refused(settings: Settings) -> None:
    assert client(settings).get("/runs").status_code == 403
    twice = [("X-Forwarded-User", "ann"), ("X-Forwarded-User", "eve")]
    assert client(settings).get("/runs", headers=twice).status_code == 403
    with pytest.raises(WebSocketDisconnect), client(settings).websocket_connect("/graphql"):
        pass


def test_health_needs_no_name(settings: Settings) -> None:
    assert client(settings).get("/server_info").status_code == 200


def test_own_programs_have_a_key(settings: Settings) -> None:
    make_local_key(settings.dagster_home)
    key = local_key(settings.dagster_home)
    path = settings.dagster_home / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    reply = client(settings).post("/graphql", headers={HEADER: key})
    assert reply.json() == {"name": "", "read_only": False, "own": True}
    assert client(settings).post("/graphql", headers={HEADER: "0" * 64}).status_code == 403
    path.unlink()
    assert client(settings).post("/graphql", headers={HEADER: ""}).status_code == 403


def test_access_is_not_restricted_without_rules(tmp_path: Path) -> None:
    reply = client(Settings(data_dir=tmp_path), "192.0.2.7").get("/runs")
    assert reply.json() == {"name": "", "read_only": False, "own": False}


def test_faulty_rules_refuse_every_request(tmp_path: Path) -> None:
    faulty = Settings(data_dir=tmp_path, access=tmp_path / "missing.toml")
    reply = client(faulty).get("/runs", headers=by_header(Role.ENGINEER))
    assert reply.status_code == 403
    assert "cannot be read" in reply.text


@pytest.fixture
def dagster(settings: Settings) -> Iterator[TestClient]:
    """Dagster's own application, without code locations."""
    with (
        DagsterInstance.ephemeral() as instance,
        WorkspaceProcessContext(instance, workspace_load_target=None) as process,
    ):
        app: Any = RoleWebserver(process).create_asgi_app()
        yield TestClient(Access(app, settings), client=(PROXY, 1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "outcome"), [(Role.REVIEWER, "UnauthorizedError"), (Role.ENGINEER, "Workspace")]
)
def test_reviewers_change_nothing(dagster: TestClient, role: Role, outcome: str) -> None:
    reply = dagster.post("/graphql", json=MUTATION, headers=by_header(role))
    assert reply.json()["data"]["reloadWorkspace"]["__typename"] == outcome
    query = {"query": "{ permissions { permission value } }"}
    found = dagster.post("/graphql", json=query, headers=by_header(role)).json()["data"]
    assert any(one["value"] for one in found["permissions"]) == (role is Role.ENGINEER)
    report = dagster.post("/report_asset_materialization/release", headers=by_header(role))
    assert (report.status_code == 200) == (role is Role.ENGINEER)
