"""A whole platform under `make run`, on ports and a data folder of its own, to kill parts of."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import dagster as dg

from ops.launch.run_launcher import run_process
from tools.faults.lab import ROOT, Platform
from tools.faults.scenario import FaultError

Found = TypeVar("Found")

START_SECONDS = 120.0
STOP_SECONDS = 15.0
PROC = Path("/proc")

# What tells a service of the launcher by its command line.
SERVICES = {"code server": "dagster\0api\0grpc", "daemon": "dagster._daemon"}


class Serving:
    """`make run`, started; `stop` ends it as Ctrl-C does."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        names = ("BANKSEG_DAGSTER_PORT", "BANKSEG_APP_PORT", "BANKSEG_API_PORT")
        self._ports = {name: free_port() for name in names}
        self._log = platform.data_dir / "launcher.log"
        self.start()
        self.instance = dg.DagsterInstance.from_config(str(platform.settings.dagster_home))

    def start(self) -> None:
        """Start it; again and again while the ports of a killed one are still taken."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with self._log.open("wb") as log:
                self._launcher = subprocess.Popen(
                    [sys.executable, "-m", "ops.launch.run"],
                    env=self.platform.environ | {k: str(v) for k, v in self._ports.items()},
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            while self._launcher.poll() is None and time.monotonic() < deadline:
                if b"Ctrl-C" in self._log.read_bytes():
                    return
                time.sleep(0.1)
        raise FaultError(f"the platform does not start: {self._log.read_text()[-1500:]}")

    def stop(self) -> None:
        """End it and everything in it."""
        self.instance.dispose()
        self._launcher.send_signal(signal.SIGINT)
        self._launcher.wait(STOP_SECONDS)

    def kill_launcher(self) -> None:
        """Kill `make run` itself."""
        self._launcher.kill()
        self._launcher.wait()

    def service(self, name: str) -> int:
        """Return the process of a service."""
        below = [pid for pid, parent in parents().items() if parent == self._launcher.pid]
        return next(pid for pid in below if SERVICES[name] in command_line(pid))

    def worker(self, run_id: str) -> int:
        """Return the process of a run."""
        return self.wait_for(lambda: run_process(self.instance, run_id), "the run's process", 30)

    def jvm(self, run_id: str) -> int:
        """Return the JVM of a run, which starts when the run first needs it."""
        worker = self.worker(run_id)

        def find() -> int | None:
            below = [pid for pid, parent in parents().items() if parent == worker]
            return next((pid for pid in below if "java" in command_line(pid).split("\0")[0]), None)

        return self.wait_for(find, "the run's JVM", 60)

    def run_of(self, job: str, known: set[str]) -> dg.DagsterRun:
        """Return a started run of a job, other than those known; wait for it."""
        started = dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.STARTED])

        def find() -> dg.DagsterRun | None:
            runs = self.instance.get_runs(started)
            return next((run for run in runs if run.run_id not in known), None)

        return self.wait_for(find, f"a run of {job}", 180)

    def is_over(self, run_id: str) -> bool:
        """Whether a run has reached an end."""
        run = self.instance.get_run_by_id(run_id)
        return run is not None and run.is_finished

    def jvms(self) -> list[int]:
        """Return the JVMs of this data folder, whoever their parent is by now."""
        mine = f"BANKSEG_DATA_DIR={self.platform.data_dir}\0"
        return [
            pid
            for pid in parents()
            if "java" in command_line(pid).split("\0")[0] and mine in _read(pid, "environ")
        ]

    def wait_for(self, find: Callable[[], Found | None], what: str, seconds: float) -> Found:
        """Return what `find` finds, as soon as it does."""
        deadline = time.monotonic() + seconds
        while not (found := find()):
            if time.monotonic() > deadline:
                raise FaultError(f"{what} did not come within {seconds:.0f} s")
            time.sleep(0.1)
        return found


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def parents() -> dict[int, int]:
    """Return process -> parent."""
    found = {}
    for entry in PROC.glob("[0-9]*"):
        stat = _read(int(entry.name), "stat")
        if stat:
            found[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    return found


def command_line(pid: int) -> str:
    """Return the arguments of a process, each ended by a NUL."""
    return _read(pid, "cmdline")


def kill(pid: int) -> None:
    """Kill outright."""
    os.kill(pid, signal.SIGKILL)


def _read(pid: int, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_bytes().decode(errors="replace")
    except OSError:
        return ""
