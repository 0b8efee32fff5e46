"""Copy a landed file to storage that never changes, under the SHA-256 of its content."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

from bankseg_assets.landing.errors import FileChangedError
from bankseg_assets.landing.files import CHUNK_BYTES, LandedFile, open_regular
from bankseg_assets.landing.text import Reader
from bankseg_assets.storage.atomic_file import draft_in
from bankseg_assets.storage.fsync import sync_folder

Finding = TypeVar("Finding")


@dataclass(frozen=True)
class Archived(Generic[Finding]):
    """A copy, the hash of its content, and what the inspection of that content found."""

    sha256: str
    path: Path
    finding: Finding


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a regular file's content as 64 hexadecimal digits."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def archive(
    source: LandedFile, raw_dir: Path, inspect: Callable[[Reader], Finding]
) -> Archived[Finding]:
    """Copy a file to `raw_dir/<sha256>/original`, inspecting what is copied as it goes by.

    Hash, copy and inspection are of the same read, so that a file which changes meanwhile cannot
    be taken under the hash of what it was before; and what the inspection refuses early is not
    copied any further. Raises FileChangedError when the file did not hold still, and what
    `inspect` raises; no copy is left then.
    """
    raw_dir.mkdir(parents=True, exist_ok=True)
    with draft_in(raw_dir) as draft, open_regular(source.path) as file:
        if not source.is_as(os.fstat(file.fileno())):
            raise FileChangedError
        copying = _Copying(file, draft.file)
        finding = inspect(copying)
        while copying.read(CHUNK_BYTES):
            pass
        if not source.is_still() or copying.copied != source.size:
            raise FileChangedError
        sha256 = copying.digest.hexdigest()
        kept = raw_dir / sha256 / "original"
        kept.parent.mkdir(exist_ok=True)
        sync_folder(raw_dir)
        draft.publish(kept)
    return Archived(sha256, kept, finding)


class _Copying:
    """A file to read, every byte of which is hashed and copied when it is read."""

    def __init__(self, source: Reader, copy: BinaryIO) -> None:
        self._source = source
        self._copy = copy
        self.digest = hashlib.sha256()
        self.copied = 0

    def read(self, size: int, /) -> bytes:
        chunk = self._source.read(size)
        self.digest.update(chunk)
        self._copy.write(chunk)
        self.copied += len(chunk)
        return chunk
