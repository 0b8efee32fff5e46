"""Servers on loopback: where one may listen, and when it does."""

import socket
import time
import urllib.request
from collections.abc import Callable

from ops.launch.processes import POLL_SECONDS, Child

HOST = "127.0.0.1"
START_SECONDS = 90.0  # on two cores that others use as well


def free_port() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens on a port of loopback."""
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def read(url: str) -> str:
    """Return a page of loopback; no proxy that the environment names is asked."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=10) as answer:
        return str(answer.read().decode())


def wait_for(server: Child, serves: Callable[[], bool]) -> None:
    """Return once it serves; fail with the end of its log when it dies, or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not serves():
        assert not server.is_dead, f"{server.name} ended.\n{server.tail()}"
        assert time.monotonic() < deadline, f"{server.name} does not answer.\n{server.tail()}"
        time.sleep(POLL_SECONDS)
