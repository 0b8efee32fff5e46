"""Start processes, notice when one dies, and stop them with all that they started."""

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
    """The operator asked to stop."""


class StopRequest:
    """Turn SIGINT, SIGTERM and SIGHUP into an exception, raised only where `pause` is called.

    A handler that raised at once could do so between a process's start and its being noted.
    """

    def __init__(self) -> None:
        self._requested = False

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)
        # `nohup` ignores SIGHUP, and so do we then.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the handlers: a second Ctrl-C must not cut the stopping short."""

    def pause(self) -> None:
        """Sleep a moment; raise StopRequestedError when a signal has come."""
        if self._requested:
            raise StopRequestedError
        time.sleep(POLL_SECONDS)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._requested = True


class Child(NamedTuple):
    """A process that was started here."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path | None

    @property
    def is_dead(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    def tail(self) -> str:
        """Return the last lines of the log."""
        if self.log is None:
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])


class Family:
    """The processes started here and all that descends from them; leaving it stops them."""

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
        """Start a process in its own session, so that the terminal's Ctrl-C reaches only us."""
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
        """End the whole family: ask, insist, then kill."""
        for number, seconds in self._stop_steps:
            for pid in self._living():
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            if self._gone_within(seconds):
                return

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while living := self._living():
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        return not living

    def _living(self) -> set[int]:
        living = _relatives(self._seen)
        # After the look: what it found dead is then reaped. But a JVM's first thread may be dead,
        # as /proc tells, and the process not yet.
        living |= {one.process.pid for one in self._children if one.process.poll() is None}
        # Remembered, because one that leaves its session is not recognized once it is an orphan.
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
    """Have Linux send SIGTERM when the launcher is killed outright: no server keeps its port."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def started_at(pid: int) -> float | None:
    """Return when a process started, as seconds since 1970; None when there is none."""
    try:
        after_name = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        boot = re.search(r"^btime (\d+)$", (PROC / "stat").read_text(), re.MULTILINE)
    except OSError:
        return None
    if boot is None or after_name[0] == "Z":
        return None
    return int(boot[1]) + int(after_name[_START_FIELD]) / os.sysconf("SC_CLK_TCK")


def _relatives(roots: set[int]) -> set[int]:
    """Return the living among `roots`, in their sessions, and below any of those.

    The session finds orphans and those that left the process group, as Spark's Python workers do.
    """
    table = _process_table()
    found = {pid for pid, (_, session) in table.items() if {pid, session} & roots}
    while below := {pid for pid, (parent, _) in table.items() if parent in found} - found:
        found |= below
    return found


def _process_table() -> dict[int, tuple[int, int]]:
    """Return the parent and the session of every process that is not a zombie."""
    table = {}
    for entry in PROC.glob("[0-9]*/stat"):
        # A process may end while we look.
        with suppress(OSError):
            # The program's name, in brackets, may hold spaces and brackets itself.
            state, parent, _group, session = entry.read_text().rpartition(")")[2].split()[:4]
            if state != "Z":
                table[int(entry.parent.name)] = (int(parent), int(session))
    return table
