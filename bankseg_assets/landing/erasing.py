"""Remove records from a delivered file, so that the numbers of all others stay.

An erased record of text becomes a line without a value, of a sheet an empty row, of Parquet a row
of nulls. The parser counts these and skips them.
"""

import codecs
import gzip
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import MAGIC_GZIP, MAGIC_PARQUET, MAGIC_ZIP
from bankseg_assets.landing.lines import CR, LF, QuoteParity, content_ends, line_ends, line_starts
from bankseg_assets.landing.parse import parse_delivery
from bankseg_assets.landing.scan import CsvScan, scan
from bankseg_assets.landing.sheet_erasing import erase_rows
from bankseg_assets.landing.text import line_blocks, read_chunks

BATCH_ROWS = 1 << 16
_UTF8 = "utf-8"
_CODECS = ("SNAPPY", "GZIP", "BROTLI", "LZ4", "ZSTD")


def write_without(
    original: Path, output: Path, contract: DeliveryContract, numbers: Iterable[int]
) -> None:
    """Write a delivered file without the records of these numbers.

    Raises DeliveryError if it does not fit the contract, and OSError.
    """
    erased = np.unique(np.fromiter(numbers, np.int64))
    with original.open("rb") as file:
        start = file.read(len(MAGIC_PARQUET))
    if start == MAGIC_PARQUET:
        _write_parquet(original, output, erased)
    elif start == MAGIC_ZIP:
        erase_rows(original, output, contract.layout.sheet, frozenset(erased.tolist()))
    else:
        _write_text(original, output, contract, erased)


def is_same_without(
    erased: Path, records: Path, contract: DeliveryContract, file_name: str
) -> bool:
    """Return whether parsing what is left of a file gives exactly these records."""
    with TemporaryDirectory(dir=records.parent) as folder:
        again = Path(folder) / records.name
        try:
            parse_delivery(
                *(erased, contract),
                file_name=file_name,
                sha256="",
                output=again,
                is_accepted=True,
            )
        except DeliveryError:
            return not len(_sorted_numbers(records))
        return bool(_sorted_numbers(again).equals(_sorted_numbers(records)))


def _sorted_numbers(records: Path) -> pa.ChunkedArray:
    """Return the record numbers of a table, ascending."""
    numbers = pq.read_table(records, columns=["row_number"])["row_number"]
    return numbers.take(pc.sort_indices(numbers))


def _write_parquet(original: Path, output: Path, erased: np.ndarray) -> None:
    with ExitStack() as stack:
        # Nanoseconds of an INT96 wrap around; see `parquet_tables`.
        file = stack.enter_context(pq.ParquetFile(original, coerce_int96_timestamp_unit="us"))
        schema = pa.schema(
            [field.with_nullable(nullable=True) for field in file.schema_arrow],
            file.schema_arrow.metadata,
        )
        codec = file.metadata.row_group(0).column(0).compression if file.num_row_groups else ""
        codec = codec if codec in _CODECS else "NONE"
        writer = stack.enter_context(pq.ParquetWriter(output, schema, compression=codec))
        first = 1
        for batch in file.iter_batches(BATCH_ROWS):
            places = np.arange(batch.num_rows)
            gone = np.isin(places + first, erased)
            first += batch.num_rows
            kept = pa.array(places, mask=gone)  # a null place gives a row of nulls
            writer.write_table(pa.Table.from_batches([batch]).take(kept).cast(schema))


def _write_text(
    original: Path, output: Path, contract: DeliveryContract, erased: np.ndarray
) -> None:
    with original.open("rb") as file:
        found = scan(file, contract, original.name)
    assert found is not None  # neither Parquet nor XLSX
    with ExitStack() as stack:
        file = stack.enter_context(original.open("rb"))
        target = cast("BinaryIO", stack.enter_context(output.open("wb")))
        start = file.read(len(codecs.BOM_UTF8))
        if start.startswith(MAGIC_GZIP):
            # Without the time, so that the same records give the same bytes.
            target = cast(
                "BinaryIO",
                stack.enter_context(gzip.GzipFile("", "wb", fileobj=target, mtime=0)),
            )
        file.seek(0)
        encoder = codecs.getincrementalencoder(contract.encoding)()
        if contract.encoding == _UTF8 and _has_mark(original):
            target.write(codecs.BOM_UTF8)
        blocks = line_blocks(read_chunks(file), contract, original.name)
        for text in _without_records(blocks, found, contract, erased):
            is_utf8 = contract.encoding == _UTF8
            target.write(text if is_utf8 else encoder.encode(text.decode()))


def _has_mark(original: Path) -> bool:
    with original.open("rb") as file:
        is_gzip = file.read(len(MAGIC_GZIP)) == MAGIC_GZIP
    with gzip.open(original) if is_gzip else original.open("rb") as text:
        return text.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8


def _without_records(
    blocks: Iterator[bytes], found: CsvScan, contract: DeliveryContract, erased: np.ndarray
) -> Iterator[bytes]:
    """Yield the text with a lone delimiter in place of each erased record."""
    left = found.opening.size
    parity = QuoteParity(quotes_are_sound=found.quotes_are_sound)
    number, pending = found.opening.header_number, b""
    for whole in blocks:
        if left >= len(whole):
            left -= len(whole)
            yield whole
            continue
        yield whole[:left]
        block, left = whole[left:], 0
        text = np.frombuffer(block, np.uint8)
        ends = line_ends(block, text)
        starts = line_starts(ends)
        parity.begin(block, text, starts)
        records = parity.record_ends(ends[content_ends(text, ends) > starts])
        numbers = number + 1 + np.arange(len(records))
        number += len(records)
        done = 0
        for place in np.flatnonzero(np.isin(numbers, erased)).tolist():
            begin = int(records[place - 1]) + 1 if place else 0
            if place or done:
                yield pending + block[done:begin]
            pending, end = b"", int(records[place])
            yield contract.delimiter.encode() + _line_end(block, end)
            done = end + 1
        if not len(records):
            pending += block
            continue
        last = int(records[-1]) + 1
        yield pending + block[done:last] if last > done else pending
        pending = block[max(last, done) :]
    yield pending


def _line_end(block: bytes, end: int) -> bytes:
    """Return the line end whose last byte is at a position; empty at the end of the file."""
    if end >= len(block):
        return b""
    if block[end] == LF and end and block[end - 1] == CR:
        return b"\r\n"
    return block[end : end + 1]
