"""Tests of reading the newest run, with a toy web server and Dagster's GraphQL schema."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from app.panels.last_run import FAILURE, PLAN, RUNS, Run, reasons, recent_runs, shown_run


def step(message: str, *causes: str, implicit: str = "") -> dict[str, Any]:
    links = [{"isExplicitLink": True, "error": {"message": cause}} for cause in causes]
    links += [{"isExplicitLink": False, "error": {"message": implicit}}] if implicit else []
    return {
        "__typename": "ExecutionStepFailureEvent",
        "stepKey": "rfm_table",
        "error": {"message": message, "errorChain": links},
    }


def check(description: str, *, success: bool = False, severity: str = "ERROR") -> dict[str, Any]:
    evaluation = {"success": success, "severity": severity, "description": description}
    return {"__typename": "AssetCheckEvaluationEvent", "evaluation": evaluation}


@contextmanager
def dagster(*runs: dict[str, Any], status: int = 200) -> Iterator[int]:
    """Serve these runs as the answer to every query; yield the port."""
    listed = {"results": runs}
    data = {"runsOrError": listed, "running": listed, "runOrError": runs[0] if runs else {}}
    answer = json.dumps({"data": data}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def run_with(status: str, *events: dict[str, Any]) -> dict[str, Any]:
    return {"runId": "r1", "status": status, "eventConnection": {"events": events}}


def test_reasons_are_the_causes_without_classes_and_frames() -> None:
    wrapped = step(
        "dagster.DagsterExecutionStepExecutionError: Error occurred:\n",
        "py4j.Py4JJavaError: No space left on device\n\tat java.io.File\n",
        implicit="KeyError: 'x'\n",
    )
    assert reasons([wrapped]) == ["rfm_table: No space left on device"]


def test_reasons_of_checks_take_precedence() -> None:
    events = [check("3 rows are lost."), check("Warned.", severity="WARN"), step("Boom: x\n")]
    assert reasons([*events, check("Fine.", success=True)]) == ["3 rows are lost."]


def test_reasons_are_short() -> None:
    assert len(reasons([check("long " * 500)])[0]) <= 700


@pytest.mark.parametrize(
    ("status", "is_at_work", "has_failed"),
    [("STARTED", True, False), ("FAILURE", False, True), ("SUCCESS", False, False)],
)
def test_runs_are_read_from_dagster(status: str, is_at_work: bool, has_failed: bool) -> None:
    with dagster(run_with(status, check("3 rows are lost.")) | {"startTime": 5.0}) as port:
        found = recent_runs(port, 1)
    reasons = ("3 rows are lost.",) * has_failed
    assert found == [Run("r1", is_at_work, has_failed, reasons, started=5.0)]


@pytest.mark.slow
def test_runs_are_none_without_an_answer() -> None:
    with dagster() as port:
        assert recent_runs(port, 1) == []
    assert recent_runs(port, 1) is None  # the server has stopped
    with dagster(run_with("STARTED"), status=500) as port:
        assert recent_runs(port, 1) is None
    with dagster({"unknown": 1}) as port:
        assert recent_runs(port, 1) is None


@pytest.mark.parametrize("query", [RUNS, PLAN, FAILURE])
def test_query_is_valid_for_dagsters_schema(query: str) -> None:
    from dagster_graphql.schema import create_schema
    from graphql import parse, validate

    assert validate(create_schema().graphql_schema, parse(query)) == []


@pytest.mark.parametrize(
    ("keys", "plan", "share"),
    [
        (["a", "b"], None, 0.5),  # a part of a job
        ([], {"steps": [{"key": name} for name in "abcd"]}, 0.25),  # a whole job lists no keys
        ([], None, 0.0),  # its plan is not known yet
    ],
)
def test_share_of_a_run_counts_all_of_its_steps(
    keys: list[str], plan: dict[str, Any] | None, share: float
) -> None:
    run = {
        **run_with("STARTED"),
        "stepKeysToExecute": keys,
        "executionPlan": plan,
        "stepStats": [
            {"stepKey": "a", "status": "SUCCESS"},
            {"stepKey": "b", "status": "IN_PROGRESS"},
        ],
    }
    with dagster(run) as port:
        (found,) = recent_runs(port, 1) or []
    assert found.share == share


@pytest.mark.parametrize(
    ("status", "start", "is_waiting"),
    [
        ("QUEUED", None, True),
        ("NOT_STARTED", None, True),
        ("CANCELING", None, True),
        ("STARTING", None, False),
        ("STARTED", 5.0, False),
        ("CANCELING", 5.0, False),
        ("SUCCESS", 5.0, False),
    ],
)
def test_run_waits_until_it_has_a_process(
    status: str, start: float | None, is_waiting: bool
) -> None:
    with dagster(run_with(status) | {"startTime": start}) as port:
        (found,) = recent_runs(port, 1) or []
    assert (found.is_waiting, found.started) == (is_waiting, start)


def test_shown_run_is_the_one_in_progress() -> None:
    """Runs that wait in the queue are newer, and so is one that was cancelled there."""
    at_work = Run("running", is_at_work=True, has_failed=False)
    first, second = (
        Run(name, is_at_work=True, has_failed=False, is_waiting=True) for name in ("1st", "2nd")
    )
    ended = Run("ended", is_at_work=False, has_failed=True)
    assert shown_run([ended, second, first, at_work, ended]) == at_work
    assert shown_run([second, first, ended]) == first
    assert shown_run([ended]) == ended
    assert shown_run([]) is None
