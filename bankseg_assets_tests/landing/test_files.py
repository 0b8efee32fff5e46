"""Listing of the landing folder, and detection of complete files."""

import gzip
import io
import os
import socket
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.landing import files
from bankseg_assets.landing.files import LandedFile, is_complete, list_ignored, list_landing


def put(path: Path, *, age_seconds: float = 0.0, content: bytes = b"x\n") -> LandedFile:
    path.write_bytes(content)
    modified = time.time() - age_seconds
    os.utime(path, (modified, modified))
    status = path.stat()
    return LandedFile(path, status.st_size, status.st_mtime_ns)


def names(folder: Path) -> list[str]:
    return [file.path.name for file in list_landing(folder)]


def test_a_missing_folder_holds_nothing(tmp_path: Path) -> None:
    assert list_landing(tmp_path / "absent") == []


def test_transaction_files_are_listed_by_name_with_size_and_time(tmp_path: Path) -> None:
    for name in ("c.parquet", "A.CSV", "b.csv.gz", "notes.txt", "d.csv.done", "e.csv.tmp", "csv"):
        put(tmp_path / name)
    assert names(tmp_path) == ["A.CSV", "b.csv.gz", "c.parquet"]
    first = list_landing(tmp_path)[0]
    assert (first.size, first.modified_ns) == (2, (tmp_path / "A.CSV").stat().st_mtime_ns)


@pytest.mark.parametrize("name", ["a b.csv", "a;b'\"`$(x).csv", "<script>.csv", "-rf.csv", "é.csv"])
def test_a_strange_but_printable_name_is_listed(tmp_path: Path, name: str) -> None:
    put(tmp_path / name)
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("name", [".a.csv", "a\nINFO forged.csv", "a\x1b[2J.csv", "\u202evsc.csv"])
def test_drafts_and_names_that_forge_a_log_are_left_out(tmp_path: Path, name: str) -> None:
    put(tmp_path / name)
    assert names(tmp_path) == []
    if name.startswith("."):
        assert list_ignored(tmp_path) == []
    else:
        (message,) = list_ignored(tmp_path)
        assert message.name.isprintable()
        assert "characters that cannot be shown" in message.reason


