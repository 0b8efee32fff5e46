"""Write a list of customers in chunks; the file appears atomically."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from gzip import GzipFile
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.landing.files import printable
from bankseg_assets.presentation.csv_export import csv_text
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.reading import (
    CHUNK_ROWS,
    CSV_GZ,
    PARQUET,
    XLSX,
    Dialect,
    suffix_of,
)
from bankseg_assets.scoring.lists.score_table import Scorer
from bankseg_assets.scoring.lists.workbook import require_rows_of_sheet, write_workbook
from bankseg_assets.storage.atomic_file import draft_in

Write = Callable[[pa.Table], None]

# Without these types, one empty cell turns a column of integers into decimals: segment 2.0.
_NULLABLE = {
    **dict.fromkeys((pa.int8(), pa.int16(), pa.int32(), pa.int64()), pd.Int64Dtype()),
    **dict.fromkeys((pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()), pd.UInt64Dtype()),
    pa.bool_(): pd.BooleanDtype(),
}


@contextmanager
def writer_to(path: Path, dialect: Dialect, scorer: Scorer) -> Iterator[Write]:
    """Yield a function that appends a table; the file gets its name on success.

    In CSV, text that a spreadsheet could evaluate is escaped; Parquet, which programs read, keeps
    it unchanged. Raises ListError when the folder is not writable, or the rows exceed a sheet.
    """
    suffix = suffix_of(path)
    try:
        with draft_in(path.parent) as draft:
            with ExitStack() as stack:
                file: Any = draft.file
                if suffix == CSV_GZ:
                    # No timestamp, so that the same rows give the same bytes.
                    file = stack.enter_context(GzipFile("", "wb", 6, draft.file, mtime=0))
                kind = _kind(suffix, file, dialect, scorer)
                stack.enter_context(kind)
                yield kind.write
            draft.publish(path)
    except OSError as error:
        raise ListError(
            f"{printable(path.name)} cannot be written ({error.strerror or error})."
        ) from error


def _kind(
    suffix: str, file: Any, dialect: Dialect, scorer: Scorer
) -> "_Parquet | _Workbook | _Csv":
    if suffix == PARQUET:
        return _Parquet(file)
    return _Workbook(file, scorer) if suffix == XLSX else _Csv(file, dialect)


def csv_bytes(table: pa.Table, dialect: Dialect) -> bytes:
    """Return a table as CSV, created in chunks; all at once takes twice the memory."""
    file = BytesIO()
    with _Csv(file, dialect) as target:
        for start in range(0, max(table.num_rows, 1), CHUNK_ROWS):
            target.write(table.slice(start, CHUNK_ROWS))
    return file.getvalue()


class _Csv:
    def __init__(self, file: Any, dialect: Dialect) -> None:
        # Writes the byte order mark once, if the encoding has one.
        self._text = TextIOWrapper(file, dialect.codec, errors="replace", newline="")
        self._dialect = dialect
        self._begun = False

    def __enter__(self) -> "_Csv":
        return self

    def __exit__(self, *_: object) -> None:
        self._text.detach()

    def write(self, table: pa.Table) -> None:
        text = csv_text(
            table.to_pandas(types_mapper=_NULLABLE.get),
            delimiter=self._dialect.delimiter,
            decimal=self._dialect.decimal,
            header=not self._begun,
        )
        self._text.write(text)
        self._begun = True


class _Parquet:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> "_Parquet":
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, table: pa.Table) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema)
        self._writer.write_table(table)


class _Workbook:
    """Keeps the tables: whether a column is of numbers is known at the end of the list."""

    def __init__(self, file: BinaryIO, scorer: Scorer) -> None:
        self._file, self._scorer = file, scorer
        self._tables: list[pa.Table] = []
        self._rows = 0

    def __enter__(self) -> "_Workbook":
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None:
            table = pa.concat_tables(self._tables, promote_options="permissive")
            write_workbook(self._file, table, self._scorer)

    def write(self, table: pa.Table) -> None:
        self._rows += table.num_rows
        require_rows_of_sheet(self._rows)
        self._tables.append(table)
