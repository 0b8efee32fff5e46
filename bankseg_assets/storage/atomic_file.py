"""Write files atomically: readers see a complete file or none, and abandoned drafts are removed.

A draft is locked while its writer lives. The kernel releases the lock however the writer ends,
so a draft that can be locked is abandoned and may be removed. A process number in the name could
have been reused by then, and an age limit would leave gigabytes for hours on a full disk.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from bankseg_assets.storage.fsync import sync_folder

_PREFIX = ".draft-"


@dataclass
class Draft:
    """A file to write to; it is removed unless it is published."""

    path: Path
    file: BinaryIO

    def publish(self, target: Path) -> None:
        """Flush the draft to disk and rename it to its final name: the commit point."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.path.replace(target)
        sync_folder(target.parent)


@contextmanager
def draft_in(folder: Path) -> Iterator[Draft]:
    """Open a draft in a folder on the same file system as the result."""
    while True:
        path = folder / f"{_PREFIX}{uuid4().hex}"
        # Before it is created: Ctrl-C may arrive between its creation and its first byte.
        try:
            with path.open("xb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if not path.exists():
                    continue  # removed between its creation and its lock
                yield Draft(path, file)
                return
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a draft that gets its name, `path`, on success; creates the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft_in(path.parent) as draft:
        yield draft.file
        draft.publish(path)


def sweep_drafts(folder: Path) -> None:
    """Remove drafts of dead writers from a folder and its direct subfolders."""
    _sweep([*folder.glob(f"{_PREFIX}*"), *folder.glob(f"*/{_PREFIX}*")])


def sweep_all_drafts(folder: Path) -> None:
    """Remove drafts of dead writers from a folder and everything below it."""
    _sweep(folder.rglob(f"{_PREFIX}*"))


def _sweep(drafts: Iterable[Path]) -> None:
    for path in drafts:
        with suppress(OSError), path.open("rb") as file:  # locked, or already removed, or a folder
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
