"""Run a command to its end and measure the whole tree of its processes."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

SAMPLE_SECONDS = 0.2
ALIKE = 0.01  # of the parent's memory: who has as much under the same command has just been forked
PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


class CommandFailedError(RuntimeError):
    """A measured command did not end well; the message has the end of what it wrote."""


@dataclass(frozen=True)
class Measured:
    """What a command took: seconds of the clock and of all processors, most memory in bytes.

    memory: the private memory of all its processes at one moment, so that a page is counted once.
    """

    seconds: float
    cpu_seconds: float
    memory: int
    output: str


def measure(
    command: Sequence[str | Path], *, folder: Path, environ: Mapping[str, str] | None = None
) -> Measured:
    """Run a command in a session of its own.

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
                # A process may end while we look.
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
    """Tell whether a process has memory of its own, and not its parent's in another name.

    Between its fork and its next program a child has all of its parent's pages: a JVM of 4 GB that
    started a shell was 8 GB for a moment.
    """
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        parent = int(fields[1])
        commands = [(PROC / str(one) / "cmdline").read_bytes() for one in (pid, parent)]
    except OSError:
        return False  # it has ended
    whole = memory.get(parent, 0)
    return commands[0] != commands[1] or abs(memory[pid] - whole) > ALIKE * whole


def _cpu_seconds(pid: int) -> float:
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
