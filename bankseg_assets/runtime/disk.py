"""Free space on the disk of a folder, and the space that a batch needs."""

import shutil
from pathlib import Path

GIGABYTE = 10**9
# The demo file, its Parquet, three published versions and Spark's shuffle files, with a margin.
NEEDED_BYTES = 2 * GIGABYTE


def free_bytes(folder: Path) -> int:
    """Return the free space on the disk of a folder, which may not exist yet."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(existing).free


def gigabytes(size: int) -> str:
    """Return a size in gigabytes.

    >>> gigabytes(2_040_000_000)
    '2.0 GB'
    """
    return f"{size / GIGABYTE:.1f} GB"
