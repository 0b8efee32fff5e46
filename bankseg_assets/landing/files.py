"""List the files of the landing folder and detect which are complete."""

import os
import stat
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from bankseg_assets.landing.errors import FileChangedError

SUFFIXES = (".csv", ".csv.gz", ".parquet", ".xlsx")
_OTHER_SPREADSHEETS = (".xls", ".xlsb", ".xlsm", ".ods")
DONE_SUFFIX = ".done"
MAGIC_PARQUET, MAGIC_ENCRYPTED, MAGIC_GZIP = b"PAR1", b"PARE", b"\x1f\x8b"
MAGIC_ZIP, MAGIC_OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
"""Of XLSX; of Excel's files before it, and of encrypted ones."""
ZIP_END, LONGEST_ZIP_END = b"PK\x05\x06", (1 << 16) + 22
OLE_SECTOR = 512
SPREADSHEETS_ADVICE = "is a spreadsheet in an unsupported format. Save it as .xlsx or CSV."
CHUNK_BYTES = 1 << 20
SPARK_MARKER = "_SUCCESS"
"""Spark writes it into an output folder once all files are complete."""
SETTLED_AFTER_SECONDS = 10.0
# A file without its end marker may still grow. vsftpd lets an upload stall this long before it
# closes it (data_connection_timeout); TCP pauses for two minutes at most between two attempts.
STALLED_AFTER_SECONDS = 300.0
# Bytes; takes a second or two. A larger file waits like one without its end marker.
LARGEST_GZIP_TRIED, LONGEST_TEXT_TRIED = 64 << 20, 1 << 30
RECHECK_AFTER_SECONDS = 2.0
LONGEST_SHOWN_NAME = 100
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


@dataclass(frozen=True)
class LandedFile:
    """A regular file in the landing folder, with its status when it was listed."""

    path: Path
    size: int
    modified_ns: int
    folder: str = ""
    """The name of the subfolder that Spark wrote it to, if any."""

    @property
    def name(self) -> str:
        """The path relative to the landing folder."""
        return f"{self.folder}/{self.path.name}" if self.folder else self.path.name

    @property
    def has_done_marker(self) -> bool:
        """Whether the sender put `<name>.done` beside it."""
        # os.path, because Path.exists raises where the marker's name would be too long to exist.
        return os.path.exists(f"{self.path}{DONE_SUFFIX}")  # noqa: PTH110

    @property
    def quiet_seconds(self) -> float:
        """Seconds since the last write."""
        return time.time() - self.modified_ns / 1e9

    @property
    def may_still_grow(self) -> bool:
        """Whether the sender may still write: no marker, recent changes, and no end marker.

        Ten seconds without a byte are common on a network: a CSV that stalled so was ingested with
        its last amount cut off. Raises OSError.
        """
        if self.has_done_marker or self.quiet_seconds > STALLED_AFTER_SECONDS:
            return False
        return self.quiet_seconds <= SETTLED_AFTER_SECONDS or not has_its_end(self.path)

    def is_still(self) -> bool:
        """Whether the file is unchanged since it was listed."""
        try:
            return self.is_as(self.path.lstat())
        except FileNotFoundError:
            return False

    def is_as(self, status: os.stat_result) -> bool:
        """Whether this status is that of the listed file."""
        found = (status.st_size, status.st_mtime_ns)
        return stat.S_ISREG(status.st_mode) and found == (self.size, self.modified_ns)


@dataclass(frozen=True)
class IgnoredFile:
    """An entry of the landing folder that is never read, under a name that is safe to print."""

    name: str
    reason: str


def list_landing(folder: Path) -> list[LandedFile]:
    """Return the transaction files of a folder, sorted by name; none if it is missing.

    A subfolder is read if it is a complete output of Spark.

    Hidden names are drafts. Symlinks, pipes and names with control characters are left out: a
    name must never redirect or block the reader, or forge a line in a log.
    """
    return [found for found in _look(folder) if isinstance(found, LandedFile)]


def list_ignored(folder: Path) -> list[IgnoredFile]:
    """Return what `list_landing` leaves out, with the reason, except drafts and markers."""
    return [found for found in _look(folder) if isinstance(found, IgnoredFile)]


def is_complete(file: LandedFile) -> bool:
    """Return whether the file is finished: it has a marker, or its end marker and no change since.

    Raises OSError.
    """
    if not file.may_still_grow:
        return True
    if file.quiet_seconds > SETTLED_AFTER_SECONDS or not has_its_end(file.path):
        return False
    time.sleep(RECHECK_AFTER_SECONDS)
    return file.is_still()


