"""Show a Dagster run on the terminal: one line per step, and the cause of a failure."""

import textwrap
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from dagster import (
    AssetCheckSeverity,
    DagsterEvent,
    DagsterEventType,
    EventLogEntry,
)
from dagster._core.errors import DagsterAssetCheckFailedError
from dagster_shared.error import SerializableErrorInfo

from bankseg_assets.defs.run_failure import INTERRUPTIONS

MAX_MESSAGE_LENGTH = 600


@dataclass
class Progress:
    """Write a line such as `[3/10] rfm_table ... 3.1 s` for each step of a run.

    A step that produces two tables has one line with both names.
    """

    out: TextIO
    faults: list[str] = field(default_factory=list)
    interrupted: bool = False
    _warnings: list[str] = field(default_factory=list)
    _planned: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _checks: set[str] = field(default_factory=set)
    _begun: int = 0
    _step_started: float = 0.0

    def __call__(self, entry: EventLogEntry) -> None:
        """Handle one event; pass this object to `DagsterInstance.add_event_listener`."""
        event = entry.dagster_event
        handler = _HANDLERS.get(event.event_type) if event else None
        if event and handler:
            handler(self, event)

    @property
    def asset_count(self) -> int:
        """The number of assets that the run will materialize."""
        return sum(map(len, self._planned.values()))

    def _plan(self, event: DagsterEvent) -> None:
        name = event.asset_materialization_planned_data.asset_key.to_user_string()
        self._planned[_step_of(event)].append(name)

    def _plan_check(self, event: DagsterEvent) -> None:
        self._checks.add(_step_of(event))

    def _begin(self, event: DagsterEvent) -> None:
        names = sorted(self._planned.get(_step_of(event), ()))
        self._step_started = time.monotonic()
        if not names:
            kind = "check" if _step_of(event) in self._checks else "observe"
            self._write(f"{kind} {_step_of(event)} ... ")
            return
        first, last = self._begun + 1, self._begun + len(names)
        self._begun = last
        numbers = f"{first}" if first == last else f"{first}-{last}"
        self._write(f"[{numbers}/{self.asset_count}] {', '.join(names)} ... ")

    def _end(self, _event: DagsterEvent) -> None:
        self._write(f"{time.monotonic() - self._step_started:.1f} s\n")
        self._warn()

    def _warn(self) -> None:
        for warning in self._warnings:
            self._write(f"  warning: {warning}\n")
        self._warnings.clear()

    def _wait_for_retry(self, _event: DagsterEvent) -> None:
        self._write("failed, retrying ... ")

    def _fail_step(self, event: DagsterEvent) -> None:
        causes = _causes(event.step_failure_data.error)
        if causes and causes[-1].cls_name in INTERRUPTIONS:
            self.interrupted = True
            self._write("interrupted\n")
            return
        self._write("failed\n")
        self._warn()
        # The check's own event has reported the cause.
        if not causes or causes[-1].cls_name != DagsterAssetCheckFailedError.__name__:
            names = ", ".join(self._planned.get(_step_of(event), [_step_of(event)]))
            self.faults.append(f"{names} failed. {_paragraph(causes)}")

    def _fail_run(self, event: DagsterEvent) -> None:
        # The failed steps have reported more precise causes.
        if not self.faults:
            self.faults.append(
                f"The run failed. {_paragraph(_causes(event.job_failure_data.error))}"
            )

    def _check(self, event: DagsterEvent) -> None:
        check = event.asset_check_evaluation_data
        if check.passed:
            return
        name = f"{check.check_name} of {check.asset_key.to_user_string()}"
        message = f"Check {name} did not pass. {check.description or ''}".strip()
        errors = check.severity == AssetCheckSeverity.ERROR
        (self.faults if errors else self._warnings).append(message)

    def _write(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()


_HANDLERS: dict[DagsterEventType, Callable[[Progress, DagsterEvent], None]] = {
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED: Progress._plan,
    DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED: Progress._plan_check,
    DagsterEventType.STEP_START: Progress._begin,
    DagsterEventType.STEP_SUCCESS: Progress._end,
    DagsterEventType.STEP_UP_FOR_RETRY: Progress._wait_for_retry,
    DagsterEventType.STEP_FAILURE: Progress._fail_step,
    DagsterEventType.RUN_FAILURE: Progress._fail_run,
    DagsterEventType.ASSET_CHECK_EVALUATION: Progress._check,
}


def _step_of(event: DagsterEvent) -> str:
    return event.step_key or ""


def _causes(error: SerializableErrorInfo | None) -> list[SerializableErrorInfo]:
    """Return the error and its causes, outermost first, without Dagster's wrappers."""
    causes = []
    while error is not None:
        causes.append(error)
        error = error.cause
    return [cause for cause in causes[:-1] if not _is_wrapping(cause)] + causes[-1:]


def _is_wrapping(error: SerializableErrorInfo) -> bool:
    return (error.cls_name or "").startswith(("Dagster", "RetryRequested"))


def _paragraph(causes: list[SerializableErrorInfo]) -> str:
    return ", because of ".join(map(_message, causes))


def _message(error: SerializableErrorInfo) -> str:
    # Spark's messages include Java stack frames, which are indented.
    lines = [line for line in error.message.splitlines() if line and not line[0].isspace()]
    return textwrap.shorten(" ".join(lines), MAX_MESSAGE_LENGTH, placeholder=" ...")
