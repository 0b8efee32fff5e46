"""Tests with real processes: no descendant survives, whatever it does to escape."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ops.launch.processes import ProcessTree, StopRequest, StopRequestedError, started_at

pytestmark = pytest.mark.subprocess

HASTY = ((signal.SIGINT, 0.3), (signal.SIGTERM, 0.3), (signal.SIGKILL, 3.0))

NOTE = "import os, pathlib, signal, subprocess, sys, time; note = pathlib.Path(sys.argv[1])\n"
SLEEPS = NOTE + "note.write_text(str(os.getpid())); time.sleep(60)"
IGNORES_SIGNALS = (
    NOTE + "signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, "
    "signal.SIG_IGN); note.write_text(str(os.getpid())); time.sleep(60)"
)
# As Spark's Python workers.
LEAVES_THE_GROUP = (
    NOTE + "p = subprocess.Popen(['sleep', '60'], preexec_fn=lambda: os.setpgid(0, 0)); "
    "note.write_text(str(p.pid)); time.sleep(60)"
)
LEAVES_THE_SESSION = (
    NOTE + "p = subprocess.Popen(['sleep', '60'], start_new_session=True); "
    "note.write_text(str(p.pid)); time.sleep(60)"
)
# The sleeping process's parent has ended before the stop.
LEAVES_AN_ORPHAN = (
    NOTE + "note.write_text(os.popen('sleep 60 >/dev/null & echo $!').read()); time.sleep(60)"
)


@pytest.fixture
def keep_signal_handlers() -> Iterator[None]:
    kept = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def start_with_number(pid: int) -> subprocess.Popen[bytes]:
    """Start a process in its own session; it gets this number unless another was faster."""
    try:
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1), encoding="ascii")
    except OSError:
        pytest.skip("only root may choose the number of the next process")
    return subprocess.Popen(["sleep", "60"], start_new_session=True)


def pid_in(note: Path) -> int:
    assert eventually(lambda: note.exists() and note.read_text(encoding="utf-8") != "")
    return int(note.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "program",
    [SLEEPS, IGNORES_SIGNALS, LEAVES_THE_GROUP, LEAVES_THE_SESSION, LEAVES_AN_ORPHAN],
    ids=["sleeps", "ignores signals", "leaves the group", "leaves the session", "orphan"],
)
def test_process_tree_stops_every_descendant(tmp_path: Path, program: str) -> None:
    note = tmp_path / "pid"
    with ProcessTree(HASTY) as processes:
        command = [sys.executable, "-c", program, str(note)]
        child = processes.start("toy", command, environ=os.environ, log=tmp_path / "toy.log")
        pid = pid_in(note)
        assert is_alive(pid)
    assert not is_alive(pid)
    assert child.process.poll() is not None


def test_process_tree_keeps_other_processes(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    with ProcessTree(HASTY) as processes:
        processes.start("toy", ["sleep", "60"], environ=os.environ)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_process_tree_stops_orphans_of_orphans(tmp_path: Path) -> None:
    """A dead service has left a process that has left another one, in a session of its own."""
    note = tmp_path / "pid"
    script = f"setsid sh -c 'sleep 60 & echo $! > {note}'"
    with ProcessTree(HASTY) as processes:
        command = ["sh", "-c", script]
        child = processes.start("toy", command, environ=os.environ)
        assert eventually(lambda: child.is_dead)
        pid = pid_in(note)
        assert is_alive(pid)
    assert not is_alive(pid)


def test_process_tree_spares_a_reused_number() -> None:
    """A stranger leads a session that has the number of an earlier process of the tree."""
    with ProcessTree(HASTY) as processes:
        for _ in range(50):
            gone = processes.start("toy", ["sleep", "0.05"], environ=os.environ).process
            gone.wait()
            stranger = start_with_number(gone.pid)
            if stranger.pid == gone.pid:
                break
            stranger.kill()
            stranger.wait()
        else:
            pytest.fail("another process always had the number first")
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_process_tree_stops_with_sigint_first(tmp_path: Path) -> None:
    with ProcessTree() as processes:
        child = processes.start("toy", ["sleep", "60"], environ=os.environ)
    assert child.process.returncode == -signal.SIGINT


def test_dead_child_has_the_tail_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "toy.log"
    command = ["sh", "-c", "seq 100; sleep 0.1; exit 3"]
    with ProcessTree(HASTY) as processes:
        child = processes.start("toy", command, environ=os.environ, log=log)
        assert not child.is_dead
        assert eventually(lambda: child.is_dead)
    assert child.process.returncode == 3
    assert child.tail().splitlines() == [str(number) for number in range(86, 101)]


def test_start_keeps_the_previous_log(tmp_path: Path) -> None:
    log = tmp_path / "toy.log"
    for word in ("first", "second", "third"):
        with ProcessTree(HASTY) as processes:
            child = processes.start("toy", ["echo", word], environ=os.environ, log=log)
            child.process.wait()
    assert log.read_text(encoding="utf-8") == "third\n"
    assert (tmp_path / "toy.previous.log").read_text(encoding="utf-8") == "second\n"


def test_children_end_when_the_parent_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    parent_program = (
        "import os, sys, time; from ops.launch.processes import ProcessTree\n"
        f"ProcessTree().start('toy', [sys.executable, '-c', {SLEEPS!r}, sys.argv[1]], "
        "environ=os.environ)\n"
        "time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", parent_program, note])
    pid = pid_in(note)
    parent.kill()
    parent.wait()
    assert eventually(lambda: not is_alive(pid))


def test_started_at_is_none_after_the_end() -> None:
    before = time.time()
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        # The kernel reports the boot time in whole seconds.
        assert started_at(sleeper.pid) == pytest.approx(before, abs=2.0)
        sleeper.kill()
        assert eventually(lambda: started_at(sleeper.pid) is None)
    assert started_at(sleeper.pid) is None


@pytest.mark.usefixtures("keep_signal_handlers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_request_raises_at_the_next_pause(number: signal.Signals) -> None:
    with StopRequest() as stop:
        stop.pause()
        os.kill(os.getpid(), number)
        with pytest.raises(StopRequestedError):
            stop.pause()


@pytest.mark.usefixtures("keep_signal_handlers")
def test_stop_request_ignores_sighup_under_nohup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGHUP)
        stop.pause()
