"""Tests of deploy/nginx: access control, forwarded headers, and that the servers accept them.

Debian's nginx is older than the image's; the configuration is the image's with other paths.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.app.test_other_sites import UPGRADE
from bankseg_assets_tests.deploy.folder import ROOT
from bankseg_assets_tests.deploy.nginx import DOMAIN, PEOPLE, Proxy, configure, program, proxy
from ops.launch.processes import ProcessTree
from tools.cluster.waiting import HOST, free_port, listens, wait_for

pytestmark = pytest.mark.subprocess

SERVERS = {"app": ("staff", "app:8501"), "scoring": ("machines", "api:8600")}
SERVERS["dagster"] = ("operators", "webserver:3000")


class Echo(BaseHTTPRequestHandler):
    """A server that answers with the request's headers."""

    def do_GET(self) -> None:
        body = json.dumps(dict(self.headers.items())).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def nginx() -> str:
    found = program()
    if found is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    return found


@pytest.fixture(scope="module")
def door(nginx: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The proxy in front of servers that echo what reached them."""
    with ThreadingHTTPServer((HOST, 0), Echo) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        behind = {place: server.server_port for _, place in SERVERS.values()}
        with proxy(nginx, tmp_path_factory.mktemp("nginx"), behind) as running:
            yield running
        server.shutdown()


def test_nginx_accepts_the_file_without_warnings(nginx: str, tmp_path: Path) -> None:
    behind = {place: 1 for _, place in SERVERS.values()}
    main = configure(tmp_path, behind, free_port())
    output = subprocess.run([nginx, "-t", "-c", main], capture_output=True, text=True, check=False)
    assert output.returncode == 0, output.stderr
    assert "warn" not in output.stderr


@pytest.mark.parametrize("name", SERVERS)
def test_proxy_admits_only_the_users_of_a_host(door: Proxy, name: str) -> None:
    let_in = [people for people in ("", *PEOPLE) if door.ask(name, user=people)[0] == 200]
    assert let_in == [SERVERS[name][0]]
    assert door.ask(name)[0] == 401


def test_proxy_sets_host_and_removes_the_password(door: Proxy) -> None:
    headers = json.loads(door.ask("app", user="staff", headers={"X-Other": "kept"})[1])
    assert headers["Host"] == "127.0.0.1"
    assert headers["X-Other"] == "kept"
    assert {"Authorization", "Origin"}.isdisjoint(headers)
    own = {"Origin": f"https://app.{DOMAIN}"}
    assert json.loads(door.ask("app", user="staff", headers=own)[1])["Origin"] == "http://127.0.0.1"


def test_proxy_says_who_is_logged_in(door: Proxy) -> None:
    pretended = {"X-Forwarded-User": "root", "X-Forwarded-Groups": "reviewers"}
    headers = json.loads(door.ask("app", user="staff", headers=pretended)[1])
    assert headers["X-Forwarded-User"] == "staff"
    assert "X-Forwarded-Groups" not in headers


@pytest.mark.parametrize("origin", ["https://evil.example", f"https://dagster.{DOMAIN}", "null"])
def test_proxy_refuses_cross_site_requests(door: Proxy, origin: str) -> None:
    assert door.ask("app", user="staff", headers={"Origin": origin})[0] == 403


def test_proxy_drops_unknown_hosts(door: Proxy) -> None:
    with pytest.raises(OSError, match="closed connection"):
        door.ask("other", user="staff")


def test_proxy_logs_no_customer_id(nginx: str, tmp_path: Path) -> None:
    """Neither in its access log, nor in an error: no server listens behind it."""
    with proxy(nginx, tmp_path, {place: 1 for _, place in SERVERS.values()}) as door:
        for path in (
            *("/customers/CANARY1", "/customers%2FCANARY2", "/health?id=CANARY3"),
            *("/Customers/CANARY4", "/v1//customers/CANARY5"),
        ):
            assert door.ask("scoring", path, "machines")[0] == 502
            assert door.ask("scoring", path)[0] == 401
            assert door.ask("app", path, "staff")[0] == 502
            with pytest.raises(OSError, match="closed connection"):
                door.ask("other", path)
    log = "".join((tmp_path / name).read_text("utf-8") for name in ("nginx.log", "access.log"))
    assert "/customers/***" in log
    assert "/health" in log
    assert "CANARY" not in log


def test_proxy_serves_app_and_api(nginx: str, tmp_path: Path) -> None:
    publish(tmp_path / "data")
    app, api = free_port(), free_port()
    environ = os.environ | {"BANKSEG_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    streamlit = ["streamlit", "run", str(ROOT / "app/server.py"), "--server.port", str(app)]
    commands = {app: streamlit, api: ["ops.api.server", "--port", str(api)]}
    (tmp_path / "nginx").mkdir()
    with ProcessTree() as processes:
        for port, command in commands.items():
            log = tmp_path / f"{port}.log"
            whole = [sys.executable, "-m", *command]
            server = processes.start(command[0], whole, environ=environ, log=log)
            wait_for(server, lambda port=port: listens(port))  # type: ignore[misc]
        places = {"app:8501": app, "api:8600": api, "webserver:3000": 1}
        with proxy(nginx, tmp_path / "nginx", places) as door:
            status, answer = door.ask("scoring", "/health", "machines")
            assert (status, json.loads(answer)["status"]) == (200, "ok")
            own = UPGRADE | {"Origin": f"https://app.{DOMAIN}"}
            assert door.ask("app", "/_stcore/stream", "staff", own)[0] == 101
            assert door.ask("app", "/_stcore/stream", "", own)[0] == 401
            assert door.ask("dagster", "/", "operators")[0] == 502  # no server listens
