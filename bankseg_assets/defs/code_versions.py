"""Code versions of assets: Dagster shows an asset as unsynced when its code version has changed.

Where results are reused between runs, the rules have a number of their own, which is the version.
Every batch computes the other assets again; their version is a digest of their step's source.
"""

import hashlib
from functools import cache
from pathlib import Path

import bankseg_assets

DIGITS = 8


@cache
def source_version(package: str) -> str:
    """Return a digest of the Python files of a package below bankseg_assets, such as `profiling`.

    Raises LookupError if there are none.
    """
    return source_digest(Path(bankseg_assets.__file__).parent / package)


def source_digest(folder: Path) -> str:
    """Return a digest of the Python files in a folder, by name and content."""
    files = sorted(folder.rglob("*.py"))
    if not files:
        raise LookupError(f"There are no Python files in {folder}.")
    digest = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:DIGITS]
