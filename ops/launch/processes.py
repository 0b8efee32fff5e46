"""Start processes, detect when one dies, and stop them with all their descendants."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NamedTuple, Self

POLL_SECONDS = 0.1
TAIL_LINES = 15
PROC = Path("/proc")

# Together 8 seconds: Ctrl-C promises 10. Dagster's servers take up to 4 to end on SIGINT.
StopSteps = Sequence[tuple[signal.Signals, float]]
STOP_STEPS: StopSteps = ((signal.SIGINT, 5.0), (signal.SIGTERM, 1.5), (signal.SIGKILL, 1.5))

_PR_SET_PDEATHSIG = 1
_START_FIELD = 19  # of /proc/<pid>/stat after the program's name: ticks from boot to start
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
    """Context manager of started processes and their descendants; stops all of them on exit."""

    def __init__(self, stop_steps: StopSteps = STOP_STEPS) -> None:
        self._stop_steps = stop_steps
        self._children: list[Child] = []
        self._seen: set[int] = set()

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
        self._seen.add(process.pid)
        return child

    def stop(self) -> None:
        """Send each stop signal in turn until all processes have ended."""
        for number, seconds in self._stop_steps:
            for pid in self._living():
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            if self._wait_until_gone(seconds):
                return

    def _wait_until_gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while living := self._living():
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        return not living

    def _living(self) -> set[int]:
        living = _descendants(self._seen)
        # After the scan of /proc, so that processes that it found dead are reaped. /proc may show a
        # JVM as dead, because its first thread is, before the process has ended.
        living |= {one.process.pid for one in self._children if one.process.poll() is None}
        # Recorded, because a process that leaves its session cannot be found once it is an orphan.
        self._seen |= living
        return living


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
        after_name = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        boot = re.search(r"^btime (\d+)$", (PROC / "stat").read_text(), re.MULTILINE)
    except OSError:
        return None
    if boot is None or after_name[0] == "Z":
        return None
    return int(boot[1]) + int(after_name[_START_FIELD]) / os.sysconf("SC_CLK_TCK")


def _descendants(roots: set[int]) -> set[int]:
    """Return the living processes among `roots`, in their sessions, and their descendants.

    The session finds orphans and processes that left the group, as Spark's Python workers do.
    """
    table = _process_table()
    found = {pid for pid, (_, session) in table.items() if {pid, session} & roots}
    while below := {pid for pid, (parent, _) in table.items() if parent in found} - found:
        found |= below
    return found


def _process_table() -> dict[int, tuple[int, int]]:
    """Return process -> (parent, session) for every process that is not a zombie."""
    table = {}
    for entry in PROC.glob("[0-9]*/stat"):
        # A process may end during the scan.
        with suppress(OSError):
            # The program's name, in parentheses, may itself contain spaces and parentheses.
            state, parent, _group, session = entry.read_text().rpartition(")")[2].split()[:4]
            if state != "Z":
                table[int(entry.parent.name)] = (int(parent), int(session))
    return table
