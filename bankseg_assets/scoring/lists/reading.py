"""Read a list of customers of any length in chunks: CSV, CSV.gz, XLSX or Parquet."""

import codecs
import gzip
import shutil
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bankseg_assets.contracts.characters import INVISIBLE
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.file_layout import FileLayout
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import MAGIC_GZIP, printable
from bankseg_assets.landing.xlsx import sheet_as_csv
from bankseg_assets.runtime.scratch import temporary_folder
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.file_kind import PARQUET as PARQUET_FILE
from bankseg_assets.scoring.lists.file_kind import SHEET, kind_of
from bankseg_assets.scoring.lists.records import Record, records

CHUNK_ROWS = 20_000
# Chunks are limited by size too: a field may have 131,072 characters, times 20,000 rows.
CHUNK_CHARACTERS = 16_000_000
LONGEST_LINE = 1_000_000
CSV, CSV_GZ, PARQUET, XLSX = ".csv", ".csv.gz", ".parquet", ".xlsx"
SUFFIXES = (CSV, CSV_GZ, PARQUET, XLSX)
"""Of the files that can be written."""
_TEXT_FORMULA = r'^="([^"]*)"$'
"""How Excel keeps the zeros of an ID in CSV: ="0001"."""


@dataclass(frozen=True)
class Dialect:
    """How a list is written. Of an XLSX file, only `decimal`, `header_line` and `sheet` count."""

    delimiter: str = ","
    decimal: str = "."
    """In numbers that are texts; the other separators may group digits."""
    encoding: str = "utf-8"
    header_line: int = 1
    """The header's line or row; lines above it are not read."""
    sheet: str = ""
    """Of an XLSX file; empty: the first."""

    @property
    def codec(self) -> str:
        """The codec; UTF-8 with the byte order mark that Excel writes and expects."""
        name = codecs.lookup(self.encoding).name
        return "utf-8-sig" if name == "utf-8" else name


@dataclass(frozen=True)
class Chunk:
    """A table of some rows, their row numbers, and index -> why a row is invalid.

    Rows are numbered as in a spreadsheet; in a Parquet file, the first record is row 1.
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
def open_list(path: Path, dialect: Dialect, name: str = "") -> Iterator[CustomerList]:
    """Open a list, whatever its name ends in. `name`: for messages; by default the path's.

    Raises ListError, also while chunks are read, when the file is of an unsupported kind,
    unreadable, truncated or damaged.
    """
    name = printable(name or path.name)
    with ExitStack() as stack:
        with _explained(name, dialect):
            kind = kind_of(path, name)
            if kind == SHEET:
                path, dialect = stack.enter_context(_sheet(path, dialect, name))
            file = stack.enter_context(path.open("rb"))
            if kind == PARQUET_FILE:
                parquet = stack.enter_context(pq.ParquetFile(file, pre_buffer=False))
                names = unique(parquet.schema_arrow.names)
                chunks = _parquet_chunks(parquet, names)
            else:
                text = TextIOWrapper(_unpacked(file), dialect.codec, newline="")
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
    except DeliveryError as error:
        raise ListError(str(error)) from error
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
    """Return unique column names: repeated names and empty ones get the column's number.

    >>> unique(["id", "", "n", "n"])
    ('id', 'column 2', 'n (column 3)', 'n (column 4)')
    """
    trimmed = [name.strip(INVISIBLE) for name in names]
    counts = Counter(trimmed)
    return tuple(
        f"{name} (column {place})" if name and counts[name] > 1 else name or f"column {place}"
        for place, name in enumerate(trimmed, start=1)
    )


@contextmanager
def _sheet(path: Path, dialect: Dialect, name: str) -> Iterator[tuple[Path, Dialect]]:
    """Yield a sheet as a CSV file, whose lines are the sheet's rows, and its dialect."""
    layout = FileLayout(sheet=dialect.sheet, header_line=dialect.header_line)
    everything = replace(DeliveryContract(), columns={}, row_filters=(), layout=layout)
    with temporary_folder() as folder:
        copy = folder / "original"  # the reader writes next to it
        shutil.copyfile(path, copy)
        with sheet_as_csv(copy, everything, name, dialect.decimal) as (text, *_):
            yield text, replace(dialect, delimiter=",", encoding="utf-8")


def _unpacked(file: BinaryIO) -> Any:
    is_packed = file.read(len(MAGIC_GZIP)) == MAGIC_GZIP
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if is_packed else file


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
    for _ in range(dialect.header_line - 1):
        next(lines, "")
    found = _numbered(lines, dialect)
    place, header = next(found, (0, Record([])))
    if not header.fields:
        raise ListError(f"{name} has no header. Put the column names in its first line.")
    if header.problem:
        raise ListError(f"{name}, row {place}, which is the header: {header.problem} Correct it.")
    names = unique(header.fields)
    return names, _csv_chunks(found, names, dialect.delimiter)


def _lines(text: TextIO, name: str) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise ListError(
                f"{name} has a line of {LONGEST_LINE:,} characters or more. Correct it."
            )
        yield line


def _numbered(lines: Iterator[str], dialect: Dialect) -> Iterator[tuple[int, Record]]:
    """Yield the records that have a value, with their row numbers."""
    found = records(lines, dialect.delimiter)
    for row, record in enumerate(found, start=dialect.header_line):
        if any(record.fields):
            yield row, record


def _csv_chunks(
    found: Iterator[tuple[int, Record]], names: tuple[str, ...], delimiter: str
) -> Iterator[Chunk]:
    numbers: list[int] = []
    rows: list[Record] = []
    size, is_first = 0, True
    for number, record in found:
        numbers.append(number)
        rows.append(record)
        size += sum(map(len, record.fields))
        if len(rows) >= CHUNK_ROWS or size >= CHUNK_CHARACTERS:
            yield _chunk(rows, numbers, names, delimiter)
            numbers, rows, size, is_first = [], [], 0, False
    if rows or is_first:
        yield _chunk(rows, numbers, names, delimiter)


def _chunk(
    found: list[Record], numbers: list[int], names: tuple[str, ...], delimiter: str
) -> Chunk:
    broken = {}
    rows = []
    for place, record in enumerate(found):
        row, width = record.fields, len(names)
        if len(row) > width and not any(row[width:]):
            row = row[:width]  # a delimiter at the end of each row but the header
        if len(row) != width:
            broken[place] = f"It has {len(row)} fields; expected {width}, as in the header."
            row = _fitted(row, width, delimiter)
        if record.problem:
            broken[place] = record.problem
        rows.append(row)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    arrays = [_without_formulas(pa.array(column, pa.string())) for column in columns]
    return Chunk(pa.table(arrays, names=list(names)), numbers, broken)


def _without_formulas(column: Any) -> Any:
    if not pc.any(pc.starts_with(column, '="')).as_py():
        return column
    return pc.replace_substring_regex(column, _TEXT_FORMULA, r"\1")


def _fitted(row: list[str], width: int, delimiter: str) -> list[str]:
    """Fit an invalid row to the number of columns without losing content."""
    if len(row) < width:
        return row + [""] * (width - len(row))
    return [*row[: width - 1], delimiter.join(row[width - 1 :])]
