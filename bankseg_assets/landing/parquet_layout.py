"""Decide what to read of a Parquet file from its metadata, before reading any value.

Parquet expands without limit: 4 KB can hold one value four billion times. Each limit below is far
from what a bank's records need, and keeps the memory of reading constant: see
docs/explanation/security.md.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.csv_tables import ROWS_PER_GROUP
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import MAGIC_ENCRYPTED, MAGIC_PARQUET, printable
from bankseg_assets.landing.header import Header, check_header
from bankseg_assets.landing.parquet_pages import PageError, ParquetFooter, read_footer, read_pages
from bankseg_assets.landing.text import MAX_LINE_BYTES

MIB = 1 << 20
# Four million equal records are read in seconds, however small they are compressed.
SMALL_ROWS = 4_000_000
# Half a bit per record: customer, day and amount take at least 16 bits, a holding one.
MAX_ROWS_PER_BYTE = 16
# The same half bit against the 60 bytes of a short record as text.
MAX_EXPANSION = 1000
SMALL_CONTENT_BYTES = 512 * MIB
# Writers cut pages at 1 MiB; fastparquet's are as long as its row groups. A page of the contract's
# columns may be of any size: the limit is on what it holds beyond 20 times its compressed size.
# Other columns are left out sooner.
SOUND_EXPANSION = 20
MAX_PAGE_BYTES = 32 * MIB
# One page of every column is in memory at a time, and a second copy of its values.
MAX_PAGES_BYTES = 96 * MIB
BATCH_BYTES = 16 * MIB
CELL_BYTES = 16  # of a value besides its text: its offset and its dictionary index
# Some 150 bytes per column and row group: 20 columns in 5,000 row groups.
MAX_FOOTER_BYTES = 16 * MIB
READ_BYTES = MIB
_CODECS = (0, 1, 2, 4, 5, 6, 7)  # none, Snappy, gzip, Brotli, LZ4, zstd, LZ4 raw; LZO (3) is not
_END = 8  # a footer's length and the magic number


@dataclass(frozen=True)
class ParquetLayout:
    """The columns to read, and how."""

    header: Header
    leaves: dict[int, int]
    """Position of a column that is read -> its index among the file's leaves."""
    dictionaries: list[int]
    """Text leaves, read as dictionaries: repeated values take memory once."""
    batch_rows: int
    most_text: int
    """The maximum bytes of all values as text."""


def refuse(file_name: str, fault: str) -> DeliveryError:
    """Return the error for a file that expands excessively."""
    return DeliveryError(
        f"{file_name} {fault}, which a bank's records never do. "
        "Send it as CSV if it is sound, or in several files."
    )


def parquet_layout(original: Path, contract: DeliveryContract, file_name: str) -> ParquetLayout:
    """Decide what to read of a file.

    Raises DeliveryError if the file is encrypted, expands excessively, or a column of the contract
    has no text form; and pyarrow's errors, or PageError, if it is damaged.
    """
    size = original.stat().st_size
    with original.open("rb") as raw:
        footer = _footer(raw, size, file_name)
        _check_rows(footer, size, file_name)
        with pq.ParquetFile(original) as file:
            schema = file.schema_arrow
        header = check_header(schema.names, contract, file_name)
        leaves = dict(_leaves(schema, footer))
        columns = [
            _Column(place, leaf, schema.field(place).type, place in header.known)
            for place, leaf in leaves.items()
        ]
        for column in columns:
            if column.is_ours and not column.has_text:
                raise DeliveryError(
                    f"{file_name} has lists or structures in the column "
                    f"{printable(header.names[column.place])!r}; one value a record was expected. "
                    "Send the column as text, numbers or dates."
                )
        wanted = sorted((c for c in columns if c.has_text), key=lambda c: not c.is_ours)
        chosen, density = _choose(wanted, footer, raw, size, file_name)
    places = {column.place for column in chosen}
    left_out = frozenset(range(len(header.names))) - places
    return ParquetLayout(
        header=replace(header, left_out=left_out),
        leaves={column.place: column.leaf for column in chosen},
        dictionaries=[column.leaf for column in chosen if column.is_text],
        batch_rows=max(1, min(ROWS_PER_GROUP, int(BATCH_BYTES / max(density, 1.0)))),
        most_text=max(SMALL_CONTENT_BYTES, MAX_EXPANSION * size),
    )


@dataclass(frozen=True)
class _Column:
    place: int
    leaf: int
    kind: pa.DataType
    is_ours: bool

    @property
    def has_text(self) -> bool:
        """Whether its values can be written as text; bytes count where text is expected."""
        kind = self.kind.value_type if pa.types.is_dictionary(self.kind) else self.kind
        if pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType):
            return False
        return self.is_ours or not _is_bytes(kind)

    @property
    def is_text(self) -> bool:
        kind = self.kind
        is_fixed = pa.types.is_fixed_size_binary(kind)
        return (_is_bytes(kind) and not is_fixed) or bool(
            pa.types.is_string(kind) or pa.types.is_large_string(kind)
        )


