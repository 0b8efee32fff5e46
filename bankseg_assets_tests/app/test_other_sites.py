"""The app's server, as started by `make run`, refuses requests of other sites' pages."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from socket import socket

import pytest

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[2]
EVIL = "evil.example"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def status(port: int, path: str, headers: dict[str, str], method: str = "GET") -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server on a free port with the repository's configuration."""
    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    folder = tmp_path_factory.mktemp("data")
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app/server.py",
        "--server.port",
        str(port),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"BANKSEG_DATA_DIR": str(folder)},
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while status(port, "/_stcore/health", {}) != 200:
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def test_own_pages_may_connect(port: int) -> None:
    for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
        headers = UPGRADE | {"Host": host, "Origin": f"http://{host}"}
        assert status(port, "/_stcore/stream", headers) == 101


def test_rebound_host_may_not_connect(port: int) -> None:
    headers = UPGRADE | {"Host": f"{EVIL}:{port}", "Origin": f"http://{EVIL}:{port}"}
    assert status(port, "/_stcore/stream", headers) == 403


def test_upload_without_xsrf_token_is_refused(port: int) -> None:
    path = "/_stcore/upload_file/session/file"
    assert status(port, path, {"Origin": f"http://{EVIL}"}, "PUT") == 403
