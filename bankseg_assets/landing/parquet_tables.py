"""Read a Parquet file as text, as a CSV of the same bank would hold it."""

import errno
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import reduce
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.landing.binary_fractions import Rounded, money_in, round_doubles
from bankseg_assets.landing.csv_tables import ROWS_PER_GROUP
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import printable
from bankseg_assets.landing.non_records import EMPTY
from bankseg_assets.landing.parquet_layout import (
    BATCH_BYTES,
    CELL_BYTES,
    MAX_EXPANSION,
    READ_BYTES,
    ParquetLayout,
    parquet_layout,
    refuse,
)
from bankseg_assets.landing.parquet_pages import PageError
from bankseg_assets.landing.row_filters import RowFilters
from bankseg_assets.landing.text import MAX_LINE_BYTES


def read_layout(original: Path, contract: DeliveryContract, file_name: str) -> ParquetLayout:
    """Find the contract's columns in a Parquet file; raises DeliveryError."""
    with _explained(file_name):
        return parquet_layout(original, contract, file_name)


def parquet_tables(
    original: Path,
    contract: DeliveryContract,
    file_name: str,
    layout: ParquetLayout,
    filters: RowFilters,
    rounded: list[Rounded],
    left_out: Counter[str],
) -> Iterator[pa.Table]:
    """Yield the records that `filters` keep as strings; columns are named by position.

    `rounded` receives the number of rounded amounts per batch and column, `left_out` that of rows
    without a value. Raises DeliveryError if the file is damaged or its values expand excessively.
    """
    pending: list[pa.Table] = []
    rows = size = 0
    for table in _tables(original, contract, file_name, layout, filters, rounded, left_out):
        pending.append(table)  # a file may have one row group per record
        rows, size = rows + table.num_rows, size + table.nbytes
        if rows >= ROWS_PER_GROUP or size >= BATCH_BYTES:
            yield pa.concat_tables(pending)
            pending, rows, size = [], 0, 0
    if pending:
        yield pa.concat_tables(pending)


def _tables(
    original: Path,
    contract: DeliveryContract,
    file_name: str,
    layout: ParquetLayout,
    filters: RowFilters,
    rounded: list[Rounded],
    left_out: Counter[str],
) -> Iterator[pa.Table]:
    places = sorted(layout.leaves)
    names = [layout.header.names[place] for place in places]
    texts = _Texts(contract, file_name, layout, filters, rounded)
    next_number, text_bytes = 1, 0
    with (
        _explained(file_name),
        pq.ParquetFile(
            original,
            read_dictionary=layout.dictionaries,
            buffer_size=READ_BYTES,
            coerce_int96_timestamp_unit="us",  # nanoseconds wrap around before 1677, after 2262
        ) as file,
    ):
        for batch in _batches(file, layout, places):
            for part in _parts(batch, names, file_name):
                numbers = pa.array(np.arange(next_number, next_number + part.num_rows), pa.int64())
                next_number += part.num_rows
                table = texts.table(*_without_empty(part, numbers, left_out))
                text_bytes += table.nbytes
                if text_bytes > layout.most_text:
                    raise refuse(file_name, f"expands over {MAX_EXPANSION:,} times when read")
                yield table


def _batches(
    file: pq.ParquetFile, layout: ParquetLayout, places: list[int]
) -> Iterator[pa.RecordBatch]:
    # Columns by number: a name may occur twice, and `columns=` takes names. One row group at a
    # time: 12,000 at once took 500 MB.
    return chain.from_iterable(
        file.reader.iter_batches(
            layout.batch_rows,
            row_groups=[group],
            column_indices=[layout.leaves[place] for place in places],
            use_threads=False,  # with threads, every column's next page is decompressed ahead
        )
        for group in range(file.num_row_groups)
    )


def _without_empty(
    part: pa.RecordBatch, numbers: pa.Array, left_out: Counter[str]
) -> tuple[pa.RecordBatch, pa.Array]:
    """Leave out rows of nulls, as a spreadsheet's empty rows: they are not records."""
    if not part.num_columns or not all(column.null_count for column in part.columns):
        return part, numbers
    is_record = reduce(pc.or_, (column.is_valid() for column in part.columns))
    left_out[EMPTY] += part.num_rows - is_record.true_count
    return part.filter(is_record), numbers.filter(is_record)