@dataclass
class _Pages:
    """The content of a column's pages, and the largest excess over the limit."""

    total: int = 0
    data: int = 0
    dictionary: int = 0
    density: float = 0.0
    """Bytes per value, in the page with the longest values."""


def _is_bytes(kind: pa.DataType) -> bool:
    is_binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return bool(is_binary or pa.types.is_fixed_size_binary(kind) or pa.types.is_binary_view(kind))


def _footer(raw: BinaryIO, size: int, file_name: str) -> ParquetFooter:
    raw.seek(max(0, size - _END))
    end = raw.read(_END)
    if end[4:] == MAGIC_ENCRYPTED:
        raise _encrypted(file_name)
    length = int.from_bytes(end[:4], "little")
    if length > MAX_FOOTER_BYTES and length <= size:
        raise refuse(file_name, f"has metadata of over {MAX_FOOTER_BYTES:,} bytes")
    if length > size - _END or end[4:] != MAGIC_PARQUET:
        raise PageError
    raw.seek(size - _END - length)
    footer = read_footer(raw.read(length))
    if footer.has_encrypted_columns:
        raise _encrypted(file_name)
    return footer


def _encrypted(file_name: str) -> DeliveryError:
    return DeliveryError(f"{file_name} is encrypted Parquet. Send it without encryption.")


def _check_rows(footer: ParquetFooter, size: int, file_name: str) -> None:
    # The same bytes in many row groups would be read again for each.
    if sum(chunk.compressed for group in footer.groups for chunk in group) > size:
        raise PageError
    if footer.rows > max(SMALL_ROWS, MAX_ROWS_PER_BYTE * size):
        raise refuse(file_name, f"declares {footer.rows:,} records in {size:,} bytes")


def _leaves(schema: pa.Schema, footer: ParquetFooter) -> Iterator[tuple[int, int]]:
    """Yield the position and first leaf of each column."""
    leaf = 0
    for place, field in enumerate(schema):
        yield place, leaf
        leaf += _leaf_count(field.type)
    if any(len(group) != leaf for group in footer.groups):
        raise PageError


def _leaf_count(kind: pa.DataType) -> int:
    if isinstance(kind, pa.BaseExtensionType):
        return _leaf_count(kind.storage_type)
    if not pa.types.is_nested(kind):
        return 1
    return sum(_leaf_count(kind.field(place).type) for place in range(kind.num_fields))


def _choose(
    wanted: Iterable[_Column], footer: ParquetFooter, raw: BinaryIO, size: int, file_name: str
) -> tuple[list[_Column], float]:
    """Return the columns whose pages fit into memory together, and their bytes per record.

    The contract's columns come first. Raises DeliveryError if they do not fit.
    """
    chosen: list[_Column] = []
    in_memory, total, density = 0, 0, 0.0
    for column in wanted:
        pages = _pages(column, footer, raw, file_name)
        largest = max(pages.data, pages.dictionary)
        fits = (
            largest <= MAX_PAGE_BYTES
            and in_memory + pages.data + pages.dictionary <= MAX_PAGES_BYTES
            and pages.density <= MAX_LINE_BYTES
        )
        if not fits and column.is_ours:
            raise refuse(file_name, f"has pages that expand to {largest:,} bytes and more")
        total += pages.total if fits else 0
        if total > max(SMALL_CONTENT_BYTES, MAX_EXPANSION * size):
            raise refuse(file_name, f"expands over {MAX_EXPANSION:,} times when decompressed")
        if fits:
            chosen.append(column)
            in_memory += pages.data + pages.dictionary
            density += pages.density + CELL_BYTES
    return chosen, density


def _pages(column: _Column, footer: ParquetFooter, raw: BinaryIO, file_name: str) -> _Pages:
    found = _Pages()
    sound_expansion = SOUND_EXPANSION if column.is_ours else 0
    for group in footer.groups:
        chunk = group[column.leaf]
        if chunk.codec not in _CODECS:
            raise DeliveryError(
                f"{file_name} is compressed in a way that cannot be read here (Parquet's codec "
                f"{chunk.codec}). Send it compressed by zstd, snappy or gzip, or not compressed."
            )
        for page in read_pages(raw, chunk):
            found.total += page.size
            beyond = page.size - sound_expansion * page.compressed
            if page.is_dictionary:
                found.dictionary = max(found.dictionary, beyond)
            else:
                found.data = max(found.data, beyond)
                found.density = max(found.density, page.size / max(page.values, 1))
    return found
