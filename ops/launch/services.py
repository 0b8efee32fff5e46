"""The platform's servers: commands, addresses and health checks."""

import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bankseg_assets.runtime.settings import Settings
from bankseg_assets.runtime.spark import is_local
from ops.launch.preflight import HOST

ANSWER_SECONDS = 2.0
HTTP_OK = 200
WORKSPACE = Path(__file__).with_name("workspace.yaml")
CODE_SOCKET = "BANKSEG_CODE_SOCKET"
"""Environment variable: the code server's socket, read by ops/launch/workspace.yaml."""
MALLOC_ENVIRON = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""malloc settings that return freed memory: after three lists of 200,000 rows the app keeps 395 MB
instead of 617 MB."""

APP_ENVIRON = {**MALLOC_ENVIRON, "FORWARDED_ALLOW_IPS": ""}
"""Of the app: a header must not replace the address of a connection (app/state/peers.py)."""


@dataclass(frozen=True)
class Service:
    """A server program.

    Once ready, it answers on `health_path` of its port, or listens on its socket.
    """

    name: str
    command: tuple[str, ...]
    title: str = ""
    port: int | None = None
    health_path: str = "/"
    socket: Path | None = None
    needed_by_others: bool = False
    is_optional: bool = False
    """The platform works without it: it may end (exit code 0), or be given up after failures."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Environment variables beside those of all services."""

    @property
    def address(self) -> str:
        """The address that a browser opens; empty without a port."""
        return str(self.socket) if self.port is None else f"http://{HOST}:{self.port}"

    def answers(self) -> bool:
        """Return whether the service is ready; true without a port or socket."""
        if self.socket is not None:
            return _listens(self.socket)
        if self.port is None:
            return True
        # Not urllib, which would use a proxy from the environment.
        connection = HTTPConnection(HOST, self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", self.health_path)
            return connection.getresponse().status == HTTP_OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def platform_services(settings: Settings, code_socket: Path) -> list[Service]:
    """Return Dagster's code server, web server and daemon, the app, and the API if it has a port.

    Web server and daemon share one code server on a socket that other users cannot open. With code
    servers of their own, the web server never replaces a dead one, and the daemon starts a new one
    every minute (4 s of a core each). `dagster dev` is not used: it took 18 s to answer instead of
    6 to 10, and does not show which of its processes has died.
    """
    module = (sys.executable, "-m")
    workspace = ("--workspace", str(WORKSPACE))
    code = ("--module-name", "bankseg_assets.definitions", "--socket", str(code_socket))
    webserver = ("--host", HOST, "--port", str(settings.dagster_port))
    app = ("--server.address", HOST, "--server.port", str(settings.app_port))
    api = Service(
        name="api",
        command=(*module, "ops.api.server", "--host", HOST, "--port", str(settings.api_port)),
        title="Scoring API",
        port=settings.api_port,
        health_path="/health",
    )
    services = [
        Service(
            name="code-server",
            command=(*module, "dagster", "api", "grpc", *code),
            socket=code_socket,
            needed_by_others=True,
        ),
        Service(
            name="dagster-webserver",
            command=(*module, "ops.launch.webserver", *workspace, *webserver),
            title="Dagster UI",
            port=settings.dagster_port,
            health_path="/server_info",
        ),
        Service(name="dagster-daemon", command=(*module, "ops.launch.daemon", "run", *workspace)),
        Service(
            name="app",
            command=(*module, "streamlit", "run", "app/server.py", *app),
            title="Bank app",
            port=settings.app_port,
            health_path="/_stcore/health",
            environ=APP_ENVIRON,
        ),
    ]
    if settings.api_port:
        services.append(api)
    if settings.warm_worker and is_local(settings):
        worker = (*module, "ops.launch.warm_worker")
        services.append(
            Service(name="run-worker", command=worker, is_optional=True, environ=MALLOC_ENVIRON)
        )
    return services


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(ANSWER_SECONDS)
        return client.connect_ex(str(path)) == 0
