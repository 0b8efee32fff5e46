"""Find the rows of one key in the Parquet files of a published table.

The footer of a file has the least and the greatest key of each row group, so that only the groups
that may have the key are read; of these, the column of keys first.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

CACHED_FILES = 256


@dataclass(frozen=True)
class _Footer:
    """A file's metadata, and the range of keys of each row group; None if it is not recorded."""

    metadata: pq.FileMetaData
    ranges: tuple[tuple[str, str] | None, ...]

    def groups_with(self, key: str) -> Iterator[int]:
        """Yield the row groups that may have a key."""
        for number, ends in enumerate(self.ranges):
            if ends is None or ends[0] <= key <= ends[1]:
                yield number


def rows_of(
    files: Iterable[Path], column: str, key: str, names: Sequence[str], *, limit: int | None = None
) -> pa.Table | None:
    """Return the rows whose `column` of texts is `key`, or None if there are none.

    `names`: the columns to return; those that a file does not have are left out. `limit`: stop
    after so many rows, if their number is known. Raises OSError or pa.ArrowException if a file
    cannot be read.
    """
    found: list[pa.Table] = []
    count = 0
    for path in files:
        status = path.stat()
        footer = _footer(str(path), column, status.st_ino, status.st_mtime_ns)
        groups = list(footer.groups_with(key))
        if not groups:
            continue
        with pq.ParquetFile(path, metadata=footer.metadata) as file:
            wanted = [name for name in names if name in file.schema_arrow.names]
            for group in groups:
                keys = file.read_row_group(group, [column], use_threads=False)[column]
                places = pc.indices_nonzero(pc.equal(keys, key))
                if len(places):
                    rows = file.read_row_group(group, wanted, use_threads=False)
                    found.append(rows.take(places))
                    count += len(places)
                if limit is not None and count >= limit:
                    return pa.concat_tables(found, promote_options="permissive")
    return pa.concat_tables(found, promote_options="permissive") if found else None


# The name of a published file is never used again. An erasure replaces the file itself.
@lru_cache(maxsize=CACHED_FILES)
def _footer(path: str, column: str, _inode: int, _modified_ns: int) -> _Footer:
    metadata = pq.read_metadata(path)
    place = metadata.schema.to_arrow_schema().names.index(column)
    ranges = []
    for number in range(metadata.num_row_groups):
        statistics = metadata.row_group(number).column(place).statistics
        is_known = statistics is not None and statistics.has_min_max
        ranges.append((str(statistics.min), str(statistics.max)) if is_known else None)
    return _Footer(metadata, tuple(ranges))
