"""A run is handed over through a socket; without an answer it is clear who executes it."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ops.launch import handover
from ops.launch.handover import NoAnswerError, hand_over, listening

RUN = "a run" * 50_000  # more than a socket's buffer


@pytest.fixture
def path() -> Iterator[Path]:
    with TemporaryDirectory() as folder:  # tmp_path may be longer than a socket's name
        yield Path(folder) / "worker.sock"


def test_worker_receives_the_run_and_answers(path: Path) -> None:
    with listening(path) as requests, ThreadPoolExecutor(1) as launcher:
        answer = launcher.submit(hand_over, path, RUN)
        request = next(requests)
        assert request.run == RUN
        request.answer("started")
        assert answer.result() == "started"


@pytest.mark.parametrize("was_there", [False, True])
def test_no_worker_is_no_answer(path: Path, *, was_there: bool) -> None:
    if was_there:  # its socket's file stays
        with listening(path):
            pass
    assert hand_over(path, RUN) == ""


def test_worker_that_dies_is_no_answer(path: Path) -> None:
    with listening(path) as requests, ThreadPoolExecutor(1) as launcher:
        answer = launcher.submit(hand_over, path, RUN)
        next(requests).answer("")
        assert answer.result() == ""


def test_silent_worker_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may execute the run later, so no other process may start it."""
    monkeypatch.setattr(handover, "ANSWER_SECONDS", 0.05)
    with listening(path), pytest.raises(NoAnswerError, match="did not answer within"):
        hand_over(path, "a run")


def test_answer_to_a_killed_launcher_fails(path: Path) -> None:
    """Then the worker does not execute the run."""
    with listening(path) as requests:
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(path))
        client.sendall(b"a run")
        client.shutdown(socket.SHUT_WR)
        request = next(requests)
        client.close()
        with pytest.raises(OSError, match="Broken pipe"):
            request.answer("started")


def test_next_worker_takes_the_socket(path: Path) -> None:
    for text in ("first", "second"):
        with listening(path) as requests, ThreadPoolExecutor(1) as launcher:
            answer = launcher.submit(hand_over, path, "a run")
            next(requests).answer(text)
            assert answer.result() == text
