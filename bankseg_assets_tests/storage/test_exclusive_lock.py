"""A lock that one process holds at a time."""

import fcntl
from pathlib import Path

import pytest

from bankseg_assets.storage.exclusive_lock import held_alone


def test_lock_keeps_others_out_until_its_end(tmp_path: Path) -> None:
    path = tmp_path / "folder" / ".lock"
    with held_alone(path), path.open("a") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with path.open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
