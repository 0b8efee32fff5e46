"""The servers of the platform: how each is started, and where it answers."""

import sys
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from bankseg_assets.settings import Settings
from ops.preflight import HOST

ANSWER_SECONDS = 2.0
HTTP_OK = 200


@dataclass(frozen=True)
class Service:
    """A program to keep running; with a port, it answers on `health_path` once it serves."""

    name: str
    command: tuple[str, ...]
    title: str = ""
    port: int | None = None
    health_path: str = "/"

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{HOST}:{self.port}"

    def answers(self) -> bool:
        """Whether it serves; true for one without a port."""
        if self.port is None:
            return True
        # No urllib: it would ask a proxy that the environment names.
        connection = HTTPConnection(HOST, self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", self.health_path)
            return connection.getresponse().status == HTTP_OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def platform_services(settings: Settings) -> list[Service]:
    """Dagster's web server and daemon, and the app.

    Not `dagster dev`: it took 18 s to answer where these two took 6 to 10, and it hides which
    of its processes has died.
    """
    module = (sys.executable, "-m")
    workspace = ("--workspace", "workspace.yaml")
    webserver = ("--host", HOST, "--port", str(settings.dagster_port))
    app = ("--server.address", HOST, "--server.port", str(settings.app_port))
    return [
        Service(
            name="dagster-webserver",
            command=(*module, "dagster_webserver", *workspace, *webserver),
            title="Dagster UI",
            port=settings.dagster_port,
            health_path="/server_info",
        ),
        Service(name="dagster-daemon", command=(*module, "dagster._daemon", "run", *workspace)),
        Service(
            name="app",
            command=(*module, "streamlit", "run", "app/main.py", *app),
            title="Bank app",
            port=settings.app_port,
            health_path="/_stcore/health",
        ),
    ]
