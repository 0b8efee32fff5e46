"""Checks before anything starts; each error is one sentence with the next step."""

import errno
import fcntl
import os
import socket
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from bankseg_assets.contracts.delivery import ContractError, load_contract
from bankseg_assets.landing.files import printable
from bankseg_assets.runtime.disk import NEEDED_BYTES, free_bytes, gigabytes
from bankseg_assets.runtime.java import find_java_home
from bankseg_assets.runtime.settings import Settings

HOST = "127.0.0.1"
LAST_PORT = 65535


class PreflightError(RuntimeError):
    """The platform cannot start on this machine; the message says what to change."""


class BusyError(PreflightError):
    """Another process of the platform uses the same data folder."""


@contextmanager
def data_lock(data_dir: Path, holder: str) -> Iterator[None]:
    """Hold `<data_dir>/run.lock`; raise BusyError if another process holds it."""
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
                f"{file.read().strip() or 'Another process'} is already using {data_dir}. "
                "Stop it first, or name another folder with BANKSEG_DATA_DIR."
            ) from None
        file.truncate(0)
        # On a full disk the lock has no name: `make clean` must work, and what follows reports it.
        with suppress(OSError):
            os.write(file.fileno(), f"`{holder}` (process {os.getpid()})\n".encode())
        yield


def check_machine(settings: Settings) -> None:
    """Raise PreflightError if the data folder's path or Python's packages cannot work."""
    check_path(settings.data_dir)
    check_packages()


def check_contract(settings: Settings) -> None:
    """Raise PreflightError with all errors of the contract, if it has any.

    Checked before the start: a run reported them only after 20 s, within a traceback.
    """
    try:
        load_contract(settings.contract)
    except ContractError as error:
        raise PreflightError(str(error)) from error


def check_path(data_dir: Path) -> None:
    """Raise PreflightError if SQLite or Spark cannot handle the data folder's path.

    `?` and `%` have a meaning in SQLite URIs, and a comma separates Spark's folders. Spaces,
    brackets, braces, `*`, `#`, `:` and letters of any language are accepted.
    """
    name = str(data_dir)
    found = sorted({c for c in name if c in "?%," or not c.isprintable()})
    if found:
        raise PreflightError(
            f"The data folder {printable(name)} has {', '.join(map(ascii, found))} in its name, "
            "which SQLite or Spark does not support. Choose another folder with BANKSEG_DATA_DIR."
        )
    if not name.isascii() and sys.getfilesystemencoding() != "utf-8":
        raise PreflightError(
            f"The data folder {name} has non-ASCII letters in its name, and this machine's "
            f"locale writes names in {sys.getfilesystemencoding()}, not UTF-8. Set LC_ALL=C.UTF-8, "
            "or name another folder with BANKSEG_DATA_DIR."
        )


def check_packages() -> None:
    """Raise PreflightError if another pyspark precedes the installed one on Python's path."""
    installed = Path(sysconfig.get_paths()["purelib"]).resolve()
    for package in ("pyspark", "py4j"):
        spec = find_spec(package)
        found = Path(spec.origin).resolve() if spec and spec.origin else installed
        if not found.is_relative_to(installed):
            raise PreflightError(
                f"Python finds {package} in {found.parent}, which is not the "
                "installed one. Unset PYTHONPATH, which names that folder."
            )


def check_disk(data_dir: Path, needed_bytes: int = NEEDED_BYTES) -> None:
    """Raise PreflightError if the disk of `data_dir` has less than `needed_bytes` free."""
    free = free_bytes(data_dir)
    if free < needed_bytes:
        raise PreflightError(
            f"The disk of {data_dir} has {gigabytes(free)} free and {gigabytes(needed_bytes)} are "
            "needed. "
            "Free some space, or choose a folder on another disk with BANKSEG_DATA_DIR."
        )


def check_ports(settings: Settings) -> None:
    """Raise PreflightError unless every server can listen on its configured port."""
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
    """Return setting name -> port of each server to start."""
    api = {"BANKSEG_API_PORT": settings.api_port} if settings.api_port else {}
    return {
        "BANKSEG_DAGSTER_PORT": settings.dagster_port,
        "BANKSEG_APP_PORT": settings.app_port,
        **api,
    }


def check_port(variable: str, port: int) -> None:
    """Raise PreflightError if no server can listen on the port of a setting."""
    if not 0 < port <= LAST_PORT:
        raise PreflightError(f"{variable} is {port}; expected a port from 1 to {LAST_PORT}.")
    with socket.socket() as listener:
        # As the servers do, so that the port of a server that has just stopped counts as free.
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
    """Return the JAVA_HOME for Spark; None if a remote Spark needs no local Java.

    Raises JavaNotFoundError.
    """
    if settings.spark_remote:
        return None
    return find_java_home(settings.java_dir, environ)