def has_its_end(path: Path) -> bool:
    """Return whether a file has its end: a line end, gzip's checksum, Parquet's magic number.

    An empty file has none. Raises OSError.
    """
    with open_regular(path) as file:
        start = file.read(len(MAGIC_PARQUET))
        if start.startswith(MAGIC_GZIP):
            return _is_whole_gzip(file)
        size = os.fstat(file.fileno()).st_size
        if start == MAGIC_ZIP:
            file.seek(max(0, size - LONGEST_ZIP_END))
            return ZIP_END in file.readall()
        if start == MAGIC_OLE:
            return size % OLE_SECTOR == 0
        file.seek(max(0, size - len(MAGIC_PARQUET)))
        end = file.read()
    if start in (MAGIC_PARQUET, MAGIC_ENCRYPTED):
        return end in (MAGIC_PARQUET, MAGIC_ENCRYPTED)
    return end.rstrip(b"\0").endswith((b"\n", b"\r"))  # NULs occur in UTF-16 and UTF-32


def _is_whole_gzip(file: FileIO) -> bool:
    if os.fstat(file.fileno()).st_size > LARGEST_GZIP_TRIED:
        return False
    file.seek(0)
    member, length = zlib.decompressobj(wbits=31), 0
    try:
        while chunk := file.read(CHUNK_BYTES):
            while chunk:
                if member.eof:
                    member = zlib.decompressobj(wbits=31)
                length += len(member.decompress(chunk, CHUNK_BYTES))
                if length > LONGEST_TEXT_TRIED:
                    return False
                chunk = member.unused_data if member.eof else member.unconsumed_tail
        while not member.eof and member.decompress(b"", CHUNK_BYTES):
            pass
    except zlib.error:
        return True  # damaged: more bytes would not complete it, and ingestion reports it
    return member.eof


@contextmanager
def open_regular(path: Path) -> Iterator[FileIO]:
    """Open a file that may have been replaced since the listing.

    A symlink is refused (O_NOFOLLOW), and a pipe neither blocks (O_NONBLOCK) nor is read. Raises
    OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileChangedError
        yield file


def printable(name: str) -> str:
    """Return a name that is safe in a log or page: short, no control or bidi characters."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
    return shown if len(shown) <= LONGEST_SHOWN_NAME else f"{shown[:LONGEST_SHOWN_NAME]}…"


def _look(folder: Path) -> Iterator[LandedFile | IgnoredFile]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.endswith(DONE_SUFFIX):
            continue
        try:
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode):
                yield from _look_into(path)
            else:
                yield _found(path, status)
        except FileNotFoundError:
            continue  # moved away since the listing


def _look_into(folder: Path) -> Iterator[LandedFile | IgnoredFile]:
    """Yield the files of a folder that Spark wrote; each is a separate delivery."""
    shown = printable(folder.name)
    names = _names_in(folder)
    if not folder.name.isprintable():
        yield IgnoredFile(shown, "Its name has characters that cannot be shown. Rename it.")
    elif "_delta_log" in names:
        yield IgnoredFile(
            shown,
            "It is a Delta table, which keeps replaced files too. Write its rows as CSV or "
            "Parquet.",
        )
    elif SPARK_MARKER not in names:
        yield IgnoredFile(
            shown,
            "It is a folder, not a file. Deliver its files one by one; or, where Spark wrote it, "
            f"the whole folder with the file {SPARK_MARKER} in it.",
        )
    elif any((folder / name).is_dir() for name in names if not name.startswith((".", "_"))):
        yield IgnoredFile(
            shown,
            "It has folders in it, whose names are values that its files lack. Write it without "
            "partitionBy.",
        )
    else:
        for name in names:
            if name.startswith((".", "_")) or name.endswith(DONE_SUFFIX):
                continue
            found = _found(folder / name, (folder / name).lstat(), folder.name)
            # Empty: a partition without rows, or a copy that has just begun.
            if isinstance(found, IgnoredFile) or found.size:
                yield found


def _names_in(folder: Path) -> list[str]:
    """Return the names in a folder that a link may have replaced since the listing."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    except OSError:
        return []
    try:
        return sorted(os.listdir(descriptor))  # noqa: PTH208
    finally:
        os.close(descriptor)


def _found(path: Path, status: os.stat_result, folder: str = "") -> LandedFile | IgnoredFile:
    landed = LandedFile(path, status.st_size, status.st_mtime_ns, folder)
    reason = _why_ignored(path.name, status.st_mode)
    return IgnoredFile(printable(landed.name), reason) if reason else landed


def _why_ignored(name: str, mode: int) -> str:
    if not stat.S_ISREG(mode):
        return f"It is {_KINDS.get(stat.S_IFMT(mode), 'a device')}, not a file."
    if not name.isprintable():
        return "Its name has characters that cannot be shown. Rename it."
    if name.lower().endswith(_OTHER_SPREADSHEETS):
        return f"It {SPREADSHEETS_ADVICE}"
    if not name.lower().endswith(SUFFIXES):
        return f"Its name does not end in {', '.join(SUFFIXES)}."
    return ""
