"""Read a scanned CSV file in Arrow's blocks without losing a record.

Arrow keeps quoted line breaks, and reports every record whose number of fields differs from the
header's, with its text and number.
"""

import io
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import MAGIC_GZIP
from bankseg_assets.landing.footer import Footer
from bankseg_assets.landing.non_records import ABOVE, FOOTER, NonRecords
from bankseg_assets.landing.numbering import RecordNumbers
from bankseg_assets.landing.opening import without_opening
from bankseg_assets.landing.quotes import without_strays
from bankseg_assets.landing.scan import CsvScan
from bankseg_assets.landing.text import MAX_LINE_BYTES, Reader, line_blocks, read_chunks
from bankseg_assets.landing.trailing_fields import TrailingFields

ROWS_PER_GROUP = 1 << 15  # 32 groups per million rows, so that the cores get equal shares
BYTES_PER_GROUP = 32 << 20  # for records so long or wide that fewer of them fill the memory
MAX_MALFORMED_BYTES = 64 << 20  # consecutive: such a file does not have its header's shape
BLOCK_BYTES = MAX_LINE_BYTES  # larger is slower, and Arrow allows a record to span two


class _MalformedRecords:
    """Collects the records whose number of fields differs from the header's."""

    def __init__(self, skipped: int, numbers: RecordNumbers) -> None:
        self.strays: deque[str] = deque()
        self.places: list[int] = []
        """From 1 on, in what Arrow reads."""
        self._texts: list[str] = []
        self.pending_bytes = 0
        self._skipped = skipped
        self._numbers = numbers
        self._taken = 0

    def __call__(self, row: pa_csv.InvalidRow) -> str:
        self.places.append(row.number - self._skipped)
        is_stray = row.text.startswith("\0")
        self._texts.append(self.strays.popleft() if is_stray else row.text)
        self.pending_bytes += len(self._texts[-1])
        # Arrow skips blocks that hold only such records, so they would fill the memory.
        return "skip" if self.pending_bytes <= MAX_MALFORMED_BYTES else "error"

    @property
    def last_number(self) -> int:
        """The file's record number of the last one."""
        return int(self._numbers.of(self.places[-1:])[0])

    def take(self) -> pa.Table:
        """Return the records collected since the last call."""
        places = self.places[self._taken :]
        texts, self._texts = self._texts, []
        self._taken = len(self.places)
        self.pending_bytes = 0
        columns = {"row_number": pa.array(self._numbers.of(places), pa.int64())}
        return pa.table(columns | {"malformed_text": pa.array(texts, pa.string())})

    def forget(self, before: int) -> None:
        """Drop the positions before those of all later records."""
        keep = [place for place in self.places[: self._taken] if place >= before]
        self.places = keep + self.places[self._taken :]
        self._taken = len(keep)


def csv_tables(
    original: Path,
    contract: DeliveryContract,
    file_name: str,
    found: CsvScan,
    left_out: Counter[str],
) -> Iterator[pa.Table]:
    """Yield the records as strings, with row_number; columns are named by their position.

    Malformed records have only a row_number and a malformed_text. Lines that are not records are
    counted in `left_out` by their kind.
    """
    left_out.update({ABOVE: found.opening.lines_above, FOOTER: found.footer_lines})
    numbers = RecordNumbers(found.opening.header_number)
    is_native = found.is_plain and found.quotes_are_sound and contract.encoding == "utf-8"
    # Arrow counts blank lines among those it skips, but not after the header.
    skipped = found.opening.blank_lines + 1 if is_native else 0
    malformed = _MalformedRecords(skipped, numbers)
    with ExitStack() as stack:
        file = stack.enter_context(original.open("rb"))
        if is_native:
            compression = "gzip" if file.read(2) == MAGIC_GZIP else None
            stream = stack.enter_context(pa.input_stream(original, compression=compression))
        else:
            blocks = _records(file, contract, file_name, found, malformed.strays, numbers, left_out)
            stream = io.BufferedReader(_Stream(blocks), BLOCK_BYTES)
        next_place = 1
        pending: list[pa.Table] = []
        for batch in _open_csv(stream, contract, found, malformed, file_name, skipped):
            places = _good_places(next_place, batch.num_rows, malformed.places)
            next_place = int(places[-1]) + 1 if len(places) else next_place
            table = pa.Table.from_batches([batch])
            row_numbers = pa.array(numbers.of(places), pa.int64())
            pending.append(table.append_column("row_number", row_numbers))
            if (
                sum(table.num_rows for table in pending) >= ROWS_PER_GROUP
                or sum(table.nbytes for table in pending) >= BYTES_PER_GROUP
                or malformed.pending_bytes >= BYTES_PER_GROUP
            ):
                yield pa.concat_tables([*pending, malformed.take()], promote_options="default")
                malformed.forget(next_place)
                numbers.forget(next_place)
                pending = []
        yield pa.concat_tables([*pending, malformed.take()], promote_options="default")


def _records(
    file: Reader,
    contract: DeliveryContract,
    file_name: str,
    found: CsvScan,
    strays: deque[str],
    numbers: RecordNumbers,
    left_out: Counter[str],
) -> Iterator[bytes]:
    """Yield the text of the records, changed where Arrow would misread it."""
    blocks = line_blocks(read_chunks(file), contract, file_name)
    blocks = Footer(contract, file_name).without(blocks)
    blocks = without_opening(blocks, found.opening)
    columns, are_sound = len(found.header.names), found.quotes_are_sound
    if found.has_non_records:
        lines = NonRecords(found.opening, contract)
        blocks = lines.removed(blocks, numbers, left_out, quotes_are_sound=are_sound)
    if found.has_trailing_fields:
        fields = TrailingFields(columns, contract.delimiter, quotes_are_sound=are_sound)
        blocks = fields.removed(blocks)
    if not are_sound:
        lines_before = found.opening.lines
        blocks = without_strays(
            blocks, columns, contract.delimiter, file_name, strays, lines_before=lines_before
        )
    return blocks


class _Stream(io.RawIOBase):
    """A file object over blocks."""

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
    skipped: int,
) -> Iterator[pa.RecordBatch]:
    # Named by position, because a header may contain the same name twice.
    places = [str(place) for place in range(len(found.header.names))]
    try:
        yield from pa_csv.open_csv(
            stream,
            # Arrow numbers the malformed records only with one thread.
            read_options=pa_csv.ReadOptions(
                use_threads=False,
                block_size=BLOCK_BYTES,
                column_names=places,
                skip_rows_after_names=skipped,
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
                f"record {malformed.last_number:,}, that do not have the header's "
                f"{len(found.header.names)} fields. Correct it, or `delimiter` under [file] in "
                "the contract, and send it again."
            ) from error
        raise DeliveryError(
            f"{file_name} cannot be read as CSV. Save it again as CSV and send it."
        ) from error


def _good_places(first: int, count: int, malformed: list[int]) -> np.ndarray:
    """Return the positions of `count` good records from `first` on, around the malformed ones."""
    taken = [place for place in malformed if place >= first]
    candidates = np.arange(first, first + count + len(taken))
    return np.setdiff1d(candidates, taken, assume_unique=True)[:count]
