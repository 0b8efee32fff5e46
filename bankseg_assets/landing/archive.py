"""Copy landed files to immutable storage, addressed by the SHA-256 of their content."""

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
ORIGINAL_FILE, RECORDS_FILE = "original", "records.parquet"
"""Files of a delivery: as delivered, and its records."""


@dataclass(frozen=True)
class Archived(Generic[Finding]):
    """A copy, the hash of its content, and the result of the inspection."""

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
    """Copy a file to `raw_dir/<sha256>/original` and inspect it in the same pass.

    Hash, copy and inspection share one read, so a file that changes meanwhile cannot be ingested
    under the hash of its previous content, and copying stops as soon as the inspection refuses.
    Raises FileChangedError when the file changes during the read, and whatever `inspect` raises;
    no copy is left in either case.
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
        kept = raw_dir / sha256 / ORIGINAL_FILE
        kept.parent.mkdir(exist_ok=True)
        sync_folder(raw_dir)
        draft.publish(kept)
    return Archived(sha256, kept, finding)


class _Copying:
    """A reader that hashes and copies every byte it reads."""

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
