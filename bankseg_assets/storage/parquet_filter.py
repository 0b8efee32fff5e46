"""Rewrite a Parquet file without some of its rows, in the memory of one row group."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Rows = Callable[[pa.Table], pa.ChunkedArray]
"""Whether each row of a table is one to remove."""


def count_rows(path: Path, rows: Rows, columns: list[str]) -> int:
    """Return the number of rows to remove, by some of the columns."""
    with pq.ParquetFile(path) as file:
        return sum(
            pc.sum(rows(file.read_row_group(group, columns))).as_py() or 0
            for group in range(file.num_row_groups)
        )


def write_filtered(path: Path, output: Path, rows: Rows) -> int:
    """Write a file without these rows; return how many were removed."""
    removed = 0
    with pq.ParquetFile(path) as file, _writer_like(file, output) as writer:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            kept = table.filter(pc.invert(rows(table)))
            removed += table.num_rows - kept.num_rows
            if kept.num_rows:
                writer.write_table(kept)
    return removed


@contextmanager
def _writer_like(file: pq.ParquetFile, output: Path) -> Iterator[pq.ParquetWriter]:
    """Open a writer with the schema and compression of a file."""
    codec = file.metadata.row_group(0).column(0).compression if file.num_row_groups else "ZSTD"
    with pq.ParquetWriter(
        output,
        file.schema_arrow,
        compression="NONE" if codec == "UNCOMPRESSED" else codec,
        store_decimal_as_integer=True,  # as Spark writes them
    ) as writer:
        yield writer
