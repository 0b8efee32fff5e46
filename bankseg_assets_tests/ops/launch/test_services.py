"""Tests of the services and their health checks over HTTP."""

import socket
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin
from dagster._core.workspace.load import location_origins_from_yaml_paths

from bankseg_assets.runtime.settings import Settings
from ops.launch.services import CODE_SOCKET, WORKSPACE, Service, platform_services

ROOT = Path(__file__).parents[3]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthy" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def service(port: int | None, path: str = "/healthy") -> Service:
    return Service(name="toy", command=(), port=port, health_path=path)


def test_service_answers_when_healthy(port: int) -> None:
    assert service(port).answers()
    assert not service(port, "/starting").answers()


def test_service_check_bypasses_proxies(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert service(port).answers()


def test_service_on_a_closed_port_does_not_answer() -> None:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        closed = server.server_port
    assert not service(closed).answers()


def test_service_without_a_port_counts_as_ready() -> None:
    assert service(None).answers()


def test_service_on_a_socket_answers_when_listening(tmp_path: Path) -> None:
    path = tmp_path / "s"
    listener = Service(name="toy", command=(), socket=path)
    assert not listener.answers()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert not listener.answers()
        server.listen()
        assert listener.answers()
    assert not listener.answers()
    assert listener.address == str(path)


def test_workspace_loads_the_code_server_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, *others = platform_services(Settings(), tmp_path / "code.sock")
    assert code.needed_by_others
    assert code.socket == tmp_path / "code.sock"
    assert str(code.socket) in code.command
    assert sum(str(WORKSPACE) in service.command for service in others) == 2
    monkeypatch.setenv(CODE_SOCKET, str(code.socket))
    (origin,) = location_origins_from_yaml_paths([str(WORKSPACE)])
    assert isinstance(origin, GrpcServerCodeLocationOrigin)
    assert (origin.location_name, origin.socket) == ("bankseg", str(code.socket))


def test_services_listen_on_loopback_only() -> None:
    settings = Settings(dagster_port=13000, app_port=18501, api_port=18600)
    services = platform_services(settings, Path("code.sock"))
    addresses = {service.title: service.address for service in services if service.title}
    assert addresses == {
        "Dagster UI": "http://127.0.0.1:13000",
        "Bank app": "http://127.0.0.1:18501",
        "Scoring API": "http://127.0.0.1:18600",
    }
    for service in services:
        if service.port:
            assert "127.0.0.1" in service.command
            assert str(service.port) in service.command


def test_services_without_an_api_port() -> None:
    names = [service.name for service in platform_services(Settings(api_port=0), Path("s"))]
    assert names == ["code-server", "dagster-webserver", "dagster-daemon", "app"]


def test_app_is_protected_without_telemetry() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["enableXsrfProtection"]
    assert config["server"]["enableCORS"]
    assert config["server"]["address"] == "127.0.0.1"
    assert not config["browser"]["gatherUsageStats"]
