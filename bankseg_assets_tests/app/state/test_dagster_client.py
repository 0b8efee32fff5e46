"""Tests of starting a run through Dagster's web server."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from app.state.dagster_client import (
    _LAUNCH,
    _UNFINISHED,
    DagsterError,
    RunInProgressError,
    launch,
)

REPLIES = {
    "LaunchRunSuccess": {"run": {"runId": "0123"}},
    "PythonError": {"message": "no such job"},
    "UnauthorizedError": {},
}


class _Dagster(BaseHTTPRequestHandler):
    """Answers every mutation with the reply of the test."""

    reply = ""
    in_progress: tuple[str, ...] = ()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "Unfinished" in asked["query"]:
            runs = [{"runId": "4567", "jobName": job} for job in self.in_progress]
            self.answer(json.dumps({"data": {"runsOrError": {"results": runs}}}).encode())
            return
        assert asked["variables"]["params"]["selector"]["jobName"] == "refresh"
        found = {"__typename": self.reply, **REPLIES.get(self.reply, {})}
        body = json.dumps({"data": {"launchRun": found}}).encode() if self.reply else b"<html>"
        self.answer(body)

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def dagster() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Dagster) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(autouse=True)
def proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreachable proxy for all addresses."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


def test_launch_bypasses_proxies(dagster: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Dagster, "reply", "LaunchRunSuccess")
    assert launch(dagster) == "0123"


def test_launch_starts_one_run_at_a_time(dagster: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Dagster, "reply", "LaunchRunSuccess")
    monkeypatch.setattr(_Dagster, "in_progress", ("refit",))
    with pytest.raises(RunInProgressError, match="The run 4567 is in progress"):
        launch(dagster)
    monkeypatch.setattr(_Dagster, "in_progress", ("comparison",))
    assert launch(dagster) == "0123"


@pytest.mark.parametrize("query", [_LAUNCH, _UNFINISHED])
def test_query_is_valid_for_dagsters_schema(query: str) -> None:
    from dagster_graphql.schema import create_schema
    from graphql import parse, validate

    assert validate(create_schema().graphql_schema, parse(query)) == []


@pytest.mark.parametrize(
    ("reply", "message"),
    [("PythonError", "refused: no such job"), ("UnauthorizedError", "refused: Unauthorized")],
)
def test_launch_reports_a_refusal(
    dagster: int, monkeypatch: pytest.MonkeyPatch, reply: str, message: str
) -> None:
    monkeypatch.setattr(_Dagster, "reply", reply)
    with pytest.raises(DagsterError, match=message):
        launch(dagster)


def test_launch_reports_an_unreachable_server(dagster: int) -> None:
    with pytest.raises(DagsterError, match=rf"at http://127\.0\.0\.1:{dagster} .*make run"):
        launch(dagster)  # the answer is not JSON
    with pytest.raises(DagsterError, match="did not answer"):
        launch(9)
