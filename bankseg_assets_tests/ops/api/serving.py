"""A server of the API in this process, and a client of it."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from ops.api import server


@dataclass(frozen=True)
class Answered:
    """A response's status and text."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def detail(self) -> str:
        detail: str = self.json["detail"]
        return detail


class Client:
    """HTTP client of a local server."""

    def __init__(self, port: int, data_dir: Path) -> None:
        self.port, self.data_dir = port, data_dir

    def get(self, path: str, **headers: str) -> Answered:
        return self._send("GET", path, None, headers)

    def post(self, path: str, content: Any, **headers: str) -> Answered:
        kind = {"Content-Type": "application/json"}
        return self._send("POST", path, json.dumps(content).encode(), kind | headers)

    def delete(self, path: str, **headers: str) -> Answered:
        return self._send("DELETE", path, None, headers)

    def head(self, path: str) -> Answered:
        return self._send("HEAD", path, None, {})

    def post_bytes(self, path: str, content: bytes, kind: str = "application/json") -> Answered:
        return self._send("POST", path, content, {"Content-Type": kind})

    def post_for_bytes(self, path: str, content: bytes, kind: str) -> bytes:
        return self._content("POST", path, content, {"Content-Type": kind})[2]

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answered:
        status, found, content = self._content(method, path, body, headers)
        return Answered(status, content.decode(), found)

    def _content(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return response.status, found, response.read()
        finally:
            connection.close()


@contextmanager
def serving(
    data_dir: Path, *, customer_page: bool = True, rules: Path | None = None
) -> Iterator[Client]:
    """Serve a platform; the server polls often for a new release. `rules`: access rules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "POLL_SECONDS", 0.02)
        built = server.build_api(data_dir / "published", customer_page=customer_page)
        app = server.protected(built, ["Scoring.Bank"], rules)
        running = uvicorn.Server(server.configuration(app, "127.0.0.1", 0))
        thread = threading.Thread(target=running.run)
        thread.start()
        while not running.started:
            assert thread.is_alive()
            time.sleep(0.005)
        yield Client(running.servers[0].sockets[0].getsockname()[1], data_dir)
        running.should_exit = True
        thread.join()
