"""Core-seconds of a process and its children."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psutil


class Timed:
    """What is measured: seconds, core-seconds, and the parameters that were found."""

    parameters: Sequence[float] = ()


@contextmanager
def timed() -> Iterator[Timed]:
    """Print what the block took, as a line of JSON; the start of the process is left out."""
    found, cpu, started = Timed(), _core_seconds(), time.monotonic()
    yield found
    measured = {
        "seconds": time.monotonic() - started,
        "core_seconds": _core_seconds() - cpu,
        "parameters": list(found.parameters),
    }
    print(json.dumps(measured))


def _core_seconds() -> float:
    own, total = psutil.Process(), 0.0
    for one in [own, *own.children(recursive=True)]:
        with suppress(psutil.Error):
            times = one.cpu_times()
            total += times.user + times.system
    return total
