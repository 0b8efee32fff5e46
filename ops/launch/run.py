"""Prepare the platform and serve it until Ctrl-C: `python -m ops.launch.run`."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bankseg_assets.access.rules import access_rules
from bankseg_assets.monitoring.channels import check_alert_settings
from bankseg_assets.runtime.java import JavaNotFoundError
from bankseg_assets.runtime.settings import STARTED_AT, Settings, SettingsError, load_settings
from bankseg_assets.runtime.spark import is_local
from ops.demo.due import any_is_due, first_is_due
from ops.exit_codes import FAILED, report, reports
from ops.launch import class_archive
from ops.launch.follow import RunFollower
from ops.launch.handover import WORKER_SOCKET
from ops.launch.instance import prepare_instance, process_environment
from ops.launch.preflight import (
    PreflightError,
    check_contract,
    check_disk,
    check_machine,
    check_ports,
    data_lock,
    find_java,
)
from ops.launch.processes import Child, ProcessTree, StopRequest, StopRequestedError
from ops.launch.services import CODE_SOCKET, Service, platform_services
from ops.launch.supervision import LaunchError, SupervisedService

# Measured: all services answer within 8 s on two idle cores.
READY_SECONDS = 120.0
Command = tuple[str, Sequence[str]]
"""A name and the command line."""


@reports(SettingsError, PreflightError, JavaNotFoundError)
def main() -> int:
    """Prepare and serve the platform; return 0 when the operator stops it."""
    try:
        settings = load_settings()
        check_machine(settings)
        check_alert_settings(settings)
        access_rules(settings.access_rules)  # a faulty file is reported before the start
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
    """Serve; the sensors run what is missing, and a first delivery of demo data where none is."""
    with StopRequest() as stop:
        try:
            # A private folder in /tmp: a socket's path is limited to 107 bytes, and no other user
            # may create one there.
            with TemporaryDirectory(prefix="bankseg-") as folder:
                socket = Path(folder) / "code.sock"
                started = {
                    CODE_SOCKET: str(socket),
                    WORKER_SOCKET: str(socket.with_name("worker.sock")),
                    STARTED_AT: str(time.time()),
                }
                serve(
                    platform_services(settings, socket),
                    {**environ, **started},
                    settings.logs_dir,
                    stop,
                    at_once=demo_commands(settings),
                    background=background_commands(settings),
                    follow=RunFollower(settings).poll,
                )
        except StopRequestedError:
            print("Stopped.", flush=True)
    return 0


def demo_commands(settings: Settings) -> list[Command]:
    """Return the names and commands that deliver demo data and take their first run, if due."""
    if not any_is_due(settings):
        return []
    print(
        "Demo data: a small file first, the rest of a million transactions once its segments are "
        "released, then the products that customers hold. Your own file replaces them.",
        flush=True,
    )
    module = [sys.executable, "-m"]
    commands: list[Command] = [("demo-data", [*module, "ops.demo.deliveries"])]
    # The first run comes within seconds: Java starts beside the servers, which saves 12 s.
    if first_is_due(settings) and is_local(settings) and not settings.warm_worker:
        commands.append(("first-run", [*module, "ops.launch.warm_worker", "--first"]))
    return commands


def background_commands(settings: Settings) -> list[Command]:
    """Return the name and command of what is made once, while the platform is idle."""
    # A warm worker makes it before it needs it.
    if settings.warm_worker or not class_archive.is_missing(settings):
        return []
    module = [sys.executable, "-m", "ops.launch.class_archive"]
    return [("class-archive", [*module, "--when-idle"])]


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def serve(
    services: Sequence[Service],
    environ: Mapping[str, str],
    logs: Path,
    stop: StopRequest,
    *,
    at_once: Sequence[Command] = (),
    background: Sequence[Command] = (),
    follow: Callable[[], None] = lambda: None,
    ready_seconds: float = READY_SECONDS,
) -> None:
    """Start the services, print their addresses once all answer, and restart those that die.

    at_once, background: commands that may end, started with the services and once all answer.
    follow: called repeatedly from then on.

    Runs until StopRequestedError, or LaunchError when a service dies or does not answer at the
    start, or dies too often later. All processes are stopped in either case.
    """
    with ProcessTree() as processes:

        def start(commands: Sequence[Command]) -> list[Child]:
            return [
                processes.start(name, command, environ=environ, log=logs / f"{name}.log")
                for name, command in commands
            ]

        print("Starting the servers ...", flush=True)
        deadline = time.monotonic() + ready_seconds
        beside = start(at_once)
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
        start(background)
        while True:
            for one in supervised:
                one.restart_if_dead()
            beside = [child for child in beside if not _has_ended(child)]
            follow()
            stop.pause()


def _has_ended(child: Child) -> bool:
    """Return whether a command has ended; report its failure."""
    if child.is_dead and child.process.returncode:
        end = child.tail().rpartition("\n")[2] or f"exit code {child.process.returncode}"
        print(
            f"bankseg: {child.name} failed: {end} Its log is {child.log}. Repair the cause and run "
            "`make run` again, or deliver a file of your own.",
            file=sys.stderr,
            flush=True,
        )
    return child.is_dead


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
