"""The archive holds each content once, under its SHA-256."""

import hashlib
from pathlib import Path

import pytest

from bankseg_assets.landing.archive import CHUNK_BYTES, archive, sha256_of


def everything_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


@pytest.mark.parametrize("content", [b"", b"abc", b"x" * (CHUNK_BYTES + 1)])
def test_the_copy_lies_under_the_hash_of_its_content(tmp_path: Path, content: bytes) -> None:
    source, raw = tmp_path / "bank.csv", tmp_path / "raw"
    source.write_bytes(content)
    sha256, kept = archive(source, raw)
    assert sha256 == sha256_of(source) == hashlib.sha256(content).hexdigest()
    assert kept == raw / sha256 / "original"
    assert kept.read_bytes() == source.read_bytes() == content
    assert everything_in(raw) == [f"{sha256}/original"]


def test_the_same_content_twice_is_one_copy(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(b"same")
        sha256, _ = archive(tmp_path / name, tmp_path / "raw")
    assert everything_in(tmp_path / "raw") == [f"{sha256}/original"]


def test_a_symlink_that_was_swapped_in_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "bank.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic links"):
        archive(tmp_path / "bank.csv", tmp_path / "raw")
    assert everything_in(tmp_path / "raw") == []
