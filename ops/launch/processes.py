"""Start processes, detect when one dies, and stop them with all their descendants."""

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NamedTuple, Self
from uuid import uuid4

import psutil

POLL_SECONDS = 0.1
TAIL_LINES = 15

# Together 8 seconds: Ctrl-C promises 10. Dagster's servers take up to 4 to end on SIGINT.
StopSteps = Sequence[tuple[signal.Signals, float]]
STOP_STEPS: StopSteps = ((signal.SIGINT, 5.0), (signal.SIGTERM, 1.5), (signal.SIGKILL, 1.5))

_TREE_VARIABLE = "PROCESS_TREE_ID"  # in the environment of every process of a tree
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class StopRequestedError(Exception):
    """The operator requested a stop."""


class StopRequest:
    """Turn SIGINT, SIGTERM and SIGHUP into an exception, raised only where `pause` is called.

    A handler that raised at once could do so between a process's start and its registration.
    """

    def __init__(self) -> None:
        self._requested = False

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._request_stop)
        # Under `nohup`, which ignores SIGHUP, it stays ignored.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._request_stop)
        return self

    def __exit__(self, *_: object) -> None:
        """Keep the handlers installed: a second Ctrl-C must not interrupt the shutdown."""

    def pause(self) -> None:
        """Sleep for POLL_SECONDS; raise StopRequestedError if a signal has arrived."""
        if self._requested:
            raise StopRequestedError
        time.sleep(POLL_SECONDS)

    def _request_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._requested = True


class Child(NamedTuple):
    """A process that a ProcessTree started."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path | None

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def tail(self) -> str:
        """Return the last lines of the log."""
        if self.log is None:
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])


class ProcessTree:
    """Context manager of started processes and their descendants; stops all of them on exit.

    A process is identified by its number and its start (psutil.Process), because the system gives
    the numbers of ended processes to others. Orphans are found by a variable that they inherited.
    """

    def __init__(self, stop_steps: StopSteps = STOP_STEPS) -> None:
        self._stop_steps = stop_steps
        self._children: list[Child] = []
        self._known: set[psutil.Process] = set()
        self._id = uuid4().hex

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environ: Mapping[str, str],
        log: Path | None = None,
    ) -> Child:
        """Start a process in its own session, which the terminal's Ctrl-C does not reach."""
        environ = {**environ, _TREE_VARIABLE: self._id}
        if log is None:
            process = _spawn(command, environ, None)
        else:
            log.parent.mkdir(parents=True, exist_ok=True)
            if log.exists():
                log.replace(log.with_suffix(".previous.log"))
            with log.open("wb") as output:
                process = _spawn(command, environ, output.fileno())
        child = Child(name, process, log)
        self._children.append(child)
        self._known.add(psutil.Process(process.pid))
        return child

    def stop(self) -> None:
        """Send each stop signal in turn until all processes have ended."""
        for number, seconds in self._stop_steps:
            for process in self._living():
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
            if self._wait_until_gone(seconds):
                return

    def _wait_until_gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while living := self._living():
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        return not living

    def _living(self) -> set[psutil.Process]:
        parents = _process_parents()
        found: set[psutil.Process] = set()
        below = {one for one in parents if one in self._known or self._has_inherited(one)}
        while below:
            found |= below
            numbers = {one.pid for one in below}
            below = {one for one, parent in parents.items() if parent in numbers} - found
        # Kept, because a process that cleared its environment cannot be found once it is an orphan.
        self._known = found
        # Reaped only now, because a dead process may have been a parent in the scan. A JVM looks
        # dead when its first thread is, before the process has ended.
        children = {one.process.pid for one in self._children if one.process.poll() is None}
        return {one for one in found if one.pid in children or not _is_dead(one)}

    def _has_inherited(self, process: psutil.Process) -> bool:
        # It may have ended, or belong to another user.
        with suppress(psutil.Error):
            return process.environ().get(_TREE_VARIABLE) == self._id
        return False


def _spawn(
    command: Sequence[str | Path], environ: Mapping[str, str], output: int | None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - the launcher has one thread
    )


def _die_with_parent() -> None:
    """Make Linux send SIGTERM if the launcher is killed, so that no server keeps its port."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def started_at(pid: int) -> float | None:
    """Return a process's start time in seconds since 1970; None if it does not exist."""
    try:
        process = psutil.Process(pid)
        return None if _is_dead(process) else process.create_time()
    except psutil.NoSuchProcess:
        return None


def _is_dead(process: psutil.Process) -> bool:
    """Return whether a process has ended, even if it is not reaped yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _process_parents() -> dict[psutil.Process, int]:
    """Return process -> parent's number for every process."""
    parents = {}
    # Not process_iter: it caches, and may return a process that had the number before.
    for pid in psutil.pids():
        # A process may end during the scan.
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            parents[process] = process.ppid()
    return parents
