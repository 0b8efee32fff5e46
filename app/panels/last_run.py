"""The newest runs and why they failed, from the GraphQL API of the local Dagster web server."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.state.dagster_client import AT_WORK, DagsterError, ask

# The run in progress is asked for, too: many that wait in the queue are newer.
RUNS = """
query RecentRuns($limit: Int!, $running: [RunStatus!]) {
  runsOrError(limit: $limit) { ...Found }
  running: runsOrError(filter: { statuses: $running }, limit: 1) { ...Found }
}
fragment Found on Runs {
  results {
    runId
    jobName
    status
    startTime
    endTime
    stepKeysToExecute
    stepStats { stepKey status }
  }
}
"""
PLAN = """
query Plan($run: ID!) {
  runOrError(runId: $run) { ... on Run { executionPlan { steps { key } } } }
}
"""
FAILURE = """
query WhyItFailed($run: ID!) {
  runOrError(runId: $run) {
    ... on Run {
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
"""
SECONDS = 2.0
MAX_REASON_LENGTH = 700  # characters: a failed check with three files has 600
FAILED = ("FAILURE", "CANCELED")
RUNNING = ("STARTING", "STARTED", "CANCELING")


@dataclass(frozen=True)
class Run:
    """A run's job and status, and why it failed.

    is_waiting: in the queue. started, ended: seconds since 1970; started is None for a run that has
    no process yet. done, steps: how many steps are finished, and all of them; step: the one in
    progress.
    """

    run_id: str
    is_at_work: bool
    has_failed: bool
    reasons: tuple[str, ...] = ()
    job: str = ""
    is_cancelled: bool = False
    started: float | None = None
    ended: float | None = None
    done: int = 0
    steps: int = 0
    step: str = ""
    is_waiting: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the run ended without a failure."""
        return not self.is_at_work and not self.has_failed

    @property
    def share(self) -> float:
        """How much of the run is finished, from 0 to 1; 0 while its steps are not known."""
        return min(self.done / self.steps, 1.0) if self.steps else 0.0

    @property
    def seconds(self) -> float:
        """How long an ended run took, without its time in the queue."""
        return (self.ended or 0.0) - (self.started or 0.0)


def recent_runs(port: int, limit: int) -> list[Run] | None:
    """Return the newest runs and the one in progress, newest first; None without an answer."""
    try:
        variables = {"limit": limit, "running": RUNNING}
        found = ask(port, RUNS, variables, seconds=SECONDS)
        runs = {
            run["runId"]: run for key in ("runsOrError", "running") for run in found[key]["results"]
        }
        return [_run(port, run) for run in runs.values()]
    except (DagsterError, KeyError, TypeError):
        return None


def shown_run(runs: Sequence[Run]) -> Run | None:
    """Return the run to report on: the one in progress, the next in the queue, or the newest.

    `runs`: newest first. None without runs.
    """
    at_work = [run for run in runs if run.is_at_work]
    running = [run for run in at_work if not run.is_waiting]
    return next(iter([*running, *reversed(at_work), *runs]), None)


def _run(port: int, found: Mapping[str, Any]) -> Run:
    status = found["status"]
    steps = found.get("stepStats") or []
    return Run(
        run_id=found["runId"],
        is_at_work=status in AT_WORK,
        has_failed=status in FAILED,
        reasons=_why(port, found["runId"]) if status in FAILED else (),
        job=found.get("jobName", ""),
        is_cancelled=status == "CANCELED",
        started=found.get("startTime"),
        ended=found.get("endTime"),
        done=sum(step["status"] in ("SUCCESS", "SKIPPED") for step in steps),
        steps=_step_count(port, found) if status in AT_WORK else 0,
        step=next((one["stepKey"] for one in steps if one["status"] == "IN_PROGRESS"), ""),
        is_waiting=status in AT_WORK and status != "STARTING" and not found.get("startTime"),
    )


_known: dict[tuple[int, str], tuple[str, ...]] = {}
"""Reasons of failed runs by port and run; they no longer change."""
_planned: dict[tuple[int, str], int] = {}
"""Steps of whole jobs in progress, by port and run."""
MAX_KNOWN = 100


def _step_count(port: int, found: Mapping[str, Any]) -> int:
    """Return how many steps a run has; only a part of a job lists their keys."""
    if keys := found.get("stepKeysToExecute"):
        return len(keys)
    run_id = found["runId"]
    if (port, run_id) not in _planned:
        answer = ask(port, PLAN, {"run": run_id}, seconds=SECONDS)["runOrError"]
        plan = answer.get("executionPlan")
        if not plan:  # a run that was only just created
            return 0
        if len(_planned) >= MAX_KNOWN:
            _planned.clear()
        _planned[port, run_id] = len(plan["steps"])
    return _planned[port, run_id]


def _why(port: int, run_id: str) -> tuple[str, ...]:
    if (port, run_id) not in _known:
        found = ask(port, FAILURE, {"run": run_id}, seconds=SECONDS)
        if len(_known) >= MAX_KNOWN:
            _known.clear()
        _known[port, run_id] = tuple(reasons(found["runOrError"]["eventConnection"]["events"]))
    return _known[port, run_id]


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
