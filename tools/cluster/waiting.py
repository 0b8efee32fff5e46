"""Free ports of loopback, and waiting for servers."""

import socket
import time
import urllib.request
from collections.abc import Callable

from ops.launch.processes import POLL_SECONDS, Child

HOST = "127.0.0.1"
START_SECONDS = 90.0  # on two shared cores


def free_port() -> int:
    """Return a free port of loopback."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def listens(port: int) -> bool:
    """Return whether a server listens on a port of loopback."""
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def read(url: str) -> str:
    """Return a page of a loopback server, bypassing proxies of the environment."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=10) as answer:
        return str(answer.read().decode())


def wait_for(server: Child, serves: Callable[[], bool]) -> None:
    """Wait until a server is ready; fail with its log's tail if it dies or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not serves():
        assert not server.is_dead, f"{server.name} ended.\n{server.tail()}"
        assert time.monotonic() < deadline, f"{server.name} does not answer.\n{server.tail()}"
        time.sleep(POLL_SECONDS)
