"""Query the GraphQL API of the local Dagster web server, and start a run through it."""

import json
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from threading import Lock
from typing import Any

from bankseg_assets.access.local_key import HEADER, local_key
from bankseg_assets.runtime.settings import load_settings

_LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
_UNFINISHED = """
query Unfinished($statuses: [RunStatus!]) {
  runsOrError(filter: { statuses: $statuses }, limit: 20) {
    ... on Runs { results { runId jobName } }
  }
}
"""
HOST = "127.0.0.1"
SECONDS = 20.0
OK = 200
AT_WORK = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING")
STUDY = "comparison"
"""A job that publishes nothing that a batch uses, so both may run at a time."""
_launching = Lock()  # of all sessions of the app: the check and the start are one step


class DagsterError(RuntimeError):
    """Dagster did not start the run; the message says why and what to do."""


class RunInProgressError(DagsterError):
    """Another run is in progress, so none was started."""


def address(port: int) -> str:
    """Return the address of Dagster's UI."""
    return f"http://{HOST}:{port}"


def ask(
    port: int, query: str, variables: Mapping[str, Any] | None = None, *, seconds: float = SECONDS
) -> Any:
    """Return the `data` of Dagster's answer to a query. Raises DagsterError."""
    body = json.dumps({"query": query, "variables": dict(variables or {})})
    # Not urllib, which would use a proxy from the environment.
    with closing(HTTPConnection(HOST, port, timeout=seconds)) as connection:
        try:
            key = local_key(load_settings().dagster_home)
            headers = {"Content-Type": "application/json"} | ({HEADER: key} if key else {})
            connection.request("POST", "/graphql", body, headers)
            answer = connection.getresponse()
            if answer.status != OK:
                raise DagsterError(f"Dagster answered with status {answer.status}.")
            return json.load(answer)["data"]
        except (HTTPException, OSError, ValueError, KeyError, TypeError) as error:
            raise DagsterError(
                f"Dagster did not answer at {address(port)} ({error}). Is `make run` running?"
            ) from error


def launch(port: int, job: str = "refresh", tags: Mapping[str, str] | None = None) -> str:
    """Start a run of a job unless one is in progress; return its ID. Raises DagsterError.

    `tags`: of the run.
    """
    selector = {
        "repositoryLocationName": "bankseg",
        "repositoryName": "__repository__",
        "jobName": job,
    }
    with _launching:
        _require_none_in_progress(port)
        listed = [{"key": key, "value": value} for key, value in (tags or {}).items()]
        params = {
            "selector": selector,
            "mode": "default",
            "executionMetadata": {"tags": listed},
        }
        data = ask(port, _LAUNCH, {"params": params})
    found = data["launchRun"]
    if found["__typename"] != "LaunchRunSuccess":
        raise DagsterError(f"Dagster refused: {found.get('message') or found['__typename']}.")
    return str(found["run"]["runId"])


def _require_none_in_progress(port: int) -> None:
    runs = ask(port, _UNFINISHED, {"statuses": AT_WORK})["runsOrError"].get("results", ())
    for run in runs:
        if run["jobName"] != STUDY:
            raise RunInProgressError(
                f"The run {run['runId'][:8]} is in progress, so no other was started. Wait until "
                "it has finished."
            )
