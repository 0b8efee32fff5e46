"""Scratch folders of dead processes are removed; those of live ones are kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bankseg_assets.runtime.scratch import private_folder, temporary_folder

HOLDS = (
    "import sys, time; from pathlib import Path; "
    "from bankseg_assets.runtime.scratch import private_folder;"
    "print(private_folder(Path(sys.argv[1])), flush=True); time.sleep(60)"
)


@pytest.mark.slow
def test_process_has_one_private_folder(tmp_path: Path) -> None:
    parent = tmp_path / "scratch"
    folder = private_folder(parent)
    assert folder.is_dir()
    assert folder.parent == parent
    assert private_folder(parent) == folder
    assert private_folder(tmp_path / "other") != folder


@pytest.mark.subprocess
def test_folder_of_killed_process_is_removed_by_next(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        left = Path(holder.stdout.readline().strip())
        (left / "blockmgr-1").mkdir()
        (tmp_path / "blockmgr-of-an-older-version").mkdir()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None
            its_own = Path(other.stdout.readline().strip())
            assert sorted(tmp_path.iterdir()) == sorted([left, its_own])
            other.kill()
        holder.kill()
    ours = private_folder(tmp_path)
    assert list(tmp_path.iterdir()) == [ours]


def test_temporary_folder_is_removed_after_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the next one that makes such a folder; one in use and other files stay."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "bankseg-of-others").mkdir()
    with temporary_folder() as first:
        (first / "list").touch()
        os.utime(first / ".lock", (0, 0))
        left = tmp_path / "bankseg-work-of-a-killed-process"
        left.mkdir()
        (left / ".lock").touch()
        with temporary_folder() as second:
            assert {*tmp_path.iterdir()} == {first, second, left, tmp_path / "bankseg-of-others"}
        os.utime(left / ".lock", (0, 0))
        with temporary_folder():
            assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["bankseg-of-others"]
