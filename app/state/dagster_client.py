"""Start a run through the GraphQL API of the local Dagster web server."""

import json
from http.client import HTTPConnection, HTTPException

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
HOST = "127.0.0.1"
SECONDS = 20


class DagsterError(RuntimeError):
    """Dagster did not start the run; the message says why and what to do."""


def address(port: int) -> str:
    """Return the address of Dagster's UI."""
    return f"http://{HOST}:{port}"


def launch(port: int, job: str = "refresh") -> str:
    """Start a run of a job; return its ID. Raises DagsterError."""
    selector = {
        "repositoryLocationName": "bankseg",
        "repositoryName": "__repository__",
        "jobName": job,
    }
    body = {"query": _LAUNCH, "variables": {"params": {"selector": selector, "mode": "default"}}}
    # Not urllib, which would use a proxy from the environment.
    connection = HTTPConnection(HOST, port, timeout=SECONDS)
    try:
        connection.request(
            "POST", "/graphql", json.dumps(body), {"Content-Type": "application/json"}
        )
        found = json.load(connection.getresponse())["data"]["launchRun"]
    except (HTTPException, OSError, ValueError, KeyError, TypeError) as error:
        raise DagsterError(
            f"Dagster did not answer at {address(port)} ({error}). Is `make run` running?"
        ) from error
    finally:
        connection.close()
    if found["__typename"] != "LaunchRunSuccess":
        raise DagsterError(f"Dagster refused: {found.get('message') or found['__typename']}.")
    return str(found["run"]["runId"])
