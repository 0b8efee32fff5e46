"""Drafts are invisible until published, and removed when their writer dies."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bankseg_assets.storage.atomic_file import atomic_file, draft_in, sweep_drafts

HOLD_A_DRAFT = """
import sys, time
from pathlib import Path
from bankseg_assets.storage.atomic_file import draft_in
with draft_in(Path(sys.argv[1])) as draft:
    print(draft.path, flush=True)
    time.sleep(60)
"""


def test_draft_gets_name_when_published(tmp_path: Path) -> None:
    with draft_in(tmp_path) as draft:
        draft.file.write(b"whole")
        assert not (tmp_path / "name").exists()
        draft.publish(tmp_path / "name")
    assert [path.name for path in tmp_path.iterdir()] == ["name"]
    assert (tmp_path / "name").read_bytes() == b"whole"


def test_failed_draft_is_removed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), draft_in(tmp_path):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_atomic_file_creates_folder_and_replaces_content(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "name"
    for content in (b"first", b"second"):
        with atomic_file(path) as file:
            file.write(content)
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_atomic_file_keeps_content_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "name"
    path.write_bytes(b"first")
    with pytest.raises(RuntimeError), atomic_file(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.subprocess
@pytest.mark.parametrize("place", [".", "0123"])
def test_sweep_drafts_removes_drafts_of_dead_writers_only(tmp_path: Path, place: str) -> None:
    (tmp_path / place).mkdir(exist_ok=True)
    command = [sys.executable, "-c", HOLD_A_DRAFT, str(tmp_path / place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        draft = Path(writer.stdout.readline().strip())
        sweep_drafts(tmp_path)
        assert draft.exists()
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        assert draft.exists()
    sweep_drafts(tmp_path)
    assert not draft.exists()


def test_sweep_drafts_ignores_other_files(tmp_path: Path) -> None:
    (tmp_path / "original").touch()
    sweep_drafts(tmp_path)
    assert (tmp_path / "original").exists()


def test_sweep_drafts_accepts_missing_folder(tmp_path: Path) -> None:
    sweep_drafts(tmp_path / "absent")
