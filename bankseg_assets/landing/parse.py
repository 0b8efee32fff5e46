"""Read one delivered file into Parquet of strings, record by record, and lose nothing.

Arrow reads the CSV, not Spark: it keeps quoted line breaks, hands over every record that has not
the header's number of fields together with its text and number, refuses text that is not UTF-8,
needs no more memory than a block, and reads a million rows in about a second; Spark with
`multiLine` takes one task a file and five to ten times as long.
"""

import codecs
import difflib
import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from bankseg_assets.contracts import RAW_TRANSACTIONS
from bankseg_assets.delivery import DeliveryContract

MAX_RECORD_BYTES = 1 << 20
MAX_LINES_IN_A_RECORD = 100  # more, and a quote was opened that swallows the records after it
ROWS_PER_GROUP = 1 << 15  # 32 groups a million rows, so that the cores get equal shares
_MAGIC_PARQUET = b"PAR1"
_MAGIC_GZIP = b"\x1f\x8b"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class DeliveryError(ValueError):
    """A file that cannot be taken; the message says what was expected, found, and what to do."""


class _MalformedRecords:
    """Collects the records that have not the header's number of fields."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.texts: list[str] = []
        self.unclosed_quote_at: int | None = None

    def __call__(self, row: pa_csv.InvalidRow) -> str:
        if row.text.count("\n") > MAX_LINES_IN_A_RECORD:
            self.unclosed_quote_at = row.number
        self.numbers.append(row.number)
        self.texts.append(row.text)
        return "skip"


def parse_delivery(
    original: Path, contract: DeliveryContract, *, file_name: str, sha256: str, output: Path
) -> int:
    """Write a delivered file as Parquet with RAW_TRANSACTIONS' columns; return its records.

    Raises DeliveryError when the file as a whole cannot be read; nothing is left at `output` then.
    """
    draft = output.with_name(f".{output.name}-{os.getpid()}")
    schema = pa.schema(
        [(column.name, _arrow_type(column.type)) for column in RAW_TRANSACTIONS.columns]
    )
    records = 0
    try:
        with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
            for table in _tables(original, contract, file_name):
                size = table.num_rows
                complete = table.append_column("source_file", _constant(file_name, size))
                complete = complete.append_column("delivery", _constant(sha256[:12], size))
                writer.write_table(complete.select(schema.names).cast(schema))
                records += size
        if records == 0:
            raise DeliveryError(f"{file_name} has a header but no record. Send the file again.")
        draft.replace(output)
    except (pa.ArrowException, UnicodeDecodeError, OSError, EOFError, zlib.error) as error:
        raise DeliveryError(_explain(error, file_name, contract)) from error
    finally:
        draft.unlink(missing_ok=True)
    return records


def _tables(original: Path, contract: DeliveryContract, file_name: str) -> Iterator[pa.Table]:
    with original.open("rb") as file:
        start = file.read(4)
    if not start:
        raise DeliveryError(f"{file_name} is empty (0 bytes). Send the file again.")
    if start == _MAGIC_PARQUET:
        return _parquet_tables(original, contract, file_name)
    if start[:2] in _UTF16_MARKS:
        raise DeliveryError(
            f"{file_name} is UTF-16 text; {contract.encoding} was expected. Save it again as UTF-8."
        )
    return _csv_tables(original, contract, file_name, compressed=start[:2] == _MAGIC_GZIP)


def _csv_tables(
    original: Path, contract: DeliveryContract, file_name: str, *, compressed: bool
) -> Iterator[pa.Table]:
    malformed = _MalformedRecords()
    header = _csv_header(original, contract, compressed=compressed)
    found = _check_header(header, contract, file_name)
    stream = pa.input_stream(original, compression="gzip" if compressed else None)
    with stream, _open_csv(stream, header, found, contract, malformed) as reader:
        next_number = 2  # the header is record 1
        pending: list[pa.Table] = []
        for batch in reader:
            _refuse_unclosed_quote(malformed.unclosed_quote_at, file_name)
            numbers = _record_numbers(next_number, batch.num_rows, malformed.numbers)
            _refuse_unclosed_quote(_record_of_many_lines(batch, numbers), file_name)
            next_number = int(numbers[-1]) + 1 if len(numbers) else next_number
            table = pa.Table.from_batches([batch]).rename_columns(list(found))
            pending.append(_with_numbers(table, numbers))
            if sum(table.num_rows for table in pending) >= ROWS_PER_GROUP:
                yield pa.concat_tables(pending)
                pending = []
    _refuse_unclosed_quote(malformed.unclosed_quote_at, file_name)
    pending.append(_malformed_table(list(found), malformed))
    yield pa.concat_tables(pending)


def _open_csv(
    stream: pa.NativeFile,
    header: list[str],
    found: dict[str, str],
    contract: DeliveryContract,
    malformed: _MalformedRecords,
) -> pa_csv.CSVStreamingReader:
    # Arrow does not decode UTF-8 itself, and loses a malformed record whose text is not UTF-8.
    # Under this name of the encoding every byte goes through Python's decoder, which refuses it.
    is_utf8 = codecs.lookup(contract.encoding).name == "utf-8"
    return pa_csv.open_csv(
        stream,
        # One thread: only then does Arrow number the malformed records.
        read_options=pa_csv.ReadOptions(
            use_threads=False,
            block_size=MAX_RECORD_BYTES,
            encoding="utf-8-sig" if is_utf8 else contract.encoding,
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=contract.delimiter, newlines_in_values=True, invalid_row_handler=malformed
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types={name: pa.string() for name in header},
            include_columns=list(found.values()),
            strings_can_be_null=False,
        ),
    )


def _record_of_many_lines(batch: pa.RecordBatch, numbers: np.ndarray) -> int | None:
    """Return the number of a record that has the header's fields but swallowed other records.

    An open quote makes one when it stands in the last field, or when a quote of the same column
    closes it.
    """
    for column in batch.columns:
        lines = pc.count_substring(column, "\n").to_numpy()
        if (lines > MAX_LINES_IN_A_RECORD).any():
            return int(numbers[lines.argmax()])
    return None


def _refuse_unclosed_quote(number: int | None, file_name: str) -> None:
    if number is not None:
        raise DeliveryError(
            f"{file_name} opens a quote in or before record {number} and does not close it. "
            "Correct that record and send the file again."
        )


def _parquet_tables(
    original: Path, contract: DeliveryContract, file_name: str
) -> Iterator[pa.Table]:
    with pq.ParquetFile(original) as file:
        found = _check_header(file.schema_arrow.names, contract, file_name)
        next_number = 1
        for batch in file.iter_batches(ROWS_PER_GROUP, columns=list(found.values())):
            table = pa.Table.from_batches([batch]).select(list(found.values()))
            table = table.rename_columns(list(found)).cast(
                pa.schema([(n, pa.string()) for n in found])
            )
            numbers = np.arange(next_number, next_number + table.num_rows)
            next_number += table.num_rows
            yield _with_numbers(table, numbers)


def _csv_header(original: Path, contract: DeliveryContract, *, compressed: bool) -> list[str]:
    opener = gzip.open if compressed else open
    with opener(original, "rb") as file:
        start = file.read(MAX_RECORD_BYTES).decode(contract.encoding, errors="replace")
    lines = start.lstrip("\ufeff\r\n").splitlines()
    first = pa.py_buffer((lines[0] if lines else "").encode() + b"\n")
    options = pa_csv.ParseOptions(delimiter=contract.delimiter)
    return list(pa_csv.read_csv(pa.BufferReader(first), parse_options=options).column_names)


def _check_header(header: list[str], contract: DeliveryContract, file_name: str) -> dict[str, str]:
    """Return our column name -> the file's, or raise with the likely match of what is missing."""
    missing = [name for name in contract.header.values() if name not in header]
    if missing:
        spare = [name for name in header if name not in contract.header.values()]
        hints = []
        for name in missing:
            close = difflib.get_close_matches(name, spare, n=1, cutoff=0.5)
            hints.append(f"{name!r}" + (f" (is it {close[0]!r}?)" if close else ""))
        raise DeliveryError(
            f"{file_name} has no column {', '.join(hints)}. Expected: "
            f"{', '.join(contract.header.values())}. Found: {', '.join(map(repr, header))[:500]}. "
            "Correct the header, or the contract's column names."
        )
    repeated = sorted({name for name in contract.header.values() if header.count(name) > 1})
    if repeated:
        raise DeliveryError(f"{file_name} has the column {repeated} more than once. Keep one.")
    return dict(contract.header)


