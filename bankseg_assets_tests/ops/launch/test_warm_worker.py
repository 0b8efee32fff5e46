"""When a warm worker takes a run, and when it leaves the run to a process of its own."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory

import pytest

from bankseg_assets.runtime.settings import Settings, load_settings
from bankseg_assets_tests.ops.launch.test_processes import eventually
from ops.launch import warm_worker
from ops.launch.handover import STARTED, hand_over
from ops.launch.services import platform_services
from ops.launch.warm_worker import CHANGED, NOT_READY, TOO_LARGE, WarmWorker


@pytest.fixture
def path() -> Iterator[Path]:
    with TemporaryDirectory() as folder:  # tmp_path may be longer than a socket's name
        yield Path(folder) / "worker.sock"


@pytest.fixture
def worker(path: Path, tmp_path: Path) -> Iterator[WarmWorker]:
    """A worker that listens; its signal to itself is recorded instead of sent."""
    with pytest.MonkeyPatch.context() as patch:  # outlives those of a test
        patch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
        patch.setattr(os, "kill", lambda _pid, number: signals.append(number))
        signals.clear()
        found = WarmWorker(load_settings())
        found.listen(path)
        assert eventually(path.exists)
        yield found
        found.ready.set()
        with ThreadPoolExecutor(1) as launcher:  # a run, taken or not, ends the thread
            answer = launcher.submit(hand_over, path, "the last run")
            while not answer.done():
                with suppress(Empty):
                    found.requests.get(timeout=0.1).answer("")


signals: list[int] = []


def test_run_during_the_preparation_is_refused(worker: WarmWorker, path: Path) -> None:
    """The worker ends, because the run needs the processors."""
    assert hand_over(path, "a run") == NOT_READY
    assert worker.gave_way
    assert eventually(lambda: signals == [signal.SIGTERM])


def test_ready_worker_takes_one_run(worker: WarmWorker, path: Path) -> None:
    worker.ready.set()
    with ThreadPoolExecutor(1) as launcher:
        answer = launcher.submit(hand_over, path, "a run")
        request = worker.requests.get(timeout=5)
        assert request.run == "a run"
        request.answer(STARTED)
        assert answer.result() == STARTED
    assert not worker.gave_way
    assert eventually(lambda: hand_over(path, "another") == "")  # it no longer listens


def test_changed_settings_refuse_the_run(
    worker: WarmWorker, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.ready.set()
    monkeypatch.setenv("BANKSEG_KEEP_VERSIONS", "7")
    assert hand_over(path, "a run") == CHANGED


def test_large_data_get_a_process_of_their_own(
    worker: WarmWorker, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.ready.set()
    monkeypatch.setattr(warm_worker, "delivered_bytes", lambda _: 1 << 40)
    assert hand_over(path, "a run") == TOO_LARGE


@pytest.mark.parametrize(
    ("settings", "has_worker"),
    [
        (Settings(), False),
        (Settings(warm_worker=True), True),
        (Settings(warm_worker=True, spark_master="spark://head:7077"), False),
    ],
)
def test_worker_is_of_local_mode_and_optional(settings: Settings, *, has_worker: bool) -> None:
    found = [one for one in platform_services(settings, Path("code.sock")) if one.is_optional]
    assert [one.name for one in found] == ["run-worker"] * has_worker


def test_first_worker_is_ready_without_training(
    worker: WarmWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    for name in ("start_early", "wait_until_started", "_definitions"):
        monkeypatch.setattr(warm_worker, name, lambda *_, name=name: steps.append(name))
    worker.start()
    assert steps == ["start_early", "_definitions", "wait_until_started"]
    assert worker.ready.is_set()
