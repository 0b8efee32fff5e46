"""Files under way: seen by no reader, whole once they have their name, swept if their writer died.

A draft is locked while its writer lives. The kernel lets go of the lock however the writer ends,
so that whoever can lock a draft may remove it; a process number in the name could be another's by
then, and an age would leave gigabytes for hours on a disk that is full already.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from bankseg_assets.storage.fsync import sync_folder

_PREFIX = ".draft-"


@dataclass
class Draft:
    """A file to write to; it goes away unless it is published."""

    path: Path
    file: BinaryIO

    def publish(self, target: Path) -> None:
        """Give the draft its name, once its content is on the disk: this is the commit point."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.path.replace(target)
        sync_folder(target.parent)


@contextmanager
def draft_in(folder: Path) -> Iterator[Draft]:
    """Open a draft in a folder, which is of the file system that the result will lie on."""
    while True:
        path = folder / f"{_PREFIX}{uuid4().hex}"
        # From before it is made: Ctrl-C may come between its making and its first byte.
        try:
            with path.open("xb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if not path.exists():
                    continue  # swept between its making and its locking
                yield Draft(path, file)
                return
        finally:
            path.unlink(missing_ok=True)


def sweep_drafts(folder: Path) -> None:
    """Remove the drafts in a folder, and in the folders in it, whose writers are gone."""
    for path in [*folder.glob(f"{_PREFIX}*"), *folder.glob(f"*/{_PREFIX}*")]:
        with suppress(OSError), path.open("rb") as file:  # locked, or gone by now
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
