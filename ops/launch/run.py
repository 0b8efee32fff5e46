"""Prepare the platform and serve it until Ctrl-C: `python -m ops.launch.run`."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bankseg_assets.runtime.java import JavaNotFoundError
from bankseg_assets.runtime.settings import Settings, SettingsError, load_settings
from ops.exit_codes import FAILED, report, reports
from ops.launch import class_archive
from ops.launch.handover import SOCKET
from ops.launch.instance import prepare_instance, process_environment
from ops.launch.preflight import (
    HOST,
    PreflightError,
    check_contract,
    check_disk,
    check_machine,
    check_ports,
    data_lock,
    find_java,
)
from ops.launch.processes import ProcessTree, StopRequest, StopRequestedError
from ops.launch.services import CODE_SOCKET, Service, platform_services
from ops.launch.supervision import LaunchError, SupervisedService

# Measured: all services answer within 8 s on two idle cores.
READY_SECONDS = 120.0


@reports(SettingsError, PreflightError, JavaNotFoundError)
def main() -> int:
    """Prepare and serve the platform; return 0 when the operator stops it."""
    try:
        settings = load_settings()
        check_machine(settings)
        # Published releases are still served; the batch then reports what is wrong.
        if not _holds_something(settings.published_dir):
            check_contract(settings)
        with data_lock(settings.data_dir, "make run"):
            check_disk(settings.data_dir)
            check_ports(settings)
            java_home = find_java(settings, os.environ)
            environ = process_environment(settings, java_home, os.environ)
            prepare_instance(settings.dagster_home)
            return run(settings, environ)
    except LaunchError as error:
        return report(error, FAILED)


def run(settings: Settings, environ: Mapping[str, str]) -> int:
    """Create what is missing, then serve, even if that step failed."""
    with StopRequest() as stop:
        try:
            prepare(settings, preparation(settings), environ, stop)
            # A private folder in /tmp: a socket's path is limited to 107 bytes, and no other user
            # may create one there.
            with TemporaryDirectory(prefix="bankseg-") as folder:
                socket = Path(folder) / "code.sock"
                worker = Path(folder) / "worker.sock"
                environ = {**environ, CODE_SOCKET: str(socket), SOCKET: str(worker)}
                services = platform_services(settings, socket)
                serve(services, environ, settings.logs_dir, stop, background_commands(settings))
        except StopRequestedError:
            print("Stopped.", flush=True)
    return 0


def prepare(
    settings: Settings,
    steps: Sequence[tuple[str, Sequence[str]]],
    environ: Mapping[str, str],
    stop: StopRequest,
) -> bool:
    """Run the steps in order; on a failure, report it, skip the rest and return False.

    The servers start anyway: the Dagster UI and the app show the failure.
    """
    for name, command in steps:
        end = finish(name, command, environ, stop)
        if end:
            print(_failure(name, end, settings), file=sys.stderr, flush=True)
            return False
    return True


def _failure(name: str, end: str, settings: Settings) -> str:
    return (
        f"bankseg: {name} {end}; see the error above. The servers start anyway: the app "
        f"(http://{HOST}:{settings.app_port}) shows the available data and the next step, and the "
        f"Dagster UI (http://{HOST}:{settings.dagster_port}/runs) and {settings.logs_dir} have "
        "the details."
    )


def preparation(settings: Settings) -> list[tuple[str, list[str]]]:
    """Return the name and command of each step to run before the servers start."""
    module = [sys.executable, "-m"]
    batch = ("the batch", [*module, "ops.launch.materialize", "--if-needed", "--lock-held"])
    if any(map(_holds_something, (settings.landing_dir, settings.raw_dir, settings.published_dir))):
        return [batch]
    return [("the demo data generator", [*module, "ops.demo.transactions"]), batch]


def background_commands(settings: Settings) -> list[tuple[str, list[str]]]:
    """Return the name and command of what is made once, while the platform is idle."""
    if not class_archive.is_missing(settings):
        return []
    module = [sys.executable, "-m", "ops.launch.class_archive"]
    return [("class-archive", [*module, "--when-idle"])]


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def finish(name: str, command: Sequence[str], environ: Mapping[str, str], stop: StopRequest) -> str:
    """Run a command to its end; return a description of its failure, empty on success."""
    with ProcessTree() as processes:
        try:
            child = processes.start(name, command, environ=environ)
        except OSError as error:
            return f"could not start ({error})"
        while (code := child.process.poll()) is None:
            stop.pause()
    if code < 0:
        return f"was killed by signal {-code}"
    return f"failed with exit code {code}" if code else ""


def serve(
    services: Sequence[Service],
    environ: Mapping[str, str],
    logs: Path,
    stop: StopRequest,
    background: Sequence[tuple[str, Sequence[str]]] = (),
    ready_seconds: float = READY_SECONDS,
) -> None:
    """Start the services, print their addresses once all answer, and restart those that die.

    Then start the background commands, by name, which may end.

    Runs until StopRequestedError, or LaunchError when a service dies or does not answer at the
    start, or dies too often later. All processes are stopped in either case.
    """
    with ProcessTree() as processes:
        print("Starting the servers ...", flush=True)
        deadline = time.monotonic() + ready_seconds
        supervised: list[SupervisedService] = []
        for service in services:
            supervised.append(SupervisedService(service, processes, environ, logs))
            if service.needed_by_others:
                _wait_until_all_answer(supervised, stop, deadline)
        _wait_until_all_answer(supervised, stop, deadline)
        for service in services:
            if service.title:
                print(f"{service.title}: {service.address}", flush=True)
        print("Ctrl-C stops everything.", flush=True)
        for name, command in background:
            processes.start(name, command, environ=environ, log=logs / f"{name}.log")
        while True:
            for one in supervised:
                one.restart_if_dead()
            stop.pause()


def _wait_until_all_answer(
    supervised: Sequence[SupervisedService], stop: StopRequest, deadline: float
) -> None:
    for one in supervised:
        while not one.service.answers():
            for other in supervised:
                other.raise_if_dead()
            if time.monotonic() > deadline:
                raise LaunchError(
                    f"{one.service.name} did not answer on {one.service.address} in time."
                )
            stop.pause()


if __name__ == "__main__":
    sys.exit(main())
