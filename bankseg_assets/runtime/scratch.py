"""Scratch folders; each process removes those of dead ones.

A killed JVM cannot remove its shuffle files, so the disk would fill run by run. A killed process
cannot remove an uploaded list either, which has customers.
"""

import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

_LOCK = ".lock"
_TEMPORARY = "bankseg-work-"
_LOCKED_WITHIN_SECONDS = 60.0
_ours: dict[Path, Path] = {}
"""Parent -> this process's folder in it. The lock's descriptor stays open until the process
ends."""


def private_folder(parent: Path) -> Path:
    """Return this process's own folder in `parent`, after removing those of dead processes.

    The kernel releases the lock in a folder when its process ends, however it ends.
    """
    if parent not in _ours:
        parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(parent)
        # Locked before it is renamed, so another process cannot consider it abandoned in between.
        name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        draft = parent / f".{name}"
        draft.mkdir()
        fcntl.flock(os.open(draft / _LOCK, os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)
        _ours[parent] = draft.rename(parent / name)
    return _ours[parent]


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder outside of the data folder, for a file that has customers; removed at the end.

    Of a killed process, the next user or erasure removes it.
    """
    remove_abandoned_temporary()
    with (
        TemporaryDirectory(prefix=_TEMPORARY, ignore_cleanup_errors=True) as name,
        Path(name, _LOCK).open("w") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(name)


def remove_abandoned_temporary() -> None:
    """Remove the temporary folders whose process has ended.

    A new one is locked within a minute; one without a lock file is empty.
    """
    for folder in Path(gettempdir()).glob(f"{_TEMPORARY}*"):
        with suppress(OSError):  # of another user, or removed meanwhile
            age = time.time() - (folder / _LOCK).stat().st_mtime
            if age > _LOCKED_WITHIN_SECONDS and not _is_held(folder):
                shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(parent: Path) -> None:
    """Remove the folders in `parent` whose process has ended."""
    for folder in parent.iterdir():
        if not folder.name.startswith(".") and not _is_held(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_held(folder: Path) -> bool:
    with suppress(FileNotFoundError):
        descriptor = os.open(folder / _LOCK, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False
