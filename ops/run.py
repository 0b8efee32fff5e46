"""Prepare the platform and serve it until it is told to stop: `python -m ops.run`."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bankseg_assets.java import JavaNotFoundError
from bankseg_assets.settings import Settings, SettingsError, load_settings
from ops.instance import prepare_instance, process_environment
from ops.preflight import PreflightError, check_disk, check_ports, data_lock, find_java
from ops.processes import Child, Family, StopRequest, StopRequestedError
from ops.services import Service, platform_services

# Measured: all answer within 8 s on two idle cores.
READY_SECONDS = 120.0

FAILED = 1
REFUSED = 2


class LaunchError(RuntimeError):
    """Something that was started did not do its work; the message holds the tail of its log."""


def main() -> int:
    """Prepare and serve; return 0 when stopped by the operator."""
    try:
        settings = load_settings()
        with data_lock(settings.data_dir, "make run"):
            check_disk(settings.data_dir)
            check_ports(settings)
            java_home = find_java(settings, os.environ)
            environ = process_environment(settings, java_home, os.environ)
            prepare_instance(settings.dagster_home)
            return run(settings, environ)
    except (SettingsError, PreflightError, JavaNotFoundError) as error:
        print(f"bankseg: {error}", file=sys.stderr)
        return REFUSED
    except LaunchError as error:
        print(f"bankseg: {error}", file=sys.stderr)
        return FAILED


def run(settings: Settings, environ: Mapping[str, str]) -> int:
    """Make what is missing, then serve."""
    with StopRequest() as stop:
        try:
            for name, command in preparation(settings):
                finish(name, command, environ, stop)
            serve(platform_services(settings), environ, settings.data_dir / "logs", stop)
        except StopRequestedError:
            print("Stopped.", flush=True)
    return 0


def preparation(settings: Settings) -> list[tuple[str, list[str]]]:
    """Return the commands to be run before the servers start, with what to call them."""
    module = [sys.executable, "-m"]
    batch = ("the batch", [*module, "ops.materialize", "--if-needed", "--lock-held"])
    if any(map(_holds_something, (settings.landing_dir, settings.raw_dir, settings.published_dir))):
        return [batch]
    return [("the demo data generator", [*module, "ops.demo_data"]), batch]


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def finish(
    name: str, command: Sequence[str], environ: Mapping[str, str], stop: StopRequest
) -> None:
    """Run a command to its end; raise LaunchError when it fails."""
    with Family() as family:
        child = family.start(name, command, environ=environ)
        while (code := child.process.poll()) is None:
            stop.pause()
    if code:
        raise LaunchError(f"{name} ended with exit code {code}; nothing is served.")


def serve(
    services: Sequence[Service],
    environ: Mapping[str, str],
    logs: Path,
    stop: StopRequest,
    ready_seconds: float = READY_SECONDS,
) -> None:
    """Start the services, say where they are once all answer, and watch them.

    Ends only by StopRequestedError, or LaunchError when a service dies or never answers; either
    way nothing of them is left.
    """
    with Family() as family:
        for service in services:
            log = logs / f"{service.name}.log"
            family.start(service.name, service.command, environ=environ, log=log)
        print("Starting the servers ...", flush=True)
        _wait_until_all_answer(services, family, stop, ready_seconds)
        for service in services:
            if service.title:
                print(f"{service.title}: {service.address}", flush=True)
        print("Ctrl-C stops everything.", flush=True)
        while True:
            _raise_if_dead(family)
            stop.pause()


def _wait_until_all_answer(
    services: Sequence[Service], family: Family, stop: StopRequest, ready_seconds: float
) -> None:
    deadline = time.monotonic() + ready_seconds
    for service in services:
        while not service.answers():
            _raise_if_dead(family)
            if time.monotonic() > deadline:
                raise LaunchError(
                    f"{service.name} did not answer on {service.address} "
                    f"within {ready_seconds:.0f} s."
                )
            stop.pause()


def _raise_if_dead(family: Family) -> None:
    child = family.dead()
    if child is not None:
        raise LaunchError(_obituary(child))


def _obituary(child: Child) -> str:
    return (
        f"{child.name} ended by itself with exit code {child.process.returncode}, so everything "
        f"is stopped. The end of {child.log}:\n{child.tail()}"
    )


if __name__ == "__main__":
    sys.exit(main())
