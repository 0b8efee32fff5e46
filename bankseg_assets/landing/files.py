"""Which files lie in the landing folder, and are they complete?"""

import stat
import time
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".csv", ".csv.gz", ".parquet")
DONE_SUFFIX = ".done"
SETTLED_AFTER_SECONDS = 10.0
RECHECK_AFTER_SECONDS = 2.0


@dataclass(frozen=True)
class LandedFile:
    """A regular file in the landing folder as it was when looked at."""

    path: Path
    size: int
    modified_ns: int

    @property
    def has_done_marker(self) -> bool:
        """The sender put `<name>.done` beside it."""
        return self.path.with_name(self.path.name + DONE_SUFFIX).exists()

    @property
    def quiet_seconds(self) -> float:
        """Time since the last write."""
        return time.time() - self.modified_ns / 1e9


def list_landing(folder: Path) -> list[LandedFile]:
    """Return the transaction files of a folder by name; a missing folder holds none.

    Hidden names are drafts. Symlinks, pipes and names with control characters are left out: a
    name must never lead the reader elsewhere, block it, or forge a line in a log.
    """
    if not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.iterdir()):
        if not path.name.lower().endswith(SUFFIXES) or path.name.startswith("."):
            continue
        if not path.name.isprintable():
            continue
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue  # moved away between the listing and the look
        if stat.S_ISREG(status.st_mode):
            found.append(LandedFile(path, status.st_size, status.st_mtime_ns))
    return found


def is_complete(file: LandedFile) -> bool:
    """Say whether nobody writes the file any more: a marker, quiet for long, or still now."""
    if file.has_done_marker or file.quiet_seconds > SETTLED_AFTER_SECONDS:
        return True
    time.sleep(RECHECK_AFTER_SECONDS)
    try:
        status = file.path.lstat()
    except FileNotFoundError:
        return False
    return (status.st_size, status.st_mtime_ns) == (file.size, file.modified_ns)
