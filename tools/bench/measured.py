"""Run a command and measure its time and memory, including child processes."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import psutil

SAMPLE_SECONDS = 0.2


class CommandFailedError(RuntimeError):
    """A measured command failed; the message has the end of its output."""


@dataclass(frozen=True)
class Measured:
    """A command's wall-clock seconds, CPU seconds and peak memory in bytes.

    memory: maximum over time of the private memory of all its processes, so that shared pages count
    once.
    """

    seconds: float
    cpu_seconds: float
    memory: int
    output: str


class Usage:
    """CPU seconds and peak memory of some processes, from the samples taken.

    memory: as in `Measured`.
    """

    def __init__(self, processes: Callable[[], list[psutil.Process]]) -> None:
        self._processes = processes
        self._cpu: dict[int, float] = {}
        self.memory = 0

    @property
    def cpu_seconds(self) -> float:
        """The CPU seconds of all processes seen, since they started."""
        return sum(self._cpu.values())

    def sample(self) -> None:
        """Take one sample."""
        memory = 0
        for one in self._processes():
            # A process may end during the scan; a zombie has no memory.
            with suppress(psutil.Error):
                memory += _private_memory(one)
                times = one.cpu_times()
                self._cpu[one.pid] = times.user + times.system
        self.memory = max(self.memory, memory)


def measure(
    command: Sequence[str | Path], *, folder: Path, environ: Mapping[str, str] | None = None
) -> Measured:
    """Run a command in its own session and measure it.

    Raises CommandFailedError when it fails.
    """
    with TemporaryFile("w+", encoding="utf-8") as written:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environ or {})},
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        usage = Usage(lambda: _session(process.pid))
        while not _ended(process):
            usage.sample()
        seconds = time.monotonic() - started
        written.seek(0)
        output = written.read()
    if process.returncode:
        raise CommandFailedError(
            f"{' '.join(map(str, command))} ended with {process.returncode}:\n{output[-2000:]}"
        )
    return Measured(seconds, usage.cpu_seconds, usage.memory, output)


def _ended(process: subprocess.Popen[bytes]) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(SAMPLE_SECONDS)
    return process.returncode is not None


def _session(leader: int) -> list[psutil.Process]:
    found = []
    for pid in psutil.pids():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getsid(pid) == leader:
                found.append(psutil.Process(pid))
    return found


def _private_memory(process: psutil.Process) -> int:
    """Return the memory that a process does not share.

    A forked process shares the pages of its parent, which this reads in full only then, because
    it takes 50 ms for a JVM of 5 GB. Such a JVM counted as 10 GB while it started a shell.
    """
    if _is_forked(process):
        return int(process.memory_full_info().uss)
    found = process.memory_info()
    return int(found.rss - found.shared)


def _is_forked(process: psutil.Process) -> bool:
    """Return whether a process may be a copy of its parent: it has the same command line."""
    with suppress(psutil.NoSuchProcess):
        return process.cmdline() == psutil.Process(process.ppid()).cmdline()
    return False  # the parent has ended
