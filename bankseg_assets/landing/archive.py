"""Copy a landed file to storage that never changes, under the SHA-256 of its content."""

import hashlib
import os
import shutil
from pathlib import Path

CHUNK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def archive(source: Path, raw_dir: Path) -> tuple[str, Path]:
    """Copy a file to `raw_dir/<sha256>/original` and return the hash and the copy.

    Hash and copy come from the same read, so that a file which changes meanwhile cannot be
    parsed under the hash of what it was before. O_NOFOLLOW: a symlink that was swapped in after
    the listing is refused.
    """
    raw_dir.mkdir(parents=True, exist_ok=True)
    draft = raw_dir / f".copy-{os.getpid()}"
    digest = hashlib.sha256()
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as reader, draft.open("wb") as writer:
        while chunk := reader.read(CHUNK_BYTES):
            digest.update(chunk)
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    kept = raw_dir / digest.hexdigest() / "original"
    kept.parent.mkdir(exist_ok=True)
    shutil.move(draft, kept)
    return digest.hexdigest(), kept
