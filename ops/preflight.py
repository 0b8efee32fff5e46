"""What is checked before anything starts; each fault is one sentence that says what to do."""

import errno
import fcntl
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bankseg_assets.java import find_java_home
from bankseg_assets.settings import Settings

HOST = "127.0.0.1"
GIGABYTE = 10**9
# The demo file, its Parquet, three published versions and Spark's shuffle files, with room.
NEEDED_BYTES = 2 * GIGABYTE
LAST_PORT = 65535


class PreflightError(RuntimeError):
    """The platform cannot start on this machine as it is; the message says what to change."""


class BusyError(PreflightError):
    """Another process of the platform works on the same data folder."""


@contextmanager
def data_lock(data_dir: Path, holder: str) -> Iterator[None]:
    """Hold `<data_dir>/run.lock`; raise BusyError when another process holds it."""
    path = data_dir / "run.lock"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise PreflightError(
            f"{data_dir} cannot be written ({error.strerror}). "
            "Make it writable, or name another folder with BANKSEG_DATA_DIR."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise BusyError(
                f"{file.read().strip() or 'Another process'} already works on {data_dir}. "
                "Stop it first, or name another folder with BANKSEG_DATA_DIR."
            ) from None
        file.truncate(0)
        file.write(f"`{holder}` (process {os.getpid()})\n")
        file.flush()
        yield


def check_disk(data_dir: Path, needed_bytes: int = NEEDED_BYTES) -> None:
    """Raise PreflightError when the disk of `data_dir` has less free than `needed_bytes`."""
    existing = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed_bytes:
        raise PreflightError(
            f"The disk of {data_dir} has {free / GIGABYTE:.1f} GB free and "
            f"{needed_bytes / GIGABYTE:.1f} GB are needed. "
            "Free some, or name a folder on another disk with BANKSEG_DATA_DIR."
        )


def check_ports(settings: Settings) -> None:
    """Raise PreflightError unless every server can listen on the port that it was given."""
    taken: dict[int, str] = {}
    for variable, port in ports(settings).items():
        if port in taken:
            raise PreflightError(
                f"{taken[port]} and {variable} are both {port}. Give them different values."
            )
        taken[port] = variable
    for port, variable in taken.items():
        check_port(variable, port)


def ports(settings: Settings) -> dict[str, int]:
    """Return the setting's name and the port of each server that is to run."""
    api = {"BANKSEG_API_PORT": settings.api_port} if settings.api_port else {}
    return {
        "BANKSEG_DAGSTER_PORT": settings.dagster_port,
        "BANKSEG_APP_PORT": settings.app_port,
        **api,
    }


def check_port(variable: str, port: int) -> None:
    """Raise PreflightError when nothing can listen on a port that a setting names."""
    if not 0 < port <= LAST_PORT:
        raise PreflightError(f"{variable} is {port}; expected a port from 1 to {LAST_PORT}.")
    with socket.socket() as listener:
        # As the servers do: a port that a stopped server has just left is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            why = "in use" if error.errno == errno.EADDRINUSE else f"refused ({error.strerror})"
            raise PreflightError(
                f"Port {port} of {HOST} is {why}. "
                f"Stop the program that uses it, or name another port with {variable}."
            ) from error


def find_java(settings: Settings, environ: Mapping[str, str]) -> Path | None:
    """Return the JAVA_HOME for Spark, or None when a remote Spark needs no Java here.

    Raises JavaNotFoundError.
    """
    if settings.spark_remote:
        return None
    return find_java_home(settings.java_dir, environ)
