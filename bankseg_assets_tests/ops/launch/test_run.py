"""Tests of `make run` with toy servers: start, restart and shutdown."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.ops.launch.test_processes import eventually, is_alive
from ops.launch.preflight import data_lock
from ops.launch.processes import StopRequest
from ops.launch.run import demo_commands, run, serve
from ops.launch.services import Service
from ops.launch.supervision import LaunchError

pytestmark = pytest.mark.subprocess

LAUNCHER = """
import os, sys
from pathlib import Path
from ops.launch.processes import StopRequest, StopRequestedError
from ops.launch.run import serve
from ops.launch.services import Service

port = int(sys.argv[1])
server = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port))
services = [
    Service(name="web", command=server, title="Toy", port=port),
    Service(name="daemon", command=("sh", "-c", "echo $$; exec sleep 60")),
]
with StopRequest() as stop:
    try:
        task = ("task", services[1].command)
        serve(services, os.environ, Path(sys.argv[2]), stop, background=[task])
    except StopRequestedError:
        print("Stopped.")
"""


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_announces_and_stops_all_servers(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    command = [sys.executable, "-u", "-c", LAUNCHER, str(port), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdout.readline() == "Starting the servers ...\n"
        assert launcher.stdout.readline() == f"Toy: http://127.0.0.1:{port}\n"
        daemon = int((tmp_path / "daemon.log").read_text(encoding="utf-8"))
        assert is_alive(daemon)
        assert eventually(lambda: (tmp_path / "task.log").exists() and read(tmp_path / "task.log"))
        task = int(read(tmp_path / "task.log"))
        launcher.send_signal(number)
        rest, _ = launcher.communicate(timeout=10)
    assert rest.endswith("Stopped.\n")
    assert launcher.returncode == 0
    assert not is_alive(daemon)
    assert not is_alive(task)
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0


def test_serve_reports_a_server_that_dies_at_start(tmp_path: Path) -> None:
    services = [
        Service(name="steady", command=("sh", "-c", "echo $$; exec sleep 60")),
        Service(name="frail", command=("sh", "-c", "echo out of memory; exit 7"), port=free_port()),
    ]
    with pytest.raises(LaunchError, match=r"(?s)frail ended .* code 7.*out of memory"):
        serve(services, os.environ, tmp_path, StopRequest())
    steady = int((tmp_path / "steady.log").read_text(encoding="utf-8"))
    assert eventually(lambda: not is_alive(steady))


def test_serve_restarts_a_killed_server(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-u", "-c", LAUNCHER, str(port), str(tmp_path)]
    log = tmp_path / "daemon.log"
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        while "Ctrl-C" not in launcher.stdout.readline():
            pass
        first = log.read_text(encoding="utf-8")
        os.kill(int(first), signal.SIGKILL)
        assert "daemon ended unexpectedly with signal 9" in launcher.stdout.readline()
        assert eventually(
            lambda: log.exists() and log.read_text(encoding="utf-8") not in ("", first)
        )
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port)) == 0
        launcher.send_signal(signal.SIGINT)
        launcher.communicate(timeout=10)
    assert not is_alive(int(log.read_text(encoding="utf-8")))


def test_serve_starts_needed_services_first(tmp_path: Path) -> None:
    listens = (
        "import socket, sys, time; time.sleep(0.3); s = socket.socket(socket.AF_UNIX); "
        "s.bind(sys.argv[1]); s.listen(); time.sleep(60)"
    )
    path = tmp_path / "s"
    services = [
        Service(
            name="first",
            command=(sys.executable, "-c", listens, str(path)),
            socket=path,
            needed_by_others=True,
        ),
        Service(name="second", command=("sh", "-c", f"test -S {path} || exit 9"), port=free_port()),
    ]
    with pytest.raises(LaunchError, match="second ended unexpectedly with exit code 0"):
        serve(services, os.environ, tmp_path, StopRequest())


def test_serve_gives_up_on_a_silent_server(tmp_path: Path) -> None:
    mute = Service(name="mute", command=("sleep", "60"), port=free_port())
    with pytest.raises(LaunchError, match="mute did not answer"):
        serve([mute], os.environ, tmp_path, StopRequest(), ready_seconds=0.2)


def test_serve_reports_a_command_that_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    class EnoughError(Exception):
        """Ends the test."""

    def follow() -> None:
        if capfd.readouterr().err.startswith("bankseg: demo-data failed: disk full"):
            raise EnoughError

    command = ("demo-data", ["sh", "-c", "echo disk full; exit 1"])
    with pytest.raises(EnoughError):
        serve([], os.environ, tmp_path, StopRequest(), at_once=[command], follow=follow)


def test_run_serves_an_empty_platform_with_demo_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Sequence[tuple[str, Sequence[str]]]] = []
    monkeypatch.setattr("ops.launch.run.serve", lambda *_, at_once, **__: served.append(at_once))
    assert run(Settings(data_dir=tmp_path), os.environ) == 0
    assert [[name for name, _ in commands] for commands in served] == [["demo-data", "first-run"]]


@pytest.mark.parametrize("folder", ["landing_dir", "raw_dir", "published_dir"])
def test_demo_data_are_for_an_empty_platform(tmp_path: Path, folder: str) -> None:
    settings = Settings(data_dir=tmp_path)
    place: Path = getattr(settings, folder)
    place.mkdir(parents=True)
    assert demo_commands(settings)
    (place / "something").touch()
    assert not demo_commands(settings)


@pytest.mark.parametrize("changes", [{"warm_worker": True}, {"spark_master": "spark://head:7077"}])
def test_first_run_has_a_worker_only_where_it_helps(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    settings = replace(Settings(data_dir=tmp_path), **changes)
    assert [name for name, _ in demo_commands(settings)] == ["demo-data"]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("BANKSEG_APP_PORT", "many", "BANKSEG_APP_PORT is 'many'; expected int"),
        ("BANKSEG_APP_PORT", "70000", "BANKSEG_APP_PORT is 70000; expected a port"),
        ("BANKSEG_DATA_DIR", "/dev/null/data", "/dev/null/data cannot be written"),
        ("BANKSEG_ALERT_ON", "everything", "BANKSEG_ALERT_ON names everything; expected some of"),
    ],
)
def test_run_refuses_an_invalid_setting(
    tmp_path: Path, variable: str, value: str, message: str
) -> None:
    result = start_platform({"BANKSEG_DATA_DIR": str(tmp_path), variable: value})
    assert result.returncode == 2
    assert result.stderr.startswith(f"bankseg: {message}")
    assert len(result.stderr.splitlines()) == 1


def test_second_start_names_the_running_process(tmp_path: Path) -> None:
    with data_lock(tmp_path, "make run"):
        result = start_platform({"BANKSEG_DATA_DIR": str(tmp_path)})
    assert result.returncode == 2
    assert f"`make run` (process {os.getpid()}) is already using {tmp_path}" in result.stderr


def start_platform(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops.launch.run"],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
