"""Which files lie in the landing folder, and are they complete?"""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from bankseg_assets.landing.errors import FileChangedError

SUFFIXES = (".csv", ".csv.gz", ".parquet")
DONE_SUFFIX = ".done"
SETTLED_AFTER_SECONDS = 10.0
RECHECK_AFTER_SECONDS = 2.0
LONGEST_SHOWN_NAME = 100
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


@dataclass(frozen=True)
class LandedFile:
    """A regular file in the landing folder as it was when looked at."""

    path: Path
    size: int
    modified_ns: int

    @property
    def has_done_marker(self) -> bool:
        """The sender put `<name>.done` beside it."""
        # os.path, because Path.exists raises where the marker's name would be too long to exist.
        return os.path.exists(f"{self.path}{DONE_SUFFIX}")  # noqa: PTH110

    @property
    def quiet_seconds(self) -> float:
        """Time since the last write."""
        return time.time() - self.modified_ns / 1e9

    def is_still(self) -> bool:
        """Whether the file is there as it was when looked at."""
        try:
            return self.is_as(self.path.lstat())
        except FileNotFoundError:
            return False

    def is_as(self, status: os.stat_result) -> bool:
        """Whether this is the status of the file that was looked at."""
        found = (status.st_size, status.st_mtime_ns)
        return stat.S_ISREG(status.st_mode) and found == (self.size, self.modified_ns)


@dataclass(frozen=True)
class IgnoredFile:
    """Something in the landing folder that is never read, under a name that is safe to print."""

    name: str
    reason: str


def list_landing(folder: Path) -> list[LandedFile]:
    """Return the transaction files of a folder by name; a missing folder holds none.

    Hidden names are drafts. Symlinks, pipes and names with control characters are left out: a
    name must never lead the reader elsewhere, block it, or forge a line in a log.
    """
    return [found for found in _look(folder) if isinstance(found, LandedFile)]


def list_ignored(folder: Path) -> list[IgnoredFile]:
    """Return what `list_landing` leaves out, with the reason; of drafts and markers not a word."""
    return [found for found in _look(folder) if isinstance(found, IgnoredFile)]


def is_complete(file: LandedFile) -> bool:
    """Say whether nobody writes the file any more: a marker, quiet for long, or still now."""
    if file.has_done_marker or file.quiet_seconds > SETTLED_AFTER_SECONDS:
        return True
    time.sleep(RECHECK_AFTER_SECONDS)
    return file.is_still()


@contextmanager
def open_regular(path: Path) -> Iterator[FileIO]:
    """Open a file that may have been swapped since the listing.

    A symlink is refused (O_NOFOLLOW), and a pipe neither blocks (O_NONBLOCK) nor is read. Raises
    OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileChangedError
        yield file


def printable(name: str) -> str:
    """Return a name that can stand in a log or a page: no control or bidi characters, not long."""
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
        except FileNotFoundError:
            continue  # moved away between the listing and the look
        if reason := _why_ignored(path.name, status.st_mode):
            yield IgnoredFile(printable(path.name), reason)
        else:
            yield LandedFile(path, status.st_size, status.st_mtime_ns)


def _why_ignored(name: str, mode: int) -> str:
    if not stat.S_ISREG(mode):
        return f"It is {_KINDS.get(stat.S_IFMT(mode), 'a device')}, not a file."
    if not name.isprintable():
        return "Its name has characters that cannot be shown. Rename it."
    if not name.lower().endswith(SUFFIXES):
        return f"Its name does not end in {', '.join(SUFFIXES)}."
    return ""
