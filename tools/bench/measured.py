"""Run a command and measure its time and memory, including child processes."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import psutil

SAMPLE_SECONDS = 0.2
FORK_TOLERANCE = (
    0.01  # of the parent's memory: an equal child of the same command has just been forked
)


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


def measure(
    command: Sequence[str | Path], *, folder: Path, environ: Mapping[str, str] | None = None
) -> Measured:
    """Run a command in its own session and measure it.

    Raises CommandFailedError when it fails.
    """
    most = 0
    cpu: dict[int, float] = {}
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
        while not _ended(process):
            memory: dict[int, int] = {}
            session = _session(process.pid)
            for one in session:
                # A process may end during the scan; a zombie has no memory.
                with suppress(psutil.Error):
                    memory[one.pid] = _private_memory(one)
                    times = one.cpu_times()
                    cpu[one.pid] = times.user + times.system
            most = max(most, sum(memory[one.pid] for one in session if _is_own(one, memory)))
        seconds = time.monotonic() - started
        written.seek(0)
        output = written.read()
    if process.returncode:
        raise CommandFailedError(
            f"{' '.join(map(str, command))} ended with {process.returncode}:\n{output[-2000:]}"
        )
    return Measured(seconds, sum(cpu.values()), most, output)


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
    found = process.memory_info()
    return int(found.rss - found.shared)


def _is_own(process: psutil.Process, memory: Mapping[int, int]) -> bool:
    """Return whether a process has memory of its own and not its parent's pages.

    Between fork and exec a child shares all pages of its parent: a JVM of 4 GB that started a shell
    was briefly counted as 8 GB.
    """
    try:
        parent = process.ppid()
        commands = [one.cmdline() for one in (process, psutil.Process(parent))]
        size = memory[process.pid]
    except (KeyError, psutil.Error):
        return False  # it has ended
    whole = memory.get(parent, 0)
    return commands[0] != commands[1] or abs(size - whole) > FORK_TOLERANCE * whole
