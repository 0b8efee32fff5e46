"""The archive stores each content once, under its SHA-256, and no file that changes."""

import hashlib
import os
from pathlib import Path

import pytest

from bankseg_assets.landing.archive import archive, sha256_of
from bankseg_assets.landing.errors import DeliveryError, FileChangedError
from bankseg_assets.landing.files import LandedFile
from bankseg_assets.landing.text import CHUNK_BYTES, Reader


def landed(path: Path, content: bytes = b"abc") -> LandedFile:
    path.write_bytes(content)
    status = path.stat()
    return LandedFile(path, status.st_size, status.st_mtime_ns)


def read_all(reader: Reader) -> int:
    size = 0
    while chunk := reader.read(CHUNK_BYTES):
        size += len(chunk)
    return size


def everything_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


@pytest.mark.parametrize("content", [b"", b"abc", b"x" * (CHUNK_BYTES + 1)])
@pytest.mark.parametrize("inspect", [read_all, lambda reader: reader.read(1)])
def test_archive_stores_a_copy_under_its_hash(
    tmp_path: Path, content: bytes, inspect: object
) -> None:
    source, raw = landed(tmp_path / "bank.csv", content), tmp_path / "raw"
    kept = archive(source, raw, inspect)  # type: ignore[arg-type]
    assert kept.sha256 == sha256_of(source.path) == hashlib.sha256(content).hexdigest()
    assert kept.path == raw / kept.sha256 / "original"
    assert kept.path.read_bytes() == source.path.read_bytes() == content
    assert everything_in(raw) == [f"{kept.sha256}/original"]


def test_archive_returns_the_inspection_result(tmp_path: Path) -> None:
    assert archive(landed(tmp_path / "a.csv"), tmp_path / "raw", read_all).finding == 3


def test_the_same_content_twice_is_one_copy(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        kept = archive(landed(tmp_path / name), tmp_path / "raw", read_all)
    assert everything_in(tmp_path / "raw") == [f"{kept.sha256}/original"]


def test_archive_keeps_no_copy_of_refused_content(tmp_path: Path) -> None:
    def refuse(_: Reader) -> None:
        raise DeliveryError("no")

    with pytest.raises(DeliveryError):
        archive(landed(tmp_path / "a.csv"), tmp_path / "raw", refuse)
    assert everything_in(tmp_path / "raw") == []


@pytest.mark.parametrize("hash_or_copy", [True, False])
def test_archive_refuses_a_symlink(tmp_path: Path, *, hash_or_copy: bool) -> None:
    source = landed(tmp_path / "bank.csv")
    source.path.rename(tmp_path / "secret")
    source.path.symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic links"):
        sha256_of(source.path) if hash_or_copy else archive(source, tmp_path / "raw", read_all)


@pytest.mark.parametrize("hash_or_copy", [True, False])
def test_archive_neither_reads_nor_waits_for_a_pipe(tmp_path: Path, *, hash_or_copy: bool) -> None:
    source = landed(tmp_path / "bank.csv")
    source.path.unlink()
    os.mkfifo(source.path)
    with pytest.raises(FileChangedError):
        sha256_of(source.path) if hash_or_copy else archive(source, tmp_path / "raw", read_all)


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def overwrite(path: Path) -> None:
    path.write_bytes(b"xyz")


def swap(path: Path) -> None:
    path.with_name("other").write_bytes(b"other")
    path.with_name("other").rename(path)


@pytest.mark.parametrize("change", [append, overwrite, swap, Path.unlink])
@pytest.mark.parametrize("when", ["before the copy", "before the read", "after the read"])
def test_archive_keeps_no_copy_of_a_changing_file(
    tmp_path: Path, change: object, when: str
) -> None:
    source = landed(tmp_path / "bank.csv")
    os.utime(source.path, ns=(0, 0))
    source = LandedFile(source.path, 3, 0)

    def inspect(reader: Reader) -> None:
        if when == "before the read":
            change(source.path)  # type: ignore[operator]
        read_all(reader)
        if when == "after the read":
            change(source.path)  # type: ignore[operator]

    if when == "before the copy":
        change(source.path)  # type: ignore[operator]
    with pytest.raises((FileChangedError, FileNotFoundError)):
        archive(source, tmp_path / "raw", inspect)
    assert everything_in(tmp_path / "raw") == []
