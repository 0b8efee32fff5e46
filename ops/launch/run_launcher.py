"""Dagster run launchers that detect and stop runs whose code server is gone."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from dagster import (
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DefaultRunLauncher,
    deserialize_value,
    serialize_value,
)
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._grpc.types import (
    CanCancelExecutionRequest,
    CanCancelExecutionResult,
    ExecuteExternalJobArgs,
)

from ops.launch.handover import STARTED, WORKER_SOCKET, hand_over
from ops.launch.processes import started_at

# A process that started after its run reported "my process is 4711" has reused the number. The
# tolerance covers differences between the kernel's clock and that of the event log.
CLOCK_TOLERANCE_SECONDS = 10.0


class WatchedRunLauncher(DefaultRunLauncher):
    """DefaultRunLauncher that uses a warm worker if one is ready, and checks the run's process.

    A code server detects the end of the runs that it started. If it is killed, its runs are not
    monitored: when one of them dies too, Dagster keeps it as STARTED, in the queue's only slot,
    until `max_runtime_seconds`.
    """

    def launch_run(self, context: LaunchRunContext) -> None:
        """Hand the run over to the warm worker; without one, start a process for it."""
        if not self._is_handed_over(context.dagster_run):
            super().launch_run(context)

    def _is_handed_over(self, run: DagsterRun) -> bool:
        worker, origin = os.environ.get(WORKER_SOCKET), run.remote_job_origin
        if not worker or origin is None:
            return False
        arguments = ExecuteExternalJobArgs(
            job_origin=origin, run_id=run.run_id, instance_ref=self._instance.get_ref()
        )
        return hand_over(Path(worker), serialize_value(arguments)) == STARTED

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether the monitoring daemon checks the health of runs."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Return whether a started run's process exists; a stopped one (SIGSTOP) counts."""
        if run_is_alive(self._instance, run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the process of the run is gone")

    def terminate(self, run_id: str) -> bool:
        """Cancel a run; interrupt its process directly if its code server is gone."""
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
    """DefaultRunLauncher with a health check through a code server in another container.

    Processes of another container are not visible, so the code server is asked. After a restart of
    its container, the previous runs are gone and the code server does not know them.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether the monitoring daemon checks the health of runs."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Return whether the code server has the run; unknown while it does not answer."""
        client = self._get_grpc_client_for_termination(run.run_id)  # type: ignore[no-untyped-call]
        if client is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        try:
            reply = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id))
        except DagsterUserCodeUnreachableError:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if deserialize_value(reply, CanCancelExecutionResult).can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the code server does not know the run")


def run_is_alive(instance: DagsterInstance, run_id: str) -> bool:
    """Return whether the run's process is alive or has not reported its number yet."""
    return run_process(instance, run_id) != 0


def run_process(instance: DagsterInstance, run_id: str) -> int | None:
    """Return the run's process number: 0 if it is gone, None if it was never reported.

    Every run records it in the event log before its first step, including runs in the process of
    `make materialize`.
    """
    for entry in reversed(instance.all_logs(run_id, of_type=DagsterEventType.ENGINE_EVENT)):
        event = entry.get_dagster_event()
        pid_value = event.engine_event_data.metadata.get("pid")
        if pid_value is None:
            continue
        pid = int(str(pid_value.value))
        start = started_at(pid)
        lives = start is not None and start < entry.timestamp + CLOCK_TOLERANCE_SECONDS
        return pid if lives else 0
    return None
