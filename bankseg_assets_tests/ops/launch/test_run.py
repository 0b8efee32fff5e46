"""Tests of `make run` with toy servers: start, restart and shutdown."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.ops.launch.test_processes import eventually, is_alive
from ops.launch.preflight import data_lock
from ops.launch.processes import StopRequest
from ops.launch.run import finish, preparation, prepare, run, serve
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
        serve(services, os.environ, Path(sys.argv[2]), stop, [("task", services[1].command)])
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


@pytest.mark.parametrize(
    ("command", "end"),
    [
        (["true"], ""),
        (["false"], "failed with exit code 1"),
        (["sh", "-c", "kill -9 $$"], "was killed by signal 9"),
        (["/nowhere/program"], "could not start"),
    ],
)
def test_finish_returns_how_a_command_failed(command: list[str], end: str) -> None:
    found = finish("the batch", command, os.environ, StopRequest())
    assert found.startswith(end)
    assert bool(found) == bool(end)


def test_prepare_reports_the_first_failure_and_skips_the_rest(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A batch without its demo data would fail too, with a misleading reason."""
    settings = Settings(data_dir=tmp_path)
    steps = [
        ("the demo data generator", ["false"]),
        ("the batch", ["touch", str(tmp_path / "ran")]),
    ]
    assert not prepare(settings, steps, os.environ, StopRequest())
    assert not (tmp_path / "ran").exists()
    output = capfd.readouterr().err
    assert output.startswith("bankseg: the demo data generator failed with exit code 1")
    assert "http://127.0.0.1:3000/runs" in output
    assert str(settings.logs_dir) in output


@pytest.mark.parametrize("steps", [[("the batch", ["false"])], [("the batch", ["true"])]])
def test_run_serves_also_after_a_failed_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, list[str]]]
) -> None:
    """The Dagster UI and the app show the failure."""
    served: list[Sequence[Service]] = []
    monkeypatch.setattr("ops.launch.run.preparation", lambda _: steps)
    monkeypatch.setattr("ops.launch.run.serve", lambda services, *_: served.append(services))
    assert run(Settings(data_dir=tmp_path), os.environ) == 0
    assert len(served) == 1


def test_preparation_creates_demo_data_only_when_empty(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)

    def names() -> list[str]:
        return [name for name, _ in preparation(settings)]

    assert names() == ["the demo data generator", "the batch"]
    settings.landing_dir.mkdir()
    assert names() == ["the demo data generator", "the batch"]
    for folder in (settings.landing_dir, settings.raw_dir, settings.published_dir):
        folder.mkdir(exist_ok=True)
        marker = folder / "something"
        marker.touch()
        assert names() == ["the batch"]
        marker.unlink()


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("BANKSEG_APP_PORT", "many", "BANKSEG_APP_PORT is 'many'; expected int"),
        ("BANKSEG_APP_PORT", "70000", "BANKSEG_APP_PORT is 70000; expected a port"),
        ("BANKSEG_DATA_DIR", "/dev/null/data", "/dev/null/data cannot be written"),
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
