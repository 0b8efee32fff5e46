"""Tests of what `make run` prints on the platform's runs."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance
from dagster._core.test_utils import create_run_for_test

from app.panels.last_run import Run
from bankseg_assets.release.releases import Refusal, note_refusal
from bankseg_assets.runtime.settings import Settings
from ops.launch import follow
from ops.launch.follow import RunFollower
from ops.launch.instance import prepare_instance

RUN = "0123456789abcdef"
NAME = "refresh (01234567)"


def run(step: str = "", done: int = 0, **values: Any) -> Run:
    """Return a run in progress, unless `values` say otherwise."""
    found = {"run_id": RUN, "job": "refresh", "is_at_work": True, "has_failed": False}
    return Run(**(found | {"step": step, "done": done, "steps": 19, "started": 0.0} | values))


def ended(**values: Any) -> Run:
    return run(is_at_work=False, **({"started": time.time() + 60} | values))


@pytest.fixture
def follower(tmp_path: Path) -> RunFollower:
    return RunFollower(Settings(data_dir=tmp_path))


def test_follower_prints_start_steps_and_end_once(follower: RunFollower) -> None:
    states = [run(), run(), run("raw", 0), run("raw", 0), run("cleaned", 1), ended(), ended()]
    found = [follower.lines([state]) for state in states]
    assert found[0][0].startswith(f"{NAME}: started. ")
    assert found[1:] == [
        *([], [f"{NAME}: raw (0 steps finished)"], []),
        *([f"{NAME}: cleaned (1 steps finished)"], [f"{NAME}: Finished."], []),
    ]


def test_follower_ignores_runs_before_its_start(follower: RunFollower) -> None:
    old = ended(started=time.time() - 60)
    assert follower.lines([old]) == []
    assert follower.lines([old]) == []


def test_follower_prints_a_run_that_ended_between_two_looks(follower: RunFollower) -> None:
    assert follower.lines([ended()]) == [f"{NAME}: Finished."]
    assert follower.lines([ended()]) == []


def test_follower_prints_the_oldest_run_first(follower: RunFollower) -> None:
    newer = run(run_id="f" * 16, job="comparison")
    first, second = follower.lines([newer, ended()])
    assert first == f"{NAME}: Finished."
    assert second.startswith("comparison (ffffffff): started")


def test_follower_prints_the_queue_behind_a_run(follower: RunFollower) -> None:
    waiting = run(run_id="f" * 16, job="comparison", is_waiting=True, started=None)
    assert follower.lines([waiting]) == []  # each run is queued for a second
    lines = [follower.lines([waiting, run()]) for _ in range(2)]
    assert (
        lines[0][1] == "comparison (ffffffff): In the queue: it starts when no other run is in "
        "progress."
    )
    assert lines[1] == []
    started = run(run_id="f" * 16, job="comparison")
    assert follower.lines([started, ended()])[1].startswith("comparison (ffffffff): started. ")


def test_follower_prints_why_a_run_failed(follower: RunFollower) -> None:
    failed = ended(has_failed=True, reasons=("rfm_table: No space left on device.",))
    assert follower.lines([failed]) == [f"{NAME}: Failed. rfm_table: No space left on device."]


def test_follower_prints_a_refusal(follower: RunFollower, tmp_path: Path) -> None:
    refused = Refusal(run_id=RUN, at="", reasons=("Too few rows.",))
    note_refusal(Settings(data_dir=tmp_path).published_dir, refused)
    (line,) = follower.lines([ended()])
    assert line.endswith("the new version was refused. Too few rows.")


def test_follower_compares_with_the_last_time(follower: RunFollower) -> None:
    before = ended(run_id="a" * 16, started=1.0, ended=63.0)
    (line,) = follower.lines([run(), before])
    assert line.endswith("it took 1 min 2 s last time.")


@pytest.mark.parametrize(
    ("runs", "seconds"),
    [((run(),), follow.BUSY_SECONDS), ((), 10), (None, follow.IDLE_SECONDS)],
)
def test_follower_asks_rarely(
    follower: RunFollower,
    monkeypatch: pytest.MonkeyPatch,
    runs: Sequence[Run] | None,
    seconds: float,
) -> None:
    """Also while Dagster does not answer: each question may take seconds."""
    asked: list[float] = []
    now = 1000.0

    def recent_runs(_port: int, _limit: int) -> Sequence[Run] | None:
        asked.append(now)
        return runs

    monkeypatch.setattr(follow, "recent_runs", recent_runs)
    monkeypatch.setattr(follow.time, "monotonic", lambda: now)
    for _ in range(100):  # ten seconds
        follower.poll()
        now += 0.1
    assert len(asked) == pytest.approx(10 / seconds, abs=1)


@pytest.mark.slow
def test_follower_asks_when_a_run_was_recorded(
    follower: RunFollower,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs: list[Run] = []
    now = 1000.0
    monkeypatch.setattr(follow, "recent_runs", lambda _port, _limit: runs)
    monkeypatch.setattr(follow.time, "monotonic", lambda: now)
    follower.poll()
    runs.append(run())
    now += follow.IDLE_SECONDS
    follower.poll()
    assert capsys.readouterr().out == ""
    with DagsterInstance.from_config(str(instance_in(tmp_path))) as instance:
        create_run_for_test(instance)
    now += follow.IDLE_SECONDS
    follower.poll()
    assert "refresh (01234567): started" in capsys.readouterr().out


def instance_in(data_dir: Path) -> Path:
    home = Settings(data_dir=data_dir).dagster_home
    prepare_instance(home)
    return home
