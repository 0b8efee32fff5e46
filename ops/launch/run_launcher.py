"""Dagster's run launcher, which also notices and stops a run that has lost its code server."""

import os
import signal
from contextlib import suppress

from dagster import (
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DefaultRunLauncher,
    deserialize_value,
)
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult

from ops.launch.processes import started_at

# A process that started later than its run said "my process is 4711" has only inherited the
# number. Seconds, because the kernel's clock of starts and the events' clock may differ a little.
CLOCK_TOLERANCE_SECONDS = 10.0


class WatchedRunLauncher(DefaultRunLauncher):
    """The default launcher, with a health check of the run's process.

    A code server notices the end of the runs it started. Killed itself, it leaves a run that
    nobody watches: when that one dies too, Dagster holds it for STARTED, in the queue's only
    place, until `max_runtime_seconds`.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Tell the monitoring daemon to ask."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Say whether the process of a started run still exists; a stopped one (SIGSTOP) does."""
        if run_is_alive(self._instance, run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the process of the run is gone")

    def terminate(self, run_id: str) -> bool:
        """Cancel a run; one whose code server is gone is interrupted directly."""
        with suppress(DagsterUserCodeUnreachableError):
            if super().terminate(run_id):  # type: ignore[no-untyped-call]
                return True
        pid = run_process(self._instance, run_id)
        if not pid:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        return True


class ServedRunLauncher(DefaultRunLauncher):
    """The default launcher, with a health check for a code server in another container.

    Its processes are not seen from here, so it is asked. A container that was started anew took the
    runs of the one before along, and knows none of them.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Tell the monitoring daemon to ask."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Say whether the code server still has the run; while it does not answer, it may."""
        client = self._get_grpc_client_for_termination(run.run_id)  # type: ignore[no-untyped-call]
        if client is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        try:
            told = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id))
        except DagsterUserCodeUnreachableError:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if deserialize_value(told, CanCancelExecutionResult).can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the code server does not know the run")


def run_is_alive(instance: DagsterInstance, run_id: str) -> bool:
    """Whether the run's process lives, or has not told its number yet."""
    return run_process(instance, run_id) != 0


def run_process(instance: DagsterInstance, run_id: str) -> int | None:
    """Return the number of the run's process: 0 when it is gone, None when it was never told.

    Every run tells it before its first step, in the event log: also one that was executed in the
    process of `make materialize`.
    """
    for entry in reversed(instance.all_logs(run_id, of_type=DagsterEventType.ENGINE_EVENT)):
        event = entry.get_dagster_event()
        told = event.engine_event_data.metadata.get("pid")
        if told is None:
            continue
        pid = int(str(told.value))
        start = started_at(pid)
        lives = start is not None and start < entry.timestamp + CLOCK_TOLERANCE_SECONDS
        return pid if lives else 0
    return None