def test_name_that_is_not_utf_8_is_reported_as_ignored(tmp_path: Path) -> None:
    put(Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.csv")))
    assert names(tmp_path) == []
    assert [ignored.name for ignored in list_ignored(tmp_path)] == ["a\\udcff.csv"]


def test_longest_name_is_accepted_and_shortened_if_ignored(tmp_path: Path) -> None:
    put(tmp_path / ("a" * 251 + ".csv"))
    (file,) = list_landing(tmp_path)
    assert not file.has_done_marker  # such a marker's name would be too long to exist
    put(tmp_path / ("b" * 251 + ".txt"))
    (message,) = list_ignored(tmp_path)
    assert len(message.name) < 110


def test_ignored_files_have_reasons_and_omit_markers(tmp_path: Path) -> None:
    put(tmp_path / "notes.txt")
    put(tmp_path / "bank.csv")
    put(tmp_path / "bank.csv.done")
    (message,) = list_ignored(tmp_path)
    assert message.name == "notes.txt"
    assert message.reason == "Its name does not end in .csv, .csv.gz, .parquet, .xlsx."


def test_irregular_files_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "elsewhere"
    secret.write_text("secret")
    folder = tmp_path / "landing"
    (folder / "folder.csv").mkdir(parents=True)
    (folder / "link.csv").symlink_to(secret)
    (folder / "dangling.csv").symlink_to(tmp_path / "absent")
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(folder)  # the whole path may be too long for a socket
        server.bind("socket.csv")
    assert names(folder) == []
    assert {ignored.name: ignored.reason for ignored in list_ignored(folder)} == {
        "folder.csv": "It is a folder, not a file. Deliver its files one by one; or, where Spark "
        "wrote it, the whole folder with the file _SUCCESS in it.",
        "link.csv": "It is a symbolic link, not a file.",
        "dangling.csv": "It is a symbolic link, not a file.",
        "pipe.csv": "It is a pipe, not a file.",
        "socket.csv": "It is a socket, not a file.",
    }


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the requested waiting times; nothing waits."""
    waited: list[float] = []
    monkeypatch.setattr(files.time, "sleep", waited.append)
    return waited


def test_a_marker_or_long_quiet_means_complete_at_once(tmp_path: Path, waits: list[float]) -> None:
    marked = put(tmp_path / "marked.csv")
    put(tmp_path / "marked.csv.done")
    assert is_complete(marked)
    assert is_complete(put(tmp_path / "old.csv", age_seconds=files.SETTLED_AFTER_SECONDS + 1))
    assert waits == []


def test_new_file_is_checked_twice(tmp_path: Path, waits: list[float]) -> None:
    assert is_complete(put(tmp_path / "fresh.csv"))
    assert waits == [files.RECHECK_AFTER_SECONDS]


def test_file_that_grows_or_vanishes_is_not_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing, going = put(tmp_path / "growing.csv"), put(tmp_path / "going.csv")
    monkeypatch.setattr(files.time, "sleep", lambda _: growing.path.write_bytes(b"more"))
    assert not is_complete(growing)
    monkeypatch.setattr(files.time, "sleep", lambda _: going.path.unlink())
    assert not is_complete(going)


def test_a_clock_that_runs_ahead_does_not_make_a_file_complete(
    tmp_path: Path, waits: list[float]
) -> None:
    is_complete(put(tmp_path / "tomorrow.csv", age_seconds=-86_400))
    assert waits == [files.RECHECK_AFTER_SECONDS]


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2]}), sink)
    return sink.getvalue()


WHOLE = {
    "text": b"a,b\n1,12.34\n",
    "crlf": b"a,b\r\n1,12.34\r\n",
    "utf-16": "a,b\n1,12.34\n".encode("utf-16-le"),
    "utf-16-be": "a,b\n1,12.34\n".encode("utf-16-be"),
    "gzip": gzip.compress(b"a,b\n1,12.34\n"),
    "two gzip members": gzip.compress(b"a,b\n") + gzip.compress(b"1,12.34\n"),
    "gzip without a line end": gzip.compress(b"a,b\n1,12.34"),
    "parquet": parquet(),
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("cut", [3, 5])
def test_a_stalled_upload_is_waited_for(tmp_path: Path, kind: str, cut: int) -> None:
    """A CSV that stalled for 11 s was ingested with 12.34 as 12."""
    path, stalled = tmp_path / "bank.csv", files.SETTLED_AFTER_SECONDS + 1
    assert is_complete(put(path, age_seconds=stalled, content=WHOLE[kind]))
    cut_off = WHOLE[kind][:-cut]
    assert not is_complete(put(path, age_seconds=stalled, content=cut_off))
    assert is_complete(put(path, age_seconds=files.STALLED_AFTER_SECONDS + 1, content=cut_off))
    put(tmp_path / "bank.csv.done")
    assert is_complete(put(path, content=cut_off))


def test_a_gzip_too_large_to_be_tried_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LONGEST_TEXT_TRIED", 10)
    content = gzip.compress(b"1,2\n" * 1000)
    assert not is_complete(put(tmp_path / "a.csv.gz", age_seconds=20, content=content))
    monkeypatch.undo()
    assert is_complete(put(tmp_path / "a.csv.gz", age_seconds=20, content=content))
    monkeypatch.setattr(files, "LARGEST_GZIP_TRIED", 10)
    assert not is_complete(put(tmp_path / "a.csv.gz", age_seconds=20, content=content))


def test_a_damaged_gzip_is_not_waited_for(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(b"1,2\n" * 1000))
    content[12:20] = b"\xff" * 8
    assert is_complete(put(tmp_path / "a.csv.gz", age_seconds=20, content=bytes(content)))
