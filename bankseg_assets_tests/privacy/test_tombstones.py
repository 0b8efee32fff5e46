"""Tombstones identify erased customers by a key that only its owner reads."""

import hashlib
import stat
from pathlib import Path

import pytest

from bankseg_assets.privacy.tombstones import (
    KEY_FILE,
    TOMBSTONES_FILE,
    TombstoneError,
    Tombstones,
)


def test_no_tombstones_need_no_matcher(tmp_path: Path) -> None:
    assert Tombstones(tmp_path).matcher() is None
    assert list(tmp_path.iterdir()) == []


def test_matcher_finds_the_added_ids(tmp_path: Path) -> None:
    Tombstones(tmp_path).add(["C1", "C2"])
    Tombstones(tmp_path).add(["C3"])
    is_erased = Tombstones(tmp_path).matcher()
    assert is_erased is not None
    assert [is_erased(one) for one in ("C1", "C2", "C3", "C4", "")] == [True] * 3 + [False] * 2


def test_files_do_not_show_the_id(tmp_path: Path) -> None:
    Tombstones(tmp_path).add(["C1"])
    text = (tmp_path / TOMBSTONES_FILE).read_text(encoding="utf-8")
    assert "C1" not in text
    assert hashlib.sha256(b"C1").hexdigest() not in text
    for name in (KEY_FILE, TOMBSTONES_FILE):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_each_platform_has_its_own_key(tmp_path: Path) -> None:
    digests = {Tombstones(tmp_path / name).digest("C1") for name in "ab"}
    assert len(digests) == 2


def test_missing_key_is_an_error(tmp_path: Path) -> None:
    Tombstones(tmp_path).add(["C1"])
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(TombstoneError, match="Restore it from a backup"):
        Tombstones(tmp_path).matcher()
