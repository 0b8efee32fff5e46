"""Ask Dagster's web server, over GraphQL on this machine, to materialize everything."""

import json
import urllib.error
import urllib.request

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
SECONDS = 20


class DagsterError(RuntimeError):
    """Dagster did not start the run; the message says why and what to do."""


def address(port: int) -> str:
    """Return where Dagster's UI is."""
    return f"http://127.0.0.1:{port}"


def launch(port: int, job: str = "everything") -> str:
    """Start a run of a job; return its ID. Raises DagsterError."""
    selector = {
        "repositoryLocationName": "bankseg",
        "repositoryName": "__repository__",
        "jobName": job,
    }
    body = {"query": _LAUNCH, "variables": {"params": {"selector": selector, "mode": "default"}}}
    request = urllib.request.Request(
        f"{address(port)}/graphql",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            found = json.load(answer)["data"]["launchRun"]
    except (urllib.error.URLError, OSError, ValueError, KeyError, TypeError) as error:
        raise DagsterError(
            f"Dagster did not answer at {address(port)} ({error}). Is `make run` running?"
        ) from error
    if found["__typename"] != "LaunchRunSuccess":
        raise DagsterError(f"Dagster refused: {found.get('message') or found['__typename']}.")
    return str(found["run"]["runId"])
