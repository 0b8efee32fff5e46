"""A copy of the project with a released platform, in which the commands of pages are run."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.docs.pages import ROOT

PORTS = ("BANKSEG_DAGSTER_PORT", "BANKSEG_APP_PORT", "BANKSEG_API_PORT")
API_PORT = "BANKSEG_API_PORT"
NOT_COPIED = ("data", "bankseg_assets_tests", "performance.json", ".venv", ".git", ".*_cache")
COMMAND_SECONDS = 120
READY_SECONDS = 120.0


def free_ports() -> dict[str, str]:
    """Return a free port for each server."""
    with ExitStack() as stack:
        found = {}
        for name in PORTS:
            listener = stack.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            found[name] = str(listener.getsockname()[1])
        return found


@dataclass
class Clone:
    """The copy: its folder, a home folder, and free ports for its servers."""

    folder: Path
    home: Path
    ports: dict[str, str] = field(default_factory=free_ports)

    @property
    def settings(self) -> Settings:
        """The settings of commands in the folder."""
        return Settings(data_dir=self.folder / "data")

    @property
    def environ(self) -> dict[str, str]:
        """The environment of commands, without the settings of the tests' own."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BANKSEG_", "MAKE", "DAGSTER_", "PYTEST_"))
        }
        return kept | self.ports | {"HOME": str(self.home), "COLUMNS": "120"}

    def run(self, command: str, folder: str = ".") -> subprocess.CompletedProcess[str]:
        """Run a command in a folder of the copy.

        Exported variables are those of later commands, too.
        """
        exports = self.home / "exports"
        script = f"""
            [ ! -f {exports} ] || . {exports}
            {command}
            code=$?
            export -p > {exports}
            exit $code
        """
        return subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder / folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    @contextmanager
    def serving(self, command: str, ready: Sequence[str]) -> Iterator[None]:
        """Run a command that serves, from when its ports answer until the end of the context."""
        log = self.home / "server.log"
        with log.open("wb") as file:
            server = subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.folder,
                env=self.environ,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not all(answers(int(self.ports[port])) for port in ready):
                text = log.read_text(encoding="utf-8")
                assert server.poll() is None, f"{command} ended: {text}"
                assert time.monotonic() < deadline, f"{command} does not answer: {text}"
                time.sleep(0.2)
            yield
        finally:
            os.killpg(server.pid, signal.SIGINT)
            try:
                server.wait(timeout=60)
            finally:
                if server.poll() is None:
                    os.killpg(server.pid, signal.SIGKILL)
        assert "Traceback" not in log.read_text(encoding="utf-8")


def make_clone(folder: Path) -> Clone:
    """Copy the project, with the packages of the running Python."""
    clone = Clone(folder / "bankseg", folder / "home")
    clone.home.mkdir(parents=True)
    shutil.copytree(ROOT, clone.folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    environment = clone.folder / ".venv"
    environment.mkdir()
    for path in Path(sys.prefix).iterdir():
        if not path.name.startswith(".installed"):
            (environment / path.name).symlink_to(path)
    # Newer than the locks, so that make installs nothing.
    for name in (".installed", ".installed-dev"):
        (environment / name).touch()
    return clone


def answers(port: int) -> bool:
    """Return whether a server answers on a port of this machine."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except OSError:
        return False
    else:
        return True
    finally:
        connection.close()