def _record_numbers(first: int, count: int, malformed: list[int]) -> np.ndarray:
    """Number `count` good records from `first` on, leaving out the numbers of malformed ones."""
    taken = [number for number in malformed if number >= first]
    candidates = np.arange(first, first + count + len(taken))
    return np.setdiff1d(candidates, taken, assume_unique=True)[:count]


def _with_numbers(table: pa.Table, numbers: np.ndarray) -> pa.Table:
    table = table.append_column("row_number", pa.array(numbers, pa.int64()))
    return table.append_column("malformed_text", pa.nulls(table.num_rows, pa.string()))


def _malformed_table(names: list[str], malformed: _MalformedRecords) -> pa.Table:
    size = len(malformed.numbers)
    columns = {name: pa.nulls(size, pa.string()) for name in names}
    columns["row_number"] = pa.array(malformed.numbers, pa.int64())
    columns["malformed_text"] = pa.array(malformed.texts, pa.string())
    return pa.table(columns)


def _constant(value: str, size: int) -> pa.Array:
    return pa.repeat(pa.scalar(value), size)


def _arrow_type(spark_type: str) -> pa.DataType:
    return pa.int64() if spark_type == "bigint" else pa.string()


def _explain(error: Exception, file_name: str, contract: DeliveryContract) -> str:
    text = str(error)
    if "UTF8" in text or isinstance(error, UnicodeDecodeError):
        return f"{file_name} is not {contract.encoding} text. Save it again as UTF-8 ({text})."
    if "Empty CSV" in text:
        return f"{file_name} has a header at most, but no record. Send the file again."
    if "straddling" in text:
        return (
            f"{file_name} has a record of over {MAX_RECORD_BYTES:,} bytes, or a quote that is "
            "never closed. Correct that record and send the file again."
        )
    if "runcated" in text or isinstance(error, (EOFError, zlib.error)):
        return f"{file_name} is cut off: its compressed data ends early. Send the file again."
    return f"{file_name} cannot be read: {text}. Send the file again."
