"""The newest run, from the GraphQL API of the local Dagster web server."""

import json
import textwrap
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

_QUERY = """
query LastRun {
  runsOrError(limit: 1) {
    ... on Runs {
      results {
        runId
        status
        eventConnection(limit: 1000) {
          events {
            __typename
            ... on ExecutionStepFailureEvent {
              stepKey
              error { message errorChain { isExplicitLink error { message } } }
            }
            ... on RunFailureEvent {
              error { message errorChain { isExplicitLink error { message } } }
            }
            ... on AssetCheckEvaluationEvent {
              evaluation { success severity description }
            }
          }
        }
      }
    }
  }
}
"""
SECONDS = 2.0
MAX_REASON_LENGTH = 400  # characters
_OK = 200
_AT_WORK = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING")
_FAILED = ("FAILURE", "CANCELED")


@dataclass(frozen=True)
class Run:
    """A run's status, and why it failed."""

    run_id: str
    is_at_work: bool
    has_failed: bool
    reasons: tuple[str, ...] = ()


def last_run(port: int) -> Run | None:
    """Return the newest run; None if there is none or Dagster does not answer."""
    # Not urllib, which would use a proxy from the environment.
    with closing(HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
        try:
            body = json.dumps({"query": _QUERY})
            connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if answer.status != _OK:
                return None
            runs = json.load(answer)["data"]["runsOrError"]["results"]
            return _run(runs[0]) if runs else None
        except (OSError, HTTPException, ValueError, KeyError, TypeError):
            return None


def _run(found: Mapping[str, Any]) -> Run:
    failed = found["status"] in _FAILED
    return Run(
        run_id=found["runId"],
        is_at_work=found["status"] in _AT_WORK,
        has_failed=failed,
        reasons=tuple(reasons(found["eventConnection"]["events"])) if failed else (),
    )


def reasons(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return why a run failed, one sentence each; failed checks first, in plain words."""
    checks, steps, runs = [], [], []
    for event in events:
        match event["__typename"]:
            case "AssetCheckEvaluationEvent":
                check = event["evaluation"]
                if not check["success"] and check["severity"] == "ERROR":
                    checks.append(_short(check["description"] or ""))
            case "ExecutionStepFailureEvent":
                steps.append(f"{event['stepKey']}: {_short(_cause(event['error']))}")
            case "RunFailureEvent" if event["error"]:
                runs.append(_short(_cause(event["error"])))
    return [one for one in dict.fromkeys(checks or steps or runs) if one]


def _cause(error: Mapping[str, Any] | None) -> str:
    """Return the message of the root cause; the outer errors are Dagster's wrappers."""
    if error is None:
        return ""
    chain = [link["error"] for link in error["errorChain"] if link["isExplicitLink"]]
    messages = [one["message"] for one in (error, *chain) if one["message"]]
    return str(messages[-1]) if messages else ""


def _short(message: str) -> str:
    # Spark's messages include indented Java frames; Dagster's begin with the class.
    lines = [line for line in message.splitlines() if line and not line[0].isspace()]
    text = " ".join(lines)
    name, colon, rest = text.partition(": ")
    if colon and name.replace(".", "").replace("_", "").isalnum():
        text = rest
    return textwrap.shorten(text, MAX_REASON_LENGTH, placeholder=" ...")
