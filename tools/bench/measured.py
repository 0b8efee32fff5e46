"""Run a command and measure its time and memory, including child processes."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

SAMPLE_SECONDS = 0.2
FORK_TOLERANCE = (
    0.01  # of the parent's memory: an equal child of the same command has just been forked
)
PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


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
            for pid in _session(process.pid):
                # A process may end during the scan.
                with suppress(OSError):
                    memory[pid] = _private_memory(pid)
                    cpu[pid] = _cpu_seconds(pid)
            most = max(most, sum(size for pid, size in memory.items() if _is_own(pid, memory)))
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


def _session(leader: int) -> list[int]:
    found = []
    for entry in PROC.glob("[0-9]*"):
        with suppress(OSError):
            if os.getsid(int(entry.name)) == leader:
                found.append(int(entry.name))
    return found


def _private_memory(pid: int) -> int:
    status = (PROC / str(pid) / "status").read_text()
    sizes = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    # A zombie has none.
    return 1024 * int(sizes.get("RssAnon", "0 kB").split()[0])


def _is_own(pid: int, memory: Mapping[int, int]) -> bool:
    """Return whether a process has memory of its own and not its parent's pages.

    Between fork and exec a child shares all pages of its parent: a JVM of 4 GB that started a shell
    was briefly counted as 8 GB.
    """
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        parent = int(fields[1])
        commands = [(PROC / str(one) / "cmdline").read_bytes() for one in (pid, parent)]
    except OSError:
        return False  # it has ended
    whole = memory.get(parent, 0)
    return commands[0] != commands[1] or abs(memory[pid] - whole) > FORK_TOLERANCE * whole


def _cpu_seconds(pid: int) -> float:
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
