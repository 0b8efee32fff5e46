"""A service that dies is started again; one that keeps dying is given up."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bankseg_assets_tests.ops.launch.test_processes import HASTY, eventually
from ops.launch import supervision
from ops.launch.processes import Family
from ops.launch.services import Service
from ops.launch.supervision import MOST_DEATHS, Kept, LaunchError


@pytest.fixture
def family() -> Iterator[Family]:
    with Family(HASTY) as found:
        yield found


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "FIRST_DELAY_SECONDS", 0.01)


def keep(family: Family, logs: Path, script: str) -> Kept:
    return Kept(Service(name="toy", command=("sh", "-c", script)), family, os.environ, logs)


def test_a_service_that_was_killed_is_started_again_and_that_is_said(
    family: Family, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = keep(family, tmp_path, "echo $$; exec sleep 60")
    log = tmp_path / "toy.log"
    assert eventually(lambda: log.read_text(encoding="utf-8") != "")
    first = log.read_text(encoding="utf-8")
    os.kill(int(first), signal.SIGKILL)

    def is_another() -> bool:
        kept.tend()
        return log.exists() and log.read_text(encoding="utf-8") not in ("", first)

    assert eventually(is_another)
    told = capsys.readouterr().out
    assert "toy ended by itself with signal 9; it is started again in 0.01 s." in told
    assert (tmp_path / "toy.previous.log").read_text(encoding="utf-8") == first


def test_a_service_finds_what_is_its_own_beside_the_common_environment(
    family: Family, tmp_path: Path
) -> None:
    told = Service(
        name="toy",
        command=("sh", "-c", "echo $COMMON $OWN; exec sleep 60"),
        environ={"OWN": "mine", "COMMON": "changed"},
    )
    Kept(told, family, {**os.environ, "COMMON": "all"}, tmp_path)
    log = tmp_path / "toy.log"
    assert eventually(lambda: log.read_text(encoding="utf-8") == "changed mine\n")


def test_a_service_that_keeps_dying_is_given_up_with_the_end_of_its_log(
    family: Family, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = keep(family, tmp_path, "echo out of memory; exit 7")

    def tend_for_ever() -> None:
        while True:
            kept.tend()
            time.sleep(0.005)

    with pytest.raises(LaunchError, match=r"(?s)5 times in 5 minutes.*code 7.*out of memory"):
        tend_for_ever()
    told = capsys.readouterr().out
    assert [f"in {seconds:g} s" in told for seconds in (0.01, 0.02, 0.04, 0.08, 0.16)] == [
        *[True] * (MOST_DEATHS - 1),
        False,
    ]


def test_deaths_of_long_ago_are_forgiven(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "WITHIN_SECONDS", 0.0)
    runs = tmp_path / "runs"
    kept = keep(family, tmp_path, f"echo >> {runs}")

    def has_run_often() -> bool:
        kept.tend()
        return runs.exists() and len(runs.read_text(encoding="utf-8")) > MOST_DEATHS

    assert eventually(has_run_often)
