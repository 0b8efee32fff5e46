"""Only the run that started last may publish."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bankseg_assets.storage.fencing import SupersededError, Writers

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def writers(tmp_path: Path) -> Writers:
    return Writers(tmp_path / "writers.sqlite")


def test_begin_gives_increasing_tokens_per_run(writers: Writers) -> None:
    assert writers.newest() == 0
    assert [writers.begin(run) for run in ("a", "b", "a", "c")] == [1, 2, 1, 3]
    assert writers.newest() == 3


def test_concurrent_runs_get_different_tokens(writers: Writers) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(writers.begin, [f"run-{number}" for number in range(40)]))
    assert sorted(tokens) == list(range(1, 41))


def test_exclusive_admits_newest_run_only(writers: Writers) -> None:
    first, second = writers.begin("a"), writers.begin("b")
    with writers.exclusive(second):
        pass
    with (
        pytest.raises(SupersededError, match="the later run b took over"),
        writers.exclusive(first),
    ):
        pytest.fail("A writer that another has followed was let in.")


def test_failure_in_exclusive_releases_lock(writers: Writers) -> None:
    token = writers.begin("a")
    with pytest.raises(ValueError, match="full"), writers.exclusive(token):
        raise ValueError("full")
    assert writers.begin("b") == 2


@pytest.mark.subprocess
def test_exclusive_blocks_begin_until_writer_ends(writers: Writers, tmp_path: Path) -> None:
    token, ready = writers.begin("a"), tmp_path / "ready"
    program = (
        "import time\nfrom pathlib import Path\n"
        "from bankseg_assets.storage.fencing import Writers\n"
        f"with Writers(Path({str(tmp_path / 'writers.sqlite')!r})).exclusive({token}):\n"
        f"    Path({str(ready)!r}).touch()\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=REPOSITORY) as holder:
        while not ready.exists():
            time.sleep(0.02)
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(writers.begin, "b")
            time.sleep(0.3)
            assert not other.done()
            os.kill(holder.pid, signal.SIGKILL)
            assert other.result(timeout=20) == 2
