"""The Dagster UI answers its own pages and refuses those of other sites."""

import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path

import pytest
import uvicorn
from dagster_webserver.webserver import DagsterWebserver
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from ops.launch import webserver
from ops.launch.access import Access
from ops.launch.same_origin import SameOriginMiddleware
from ops.launch.webserver import RoleWebserver, refusal_reason

EVIL = "http://evil.example"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


async def answer(_: object) -> PlainTextResponse:
    return PlainTextResponse("answered")


async def greet(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server with two pages and a WebSocket behind the middleware."""
    app = Starlette(
        routes=[
            Route("/graphql", answer, methods=["GET", "POST"]),
            Route("/runs", answer),
            WebSocketRoute("/graphql", greet),
        ]
    )
    app.add_middleware(SameOriginMiddleware, refusal_reason=refusal_reason)
    # The sans-I/O implementation, because the other is deprecated and warnings are errors.
    config = uvicorn.Config(app, port=0, log_level="error", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def status(port: int, path: str, method: str = "GET", **headers: str) -> int:
    return sent(port, path, method, headers)


def sent(port: int, path: str, method: str, headers: Mapping[str, str]) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, headers=dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


def refusal(method: str = "POST", path: str = "/graphql", **headers: str) -> str:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return refusal_reason({"type": "http", "method": method, "path": path, "headers": raw})


@pytest.mark.parametrize(
    "host", ["127.0.0.1:3000", "localhost:3000", "localhost", "[::1]:3000", "LOCALHOST:13000"]
)
def test_loopback_hosts_are_accepted(host: str) -> None:
    assert refusal(host=host) == ""


@pytest.mark.parametrize(
    "host", ["evil.example:3000", "127.0.0.1.evil.example", "", "0.0.0.0:3000", "127.0.0.1@evil"]
)
def test_rebound_host_is_refused(host: str) -> None:
    assert "only answers requests to" in refusal("GET", "/runs", host=host)


@pytest.mark.parametrize("origin", [EVIL, "null", "http://127.0.0.1:8501", "https://localhost"])
def test_other_origin_is_refused(origin: str) -> None:
    assert (
        refusal(host="127.0.0.1:3000", origin=origin)
        == "The request came from a page of another site."
    )


def test_own_origin_and_no_origin_are_accepted() -> None:
    assert refusal(host="127.0.0.1:3000", origin="http://127.0.0.1:3000") == ""
    assert refusal(host="127.0.0.1:3000") == ""


@pytest.mark.parametrize("path", ["/graphql", "/graphql/"])
def test_get_of_graphql_is_refused(path: str) -> None:
    assert refusal("GET", path, host="localhost") == "GraphQL accepts only POST."


def test_refused_requests_get_403(port: int) -> None:
    assert status(port, "/runs") == 200
    assert status(port, "/graphql", "POST", Origin=f"http://127.0.0.1:{port}") == 200
    assert status(port, "/graphql?query=mutation") == 403
    assert status(port, "/graphql?query=mutation", "POST", Origin=EVIL) == 403
    assert status(port, "/runs", Host="evil.example") == 403


def test_web_socket_requires_the_own_origin(port: int) -> None:
    assert sent(port, "/graphql", "GET", UPGRADE | {"Origin": f"http://127.0.0.1:{port}"}) == 101
    assert sent(port, "/graphql", "GET", UPGRADE | {"Origin": EVIL}) == 403
    rebound = {"Host": "evil.example", "Origin": EVIL}
    assert sent(port, "/graphql", "GET", UPGRADE | rebound) == 403


def test_dagster_serves_the_protected_application(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
    monkeypatch.setattr(webserver.app, "DagsterWebserver", DagsterWebserver)
    served = Starlette()
    name = "create_app_from_workspace_process_context"
    monkeypatch.setattr(webserver.app, name, lambda *_, **__: served)
    monkeypatch.setattr(webserver.cli, name, None)
    monkeypatch.setattr(webserver.cli, "main", lambda: None)
    webserver.main()
    assert getattr(webserver.cli, name)() is served
    assert [one.cls for one in served.user_middleware] == [SameOriginMiddleware, Access]
    assert webserver.app.DagsterWebserver is RoleWebserver