class _Texts:
    """Converts the columns of a Parquet file to text, and leaves out the filtered rows."""

    def __init__(
        self,
        contract: DeliveryContract,
        file_name: str,
        layout: ParquetLayout,
        filters: RowFilters,
        rounded: list[Rounded],
    ) -> None:
        header = layout.header
        self._contract = contract
        self._file_name = file_name
        self._names = header.names
        self._places = sorted(layout.leaves)
        self._rules = {place: contract.columns[ours] for ours, place in header.places.items()}
        self._money = {header.places[one] for one in money_in(contract) if one in header.places}
        self._filters = filters
        self._rounded = rounded

    def table(self, part: pa.RecordBatch, numbers: pa.Array) -> pa.Table:
        """Return the kept rows with their `row_number`."""
        if self._filters.places:  # first, so that amounts of other rows do not count as rounded
            kept = self._filters.kept(
                {
                    place: self._text(part.column(self._places.index(place)), place, None)
                    for place in self._filters.places
                }
            )
            part, numbers = part.filter(kept), numbers.filter(kept)
        columns = {
            str(place): self._text(column, place, self._rounded if place in self._money else None)
            for place, column in zip(self._places, part.columns, strict=True)
        }
        return pa.table(columns | {"row_number": numbers})

    def _text(self, column: pa.Array, place: int, rounded: list[Rounded] | None) -> pa.Array:
        return _as_text(
            *(column, self._rules.get(place), self._names[place], self._file_name),
            rounded=rounded,
            contract=self._contract,
        )


@contextmanager
def _explained(file_name: str) -> Iterator[None]:
    """Convert a library's errors to DeliveryError, or to the OSError behind them."""
    try:
        yield
    except MemoryError as error:  # Arrow's own is one too; the content is not at fault
        raise OSError(errno.ENOMEM, "there is not enough memory") from error
    except (pa.ArrowException, OSError, UnicodeDecodeError, PageError, RecursionError) as error:
        # An error with a number is the machine's, such as 5, input/output.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DeliveryError(
            f"{file_name} is a damaged Parquet file. Send the file again."
        ) from error


def _parts(batch: pa.RecordBatch, names: list[str], file_name: str) -> Iterator[pa.RecordBatch]:
    """Yield a batch in parts that are small as text, even if values repeat thousandfold."""
    lengths, longest = [], CELL_BYTES * batch.num_columns
    for column, name in zip(batch.columns, names, strict=True):
        if not pa.types.is_dictionary(column.type) or not len(column.dictionary):
            continue
        sizes = _sizes(column.dictionary)
        most = pc.max(sizes).as_py() or 0
        if most > MAX_LINE_BYTES:
            raise DeliveryError(
                f"{file_name} has a value of over {MAX_LINE_BYTES:,} bytes in the column "
                f"{printable(name)!r}. Correct it and send the file again."
            )
        longest += most
        lengths.append((sizes, column.indices))
    if longest * batch.num_rows <= BATCH_BYTES:
        yield batch
        return
    texts = [pc.fill_null(pc.take(*pair), 0).to_numpy() for pair in lengths]
    cells = np.full(batch.num_rows, CELL_BYTES * batch.num_columns)
    ends = np.cumsum(np.sum([cells, *texts], axis=0))
    start = 0
    while start < batch.num_rows:
        before = ends[start - 1] if start else 0
        end = int(np.searchsorted(ends, before + BATCH_BYTES, side="right"))
        end = max(end, start + 1)
        yield batch.slice(start, end - start)
        start = end


def _sizes(dictionary: pa.Array) -> pa.Array:
    kind = dictionary.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return pc.cast(pc.binary_length(dictionary), pa.int64())
    if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind):
        return pc.binary_length(dictionary)
    return pa.repeat(pa.scalar(0, pa.int64()), len(dictionary))  # numbers and dates are short


