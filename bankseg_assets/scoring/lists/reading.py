"""Read a list of customers of any length in chunks: CSV, CSV.gz or Parquet."""

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.landing.files import printable
from bankseg_assets.scoring.lists.errors import ListError

CHUNK_ROWS = 20_000
# Chunks are limited by size too: a field may have 131,072 characters, times 20,000 rows.
CHUNK_CHARACTERS = 16_000_000
LONGEST_LINE = 1_000_000
CSV, CSV_GZ, PARQUET = ".csv", ".csv.gz", ".parquet"
SUFFIXES = (CSV, CSV_GZ, PARQUET)


@dataclass(frozen=True)
class Dialect:
    """The dialect of a CSV file; declared by the user, never guessed."""

    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"

    @property
    def codec(self) -> str:
        """The codec; UTF-8 with the byte order mark that Excel writes and expects."""
        name = codecs.lookup(self.encoding).name
        return "utf-8-sig" if name == "utf-8" else name


@dataclass(frozen=True)
class Chunk:
    """A table of some rows, their row numbers, and index -> why a row is invalid.

    Row 1 is the header of a CSV file, as in a spreadsheet, and the first row of a Parquet file.
    """

    table: pa.Table
    numbers: Sequence[int]
    broken: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CustomerList:
    """The unique column names of a list and its rows, in at least one (maybe empty) chunk."""

    names: tuple[str, ...]
    chunks: Iterator[Chunk]


@contextmanager
def open_list(path: Path, dialect: Dialect) -> Iterator[CustomerList]:
    """Open a list.

    Raises ListError, also while chunks are read, when the file is of an unsupported kind,
    unreadable, truncated or damaged.
    """
    suffix, name = suffix_of(path), printable(path.name)
    with ExitStack() as stack:
        with _explained(name, dialect):
            file = stack.enter_context(path.open("rb"))
            if suffix == PARQUET:
                parquet = stack.enter_context(pq.ParquetFile(file, pre_buffer=False))
                names = unique(parquet.schema_arrow.names)
                chunks = _parquet_chunks(parquet, names)
            else:
                content = gzip.GzipFile(fileobj=file) if suffix == CSV_GZ else file
                text = TextIOWrapper(content, dialect.codec, newline="")
                names, chunks = _csv_list(text, dialect, name)
        yield CustomerList(names, _explained_chunks(chunks, name, dialect))


@contextmanager
def _explained(name: str, dialect: Dialect) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise ListError(
            f"{name} is not in the encoding {dialect.encoding}. Set the encoding of the file, "
            "or save it as UTF-8."
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ListError(f"{name} is cut off or not a gzip file. Get it again.") from error
    except pa.ArrowException as error:
        raise ListError(f"{name} is a damaged Parquet file. Get it again.") from error
    except OSError as error:
        # Arrow's own errors have no errno: the file is damaged.
        reason = error.strerror if error.errno else "it is damaged"
        raise ListError(f"{name} cannot be read ({reason}).") from error


def _explained_chunks(chunks: Iterator[Chunk], name: str, dialect: Dialect) -> Iterator[Chunk]:
    with _explained(name, dialect):
        yield from chunks


def suffix_of(path: Path) -> str:
    """Return the suffix of a file name that is in SUFFIXES; raises ListError if there is none."""
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix):
            return suffix
    raise ListError(f"{printable(path.name)} does not end in {', '.join(SUFFIXES)}. Rename it.")


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Return unique column names: a repeated or empty name gets the column's number.

    >>> unique(["id", "", "id"])
    ('id', 'column 2', 'id (column 3)')
    """
    found: list[str] = []
    for place, name in enumerate(names, start=1):
        shown = name.strip() or f"column {place}"
        found.append(f"{shown} (column {place})" if shown in found else shown)
    return tuple(found)


def _parquet_chunks(parquet: pq.ParquetFile, names: tuple[str, ...]) -> Iterator[Chunk]:
    done = 0
    for batch in parquet.iter_batches(CHUNK_ROWS):
        table = pa.Table.from_batches([batch]).rename_columns(list(names))
        yield Chunk(table, range(done + 1, done + 1 + batch.num_rows))
        done += batch.num_rows
    if not done:
        yield Chunk(parquet.schema_arrow.empty_table().rename_columns(list(names)), ())


def _csv_list(text: TextIO, dialect: Dialect, name: str) -> tuple[tuple[str, ...], Iterator[Chunk]]:
    lines = _lines(text, name)
    records = _records(csv.reader(lines, delimiter=dialect.delimiter, strict=True), name)
    _, header = next(records, (0, []))
    if not header:
        raise ListError(f"{name} has no header. Put the column names in its first line.")
    names = unique(header)
    return names, _csv_chunks(records, names, dialect.delimiter)


def _lines(text: TextIO, name: str) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise ListError(
                f"{name} has a line of {LONGEST_LINE:,} characters or more. Correct it."
            )
        yield line


def _records(reader: Iterator[list[str]], name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not blank, with their row numbers."""
    row = 0
    try:
        for row, record in enumerate(reader, start=1):
            if record:
                yield row, record
    except csv.Error as error:
        raise ListError(
            f"{name} has a misplaced or unclosed quote in row {row + 1}. Correct the row."
        ) from error


def _csv_chunks(
    records: Iterator[tuple[int, list[str]]], names: tuple[str, ...], delimiter: str
) -> Iterator[Chunk]:
    numbers: list[int] = []
    rows: list[list[str]] = []
    size, is_first = 0, True
    for number, record in records:
        numbers.append(number)
        rows.append(record)
        size += sum(map(len, record))
        if len(rows) >= CHUNK_ROWS or size >= CHUNK_CHARACTERS:
            yield _chunk(rows, numbers, names, delimiter)
            numbers, rows, size, is_first = [], [], 0, False
    if rows or is_first:
        yield _chunk(rows, numbers, names, delimiter)


def _chunk(
    rows: list[list[str]], numbers: list[int], names: tuple[str, ...], delimiter: str
) -> Chunk:
    broken = {}
    for place, row in enumerate(rows):
        if len(row) != len(names):
            broken[place] = f"It has {len(row)} fields; expected {len(names)}, as in the header."
            rows[place] = _fitted(row, len(names), delimiter)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    arrays = [pa.array(column, pa.string()) for column in columns]
    return Chunk(pa.table(arrays, names=list(names)), numbers, broken)


def _fitted(row: list[str], width: int, delimiter: str) -> list[str]:
    """Fit an invalid row to the number of columns without losing content."""
    if len(row) < width:
        return row + [""] * (width - len(row))
    return [*row[: width - 1], delimiter.join(row[width - 1 :])]
