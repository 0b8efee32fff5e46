"""Roles in the Dagster UI, by the headers of a proxy; others see nothing or change nothing."""

import asyncio
import json
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from bankseg_assets.access.local_key import HEADER, KEY_FILE, local_key, make_local_key
from bankseg_assets.access.roles import Action, Role
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.access.people import PROXY, expected, headers, write_rules
from ops.launch.access import NO_NAME, Access, identity_of, is_own_program, is_read_only
from ops.launch.webserver import RoleWebserver

Headers = Sequence[tuple[bytes, bytes]]
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


@dataclass(frozen=True)
class Client:
    """Sends requests to an application, without a server."""

    app: ASGIApp
    peer: str = PROXY

    def ask(
        self, path: str, given: Headers = (), body: object = None, kind: str = "http"
    ) -> tuple[int, Any]:
        """Return status and content of the answer; of a refused WebSocket its code."""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": content}

        async def send(message: Message) -> None:
            sent.append(message)

        content = b"" if body is None else json.dumps(body).encode()
        typed = [(b"content-type", b"application/json")] if content else []
        scope = {
            "type": kind,
            "method": "GET" if body is None else "POST",
            "path": path,
            "query_string": b"",
            "headers": [*given, *typed],
            "client": (self.peer, 1),
        }
        asyncio.run(self.app(scope, receive, send))
        if kind == "websocket":
            return sent[0]["code"], sent[0]["type"]
        text = b"".join(one.get("body", b"") for one in sent).decode()
        return sent[0]["status"], json.loads(text) if text.startswith("{") else text


def client(settings: Settings, peer: str = PROXY) -> Client:
    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    return Client(Access(app, settings), peer)


def recorded(settings: Settings) -> list[tuple[str, str, str, str]]:
    """Return who was refused, how the name is known, what, and why."""
    return [
        (one["who"], one["known_by"], one["on"], one["why"])
        for one in AuditLog(settings.audit_dir).entries()
        if one["what"] == "refused"
    ]


def key_header(text: str) -> Headers:
    return [(HEADER.lower().encode(), text.encode())]


@pytest.mark.parametrize("role", Role)
def test_dagster_is_for_the_roles_of_the_table(settings: Settings, role: Role) -> None:
    status, content = client(settings).ask("/runs", headers(role))
    assert (status == 200) == expected()[Action.SEE_DATA, role]
    if status == 200:
        may_run = expected()[Action.RUN, role]
        assert content == {"name": "ann", "read_only": not may_run, "own": False}
    else:
        assert "the role engineer or reviewer is needed" in content
        (entry,) = AuditLog(settings.audit_dir).entries()
        assert (entry["who"], entry["what"], entry["known_by"]) == ("ann", "refused", "proxy")


def test_headers_from_elsewhere_are_ignored(settings: Settings) -> None:
    found = client(settings, "192.0.2.7").ask("/runs", headers(Role.ENGINEER))
    assert found == (403, NO_NAME)


def test_request_without_a_name_is_refused(settings: Settings) -> None:
    twice = [(b"x-forwarded-user", b"ann"), (b"x-forwarded-user", b"eve")]
    assert client(settings).ask("/runs") == (403, NO_NAME)
    assert client(settings).ask("/runs", twice) == (403, NO_NAME)
    assert client(settings).ask("/graphql", kind="websocket") == (1008, "websocket.close")
    assert client(settings, "192.0.2.7").ask("/runs/C7777777") == (403, NO_NAME)
    asked = ("not logged in", Action.SEE_DATA.value, "no name")
    assert recorded(settings) == [(f"unknown at {PROXY}", *asked), ("unknown at 192.0.2.7", *asked)]


def test_health_needs_no_name(settings: Settings) -> None:
    assert client(settings).ask("/server_info")[0] == 200


def test_own_programs_have_a_key(settings: Settings) -> None:
    make_local_key(settings.dagster_home)
    key = local_key(settings.dagster_home)
    path = settings.dagster_home / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = client(settings).ask("/graphql", key_header(key), {})
    assert found == (200, {"name": "", "read_only": False, "own": True})
    assert client(settings).ask("/graphql", key_header("0" * 64), {}) == (403, NO_NAME)
    path.unlink()
    assert client(settings).ask("/graphql", key_header(""), {}) == (403, NO_NAME)


def test_access_is_not_restricted_without_rules(tmp_path: Path) -> None:
    found = client(Settings(data_dir=tmp_path), "192.0.2.7").ask("/runs")
    assert found == (200, {"name": "", "read_only": False, "own": False})


def test_faulty_rules_refuse_every_request(tmp_path: Path) -> None:
    faulty = Settings(data_dir=tmp_path, access=tmp_path / "missing.toml")
    status, said = client(faulty).ask("/runs", headers(Role.ENGINEER))
    assert status == 403
    assert "cannot be read" in said


@pytest.fixture
def dagster(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    """Dagster's own application, without code locations."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(settings.data_dir))
    with (
        DagsterInstance.local_temp(str(tmp_path)) as instance,
        WorkspaceProcessContext(instance, workspace_load_target=None) as process,
    ):
        app: Any = RoleWebserver(process).create_asgi_app()
        yield Client(Access(app, settings))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "outcome"), [(Role.REVIEWER, "UnauthorizedError"), (Role.ENGINEER, "Workspace")]
)
def test_reviewers_change_nothing(dagster: Client, role: Role, outcome: str) -> None:
    _, answered = dagster.ask("/graphql", headers(role), MUTATION)
    assert answered["data"]["reloadWorkspace"]["__typename"] == outcome
    query = {"query": "{ permissions { permission value } }"}
    _, found = dagster.ask("/graphql", headers(role), query)
    given = any(one["value"] for one in found["data"]["permissions"])
    assert given == (role is Role.ENGINEER)
    status, _ = dagster.ask("/report_asset_materialization/release", headers(role), {})
    assert (status == 200) == (role is Role.ENGINEER)


@pytest.mark.slow
def test_refused_changes_are_recorded(dagster: Client, settings: Settings) -> None:
    """Neither a query that only reads, nor a change by those who may run."""
    dagster.ask("/graphql", headers(Role.ENGINEER), MUTATION)
    dagster.ask("/graphql", headers(Role.REVIEWER), {"query": "{ version }"})
    assert recorded(settings) == []
    dagster.ask("/graphql", headers(Role.REVIEWER), MUTATION)
    assert recorded(settings) == [("ann", "proxy", Action.RUN.value, "roles: reviewer")]


def test_other_changes_of_readers_are_refused(settings: Settings) -> None:
    status, said = client(settings).ask("/report_asset_check/x", headers(Role.REVIEWER), {})
    assert status == 403
    assert "the role engineer is needed" in said
    assert client(settings).ask("/graphql", headers(Role.REVIEWER), {})[0] == 200
    assert recorded(settings) == [("ann", "proxy", Action.RUN.value, "roles: reviewer")]