def _as_text(
    column: pa.Array,
    rule: ColumnRule | None,
    name: str,
    file_name: str,
    *,
    rounded: list[Rounded] | None,
    contract: DeliveryContract,
) -> pa.Array:
    """Return a column as text.

    `rounded`: counts the rounded amounts, for money. If the contract has a time zone, an instant is
    written in UTC with a Z, for cleaning to convert; otherwise in the column's zone. An instant of
    a day column that falls on another day there is also written in UTC: it may be either day, and
    cleaning quarantines it.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        decoded = column.dictionary_decode()
        return _as_text(*(decoded, rule, name, file_name), rounded=rounded, contract=contract)
    is_instant = pa.types.is_timestamp(kind) and kind.tz is not None
    is_instant &= bool(contract.time_zone) and rule is not None and rule.has_time
    is_day = not is_instant and _is_day(kind, rule, contract)
    instants = _on_another_day(column, contract.time_zone) if is_day else None
    if pa.types.is_timestamp(kind):
        if is_instant:
            column = column.cast(pa.timestamp(kind.unit))
        elif kind.tz is not None:
            column = pc.local_timestamp(column)  # the bank's own clock
        if kind.unit == "ns":
            column = column.cast(pa.timestamp("us"), safe=False)  # like all others
    text = column.cast(pa.string(), safe=False)
    if is_instant:
        text = pc.binary_join_element_wise(text, "Z", "")
    text = text if instants is None else pc.coalesce(instants, text)
    try:
        text.validate(full=True)
    except pa.ArrowInvalid as error:
        raise DeliveryError(
            f"{file_name} has bytes that are not UTF-8 text in the column {printable(name)!r}. "
            "Send the column as text, numbers or dates."
        ) from error
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        text = _plain_numbers(text)
    if rounded is not None and pa.types.is_floating(kind):
        text, found = round_doubles(text, kind, name, contract.decimals)
        rounded.append(found)
    if rule is not None and rule.decimal_separator == "," and not _is_text(kind):
        text = pc.replace_substring(text, ".", ",")
    if rule is not None and pa.types.is_time(kind) and rule.has_plain_format:
        text = _clock_time(text, rule.format)
    return text


def _is_day(kind: pa.DataType, rule: ColumnRule | None, contract: DeliveryContract) -> bool:
    """Whether these are instants of a day column and the bank's time zone is known."""
    is_date = rule is not None and rule is contract.columns.get("transaction_date")
    has_zone = pa.types.is_timestamp(kind) and kind.tz is not None
    return is_date and has_zone and bool(contract.time_zone)


def _on_another_day(column: pa.Array, time_zone: str) -> pa.Array:
    """Return the text of instants whose day differs between a time zone and the column's."""
    unit = column.type.unit
    zones = (column.type, pa.timestamp(unit, time_zone))
    days = [pc.floor_temporal(pc.local_timestamp(column.cast(one)), unit="day") for one in zones]
    differ = pc.fill_null(pc.not_equal(*days), False)
    there = column.filter(differ).cast(pa.timestamp(unit)).cast(pa.string())
    text = pc.binary_join_element_wise(there, "Z", "")
    return pc.replace_with_mask(pa.nulls(len(column), pa.string()), differ, text)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _plain_numbers(text: pa.Array) -> pa.Array:
    """Write 1e+15 as 1000000000000000."""
    is_scientific = pc.fill_null(pc.match_substring_regex(text, "[0-9][eE]"), False)
    if not pc.any(is_scientific).as_py():
        return text
    plain = [f"{Decimal(number):f}" for number in text.filter(is_scientific).to_pylist()]
    return pc.replace_with_mask(text, is_scientific, pa.array(plain, pa.string()))


def _clock_time(text: pa.Array, format_: str) -> pa.Array:
    """Write 14:32:07.000 in the contract's format, whose parts are of two digits each."""
    pattern = r"^(?P<HH>\d\d):(?P<mm>\d\d):(?P<ss>\d\d).*$"
    written = format_.replace("HH", r"\1").replace("mm", r"\2").replace("ss", r"\3")
    return pc.replace_substring_regex(text, pattern, written)
