"""Per-process scratch folders; each process removes those of dead ones.

A killed JVM cannot remove its shuffle files, so the disk would fill run by run.
"""

import fcntl
import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path

_LOCK = ".lock"
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
