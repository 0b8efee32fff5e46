"""A service that dies is restarted; one that keeps dying raises LaunchError."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bankseg_assets_tests.ops.launch.test_processes import HASTY, eventually
from ops.launch import supervision
from ops.launch.processes import ProcessTree
from ops.launch.services import Service
from ops.launch.supervision import MAX_DEATHS, LaunchError, SupervisedService

pytestmark = pytest.mark.subprocess


@pytest.fixture
def processes() -> Iterator[ProcessTree]:
    with ProcessTree(HASTY) as found:
        yield found


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "FIRST_DELAY_SECONDS", 0.01)


def supervise(processes: ProcessTree, logs: Path, script: str) -> SupervisedService:
    return SupervisedService(
        Service(name="toy", command=("sh", "-c", script)), processes, os.environ, logs
    )


def test_killed_service_is_restarted(
    processes: ProcessTree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    supervised = supervise(processes, tmp_path, "echo $$; exec sleep 60")
    log = tmp_path / "toy.log"
    assert eventually(lambda: log.read_text(encoding="utf-8") != "")
    first = log.read_text(encoding="utf-8")
    os.kill(int(first), signal.SIGKILL)

    def is_another() -> bool:
        supervised.restart_if_dead()
        return log.exists() and log.read_text(encoding="utf-8") not in ("", first)

    assert eventually(is_another)
    output = capsys.readouterr().out
    assert "toy ended unexpectedly with signal 9; it restarts in 0.01 s." in output
    assert (tmp_path / "toy.previous.log").read_text(encoding="utf-8") == first


def test_service_gets_its_own_environment(processes: ProcessTree, tmp_path: Path) -> None:
    service = Service(
        name="toy",
        command=("sh", "-c", "echo $COMMON $OWN; exec sleep 60"),
        environ={"OWN": "mine", "COMMON": "changed"},
    )
    SupervisedService(service, processes, {**os.environ, "COMMON": "all"}, tmp_path)
    log = tmp_path / "toy.log"
    assert eventually(lambda: log.read_text(encoding="utf-8") == "changed mine\n")


def test_repeated_deaths_raise_launch_error(
    processes: ProcessTree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    supervised = supervise(processes, tmp_path, "echo out of memory; exit 7")

    def keep_restarting() -> None:
        while True:
            supervised.restart_if_dead()
            time.sleep(0.005)

    with pytest.raises(LaunchError, match=r"(?s)5 times in 5 minutes.*code 7.*out of memory"):
        keep_restarting()
    output = capsys.readouterr().out
    assert [f"in {seconds:g} s" in output for seconds in (0.01, 0.02, 0.04, 0.08, 0.16)] == [
        *[True] * (MAX_DEATHS - 1),
        False,
    ]


def test_old_deaths_do_not_count(
    processes: ProcessTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "WITHIN_SECONDS", 0.0)
    runs = tmp_path / "runs"
    supervised = supervise(processes, tmp_path, f"echo >> {runs}")

    def has_run_often() -> bool:
        supervised.restart_if_dead()
        return runs.exists() and len(runs.read_text(encoding="utf-8")) > MAX_DEATHS

    assert eventually(has_run_often)


def test_optional_service_may_end(
    processes: ProcessTree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is started again at once, however often it ends."""
    optional = Service(name="toy", command=("sh", "-c", "echo $$"), is_optional=True)
    supervised = SupervisedService(optional, processes, os.environ, tmp_path)
    seen: set[str] = set()

    def ends_often() -> bool:
        supervised.raise_if_dead()
        supervised.restart_if_dead()
        seen.update((tmp_path / "toy.log").read_text(encoding="utf-8").split())
        return len(seen) > MAX_DEATHS

    assert eventually(ends_often)
    assert capsys.readouterr().out == ""


def test_optional_service_that_fails_is_given_up(
    processes: ProcessTree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    optional = Service(name="toy", command=("sh", "-c", "exit 3"), is_optional=True)
    supervised = SupervisedService(optional, processes, os.environ, tmp_path)
    output: list[str] = []

    def is_given_up() -> bool:
        supervised.restart_if_dead()
        output.append(capsys.readouterr().out)
        return "the platform goes on without it" in "".join(output)

    assert eventually(is_given_up)
    supervised.restart_if_dead()
    supervised.raise_if_dead()
    assert capsys.readouterr().out == ""
