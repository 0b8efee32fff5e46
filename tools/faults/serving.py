"""A platform under `make run` on its own ports and data folder, whose processes can be killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

import dagster as dg
import psutil

from ops.launch.run_launcher import run_process
from tools.faults.lab import ROOT, Platform
from tools.faults.scenario import FaultError

Found = TypeVar("Found")

START_SECONDS = 120.0
STOP_SECONDS = 15.0

# Parts of the command lines by which services are recognized.
SERVICES = {"code server": "dagster api grpc", "daemon": "dagster._daemon"}


class Serving:
    """A running `make run`; `stop` ends it as Ctrl-C does. `environ`: settings of its own."""

    def __init__(self, platform: Platform, environ: Mapping[str, str] | None = None) -> None:
        self.platform = platform
        self._environ = dict(environ or {})
        names = ("BANKSEG_DAGSTER_PORT", "BANKSEG_APP_PORT", "BANKSEG_API_PORT")
        self._ports = {name: free_port() for name in names}
        self._log = platform.data_dir / "launcher.log"
        self.start()
        self.instance = dg.DagsterInstance.from_config(str(platform.settings.dagster_home))

    def start(self) -> None:
        """Start it; retry while the ports of a killed one are still in use."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with self._log.open("wb") as log:
                self._launcher = subprocess.Popen(
                    [sys.executable, "-m", "ops.launch.run"],
                    env=self.platform.environ
                    | self._environ
                    | {k: str(v) for k, v in self._ports.items()},
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

    def processes(self) -> list[psutil.Process]:
        """Return all its processes."""
        launcher = psutil.Process(self._launcher.pid)
        return [launcher, *launcher.children(recursive=True)]

    def stop(self) -> None:
        """Stop it with all its processes."""
        self.instance.dispose()
        self._launcher.send_signal(signal.SIGINT)
        self._launcher.wait(STOP_SECONDS)

    def kill_launcher(self) -> None:
        """Kill the process of `make run`."""
        self._launcher.kill()
        self._launcher.wait()

    def service(self, name: str) -> int:
        """Return the process number of a service."""
        below = psutil.Process(self._launcher.pid).children()
        return next(one.pid for one in below if SERVICES[name] in " ".join(command_line(one)))

    def worker(self, run_id: str) -> int:
        """Return the process number of a run."""
        return self.wait_for(lambda: run_process(self.instance, run_id), "the run's process", 30)

    def jvm(self, run_id: str) -> int:
        """Return the process number of a run's JVM, once the run has started it."""
        worker = self.worker(run_id)

        def find() -> int | None:
            with suppress(psutil.NoSuchProcess):
                return next((o.pid for o in psutil.Process(worker).children() if is_jvm(o)), None)
            return None

        return self.wait_for(find, "the run's JVM", 60)

    def run_of(self, job: str, known: set[str]) -> dg.DagsterRun:
        """Wait for a started run of a job that is not in `known`; return it."""
        started = dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.STARTED])

        def find() -> dg.DagsterRun | None:
            runs = self.instance.get_runs(started)
            return next((run for run in runs if run.run_id not in known), None)

        return self.wait_for(find, f"a run of {job}", 180)

    def is_over(self, run_id: str) -> bool:
        """Return whether a run has ended."""
        run = self.instance.get_run_by_id(run_id)
        return run is not None and run.is_finished

    def jvms(self) -> list[int]:
        """Return the JVMs of this data folder, including orphans."""
        mine = str(self.platform.data_dir)
        return [
            one.pid
            for one in psutil.process_iter()
            if is_jvm(one) and environment(one).get("BANKSEG_DATA_DIR") == mine
        ]

    def wait_for(self, find: Callable[[], Found | None], what: str, seconds: float) -> Found:
        """Call `find` until it returns a value other than None; return the value."""
        deadline = time.monotonic() + seconds
        while not (found := find()):
            if time.monotonic() > deadline:
                raise FaultError(f"{what} did not come within {seconds:.0f} s")
            time.sleep(0.1)
        return found


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def is_jvm(process: psutil.Process) -> bool:
    """Return whether a process is a JVM."""
    return "java" in "".join(command_line(process)[:1])


def command_line(process: psutil.Process) -> list[str]:
    """Return the arguments of a process; empty if it has ended."""
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def environment(process: psutil.Process) -> dict[str, str]:
    """Return the environment of a process; empty if it has ended."""
    with suppress(psutil.Error):
        return process.environ()
    return {}


def kill(pid: int) -> None:
    """Send SIGKILL."""
    os.kill(pid, signal.SIGKILL)
