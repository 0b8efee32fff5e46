"""Read a CSV file that passed the first look, in Arrow's blocks, losing no record.

Arrow keeps quoted line breaks, and hands over every record that has not the header's number of
fields together with its text and number.
"""

import io
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from bankseg_assets.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import MAGIC_GZIP
from bankseg_assets.landing.quotes import without_strays
from bankseg_assets.landing.scan import CsvScan
from bankseg_assets.landing.text import MAX_LINE_BYTES, line_blocks, read_chunks

ROWS_PER_GROUP = 1 << 15  # 32 groups a million rows, so that the cores get equal shares
BYTES_PER_GROUP = 32 << 20  # of records so long or wide that fewer fill the memory
MAX_MALFORMED_BYTES = 64 << 20  # in a row: such a file is of another shape than its header
BLOCK_BYTES = MAX_LINE_BYTES  # larger is slower, and Arrow allows a record to span two


class _MalformedRecords:
    """Collects the records that have not the header's number of fields."""

    def __init__(self, blank_lines: int) -> None:
        self.strays: deque[str] = deque()
        self.numbers: list[int] = []
        self._texts: list[str] = []
        self.pending_bytes = 0
        self._told = 0
        # Arrow counts blank lines before the header, and none after it.
        self._blank_lines = blank_lines

    def __call__(self, row: pa_csv.InvalidRow) -> str:
        self.numbers.append(row.number - self._blank_lines)
        is_stray = row.text.startswith("\0")
        self._texts.append(self.strays.popleft() if is_stray else row.text)
        self.pending_bytes += len(self._texts[-1])
        # Arrow hands over no block that has none but these, so that they would fill the memory.
        return "skip" if self.pending_bytes <= MAX_MALFORMED_BYTES else "error"

    def take(self) -> pa.Table:
        """Return the records since the last time."""
        numbers = self.numbers[self._told :]
        texts, self._texts = self._texts, []
        self._told = len(self.numbers)
        self.pending_bytes = 0
        columns = {"row_number": pa.array(numbers, pa.int64())}
        return pa.table(columns | {"malformed_text": pa.array(texts, pa.string())})

    def forget(self, before: int) -> None:
        """Drop the numbers that no later record can have."""
        keep = [number for number in self.numbers[: self._told] if number >= before]
        self.numbers = keep + self.numbers[self._told :]
        self._told = len(keep)


def csv_tables(
    original: Path, contract: DeliveryContract, file_name: str, found: CsvScan
) -> Iterator[pa.Table]:
    """Yield the records as strings under the header's places as names, with row_number.

    Malformed records have a row_number and a malformed_text alone.
    """
    malformed = _MalformedRecords(found.blank_lines)
    with ExitStack() as stack:
        stream = _open_text(original, contract, file_name, found, malformed.strays, stack)
        next_number = 2  # the header is record 1
        pending: list[pa.Table] = []
        for batch in _open_csv(stream, contract, found, malformed, file_name):
            numbers = _record_numbers(next_number, batch.num_rows, malformed.numbers)
            next_number = int(numbers[-1]) + 1 if len(numbers) else next_number
            table = pa.Table.from_batches([batch])
            pending.append(table.append_column("row_number", pa.array(numbers, pa.int64())))
            if (
                sum(table.num_rows for table in pending) >= ROWS_PER_GROUP
                or sum(table.nbytes for table in pending) >= BYTES_PER_GROUP
                or malformed.pending_bytes >= BYTES_PER_GROUP
            ):
                yield pa.concat_tables([*pending, malformed.take()], promote_options="default")
                malformed.forget(next_number)
                pending = []
        yield pa.concat_tables([*pending, malformed.take()], promote_options="default")


def _open_text(
    original: Path,
    contract: DeliveryContract,
    file_name: str,
    found: CsvScan,
    strays: deque[str],
    stack: ExitStack,
) -> Any:
    """Open the text for Arrow: itself where it is plain, ours where it must be changed."""
    file = stack.enter_context(original.open("rb"))
    if found.quotes_are_sound and contract.encoding == "utf-8":
        is_compressed = file.read(2) == MAGIC_GZIP
        compression = "gzip" if is_compressed else None
        return stack.enter_context(pa.input_stream(original, compression=compression))
    blocks = line_blocks(read_chunks(file), contract, file_name)
    if not found.quotes_are_sound:
        columns = len(found.header.names)
        blocks = without_strays(blocks, columns, contract.delimiter, file_name, strays)
    return io.BufferedReader(_Stream(blocks), BLOCK_BYTES)


class _Stream(io.RawIOBase):
    """Blocks as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._rest = self._rest or next(self._blocks, b"")
        size = min(len(self._rest), len(buffer))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _open_csv(
    stream: Any,
    contract: DeliveryContract,
    found: CsvScan,
    malformed: _MalformedRecords,
    file_name: str,
) -> Iterator[pa.RecordBatch]:
    # Places as names, because a header may say the same name twice.
    places = [str(place) for place in range(len(found.header.names))]
    try:
        yield from pa_csv.open_csv(
            stream,
            # One thread: only then does Arrow number the malformed records.
            read_options=pa_csv.ReadOptions(
                use_threads=False,
                block_size=BLOCK_BYTES,
                column_names=places,
                skip_rows_after_names=found.blank_lines + 1,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=contract.delimiter, newlines_in_values=True, invalid_row_handler=malformed
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(places, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return
        if malformed.pending_bytes > MAX_MALFORMED_BYTES:
            raise DeliveryError(
                f"{file_name} has over {MAX_MALFORMED_BYTES:,} bytes of records in a row, up to "
                f"record {malformed.numbers[-1]:,}, that do not have the header's "
                f"{len(found.header.names)} fields. Correct it, or the contract's delimiter, and "
                "send it again."
            ) from error
        raise DeliveryError(
            f"{file_name} cannot be read as CSV. Save it again as CSV and send it."
        ) from error


def _record_numbers(first: int, count: int, malformed: list[int]) -> np.ndarray:
    """Number `count` good records from `first` on, leaving out the numbers of malformed ones."""
    taken = [number for number in malformed if number >= first]
    candidates = np.arange(first, first + count + len(taken))
    return np.setdiff1d(candidates, taken, assume_unique=True)[:count]
