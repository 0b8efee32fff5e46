"""Convert one delivered file to Parquet of strings without losing a record.

Arrow reads the CSV, not Spark: it needs one block of memory and reads a million rows in about a
second; Spark with `multiLine` uses one task per file and takes five to ten times as long.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.tables import DELIVERY_DIGITS, Table
from bankseg_assets.landing.binary_fractions import Rounded, add_up, count_noise, money_in
from bankseg_assets.landing.csv_tables import csv_tables
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.header import Header
from bankseg_assets.landing.joined_columns import joined
from bankseg_assets.landing.parquet_tables import parquet_tables, read_layout
from bankseg_assets.landing.row_filters import RowFilters
from bankseg_assets.landing.scan import CsvScan, scan
from bankseg_assets.landing.xlsx import sheet_as_csv
from bankseg_assets.landing.xlsx_package import is_zip
from bankseg_assets.storage.atomic_file import Draft, draft_in

EXTRA_FILE = "extra.parquet"
"""File of row_number and, as strings, the columns that the contract does not name."""


@dataclass(frozen=True)
class Parsed:
    """The result of parsing a file."""

    records: int
    malformed: int
    extra_columns: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """Columns that are not in the contract, and without text or too large."""
    rounded: tuple[Rounded, ...] = ()
    """The columns of money with values that are rounded to the currency's decimals."""
    may_be_cut_off: bool = False
    """The last record has no line end."""
    malformed_at_end: int = 0
    """The number of malformed records at the end, which may be a footer."""
    other_sheets: tuple[str, ...] = ()
    """The visible sheets of an XLSX file that were not read."""
    lines_left_out: Mapping[str, int] = field(default_factory=dict)
    """Kind -> number of lines that are not records."""


def parse_delivery(
    original: Path,
    contract: DeliveryContract,
    *,
    file_name: str,
    sha256: str,
    output: Path,
    is_accepted: bool = False,
) -> Parsed:
    """Scan a delivered file, then write it with `write_records`."""
    with original.open("rb") as file:
        found = scan(file, contract, file_name)
    return write_records(
        original,
        contract,
        found,
        file_name=file_name,
        sha256=sha256,
        output=output,
        is_accepted=is_accepted,
    )


def write_records(
    original: Path,
    contract: DeliveryContract,
    found: CsvScan | None,
    *,
    file_name: str,
    sha256: str,
    output: Path,
    is_accepted: bool = False,
) -> Parsed:
    """Write a scanned file as Parquet with the columns of the contract's table.

    `output` appears last and complete, so readers never see a partial file. `is_accepted`: allow a
    file of which the contract's filters keep no row; otherwise it is rejected. Raises DeliveryError
    if the content cannot be read, and OSError if the machine fails; nothing changes then.
    """
    if found is None and is_zip(original):
        with sheet_as_csv(original, contract, file_name) as (path, text, rows, others):
            parsed = write_records(
                path,
                text,
                rows,
                file_name=file_name,
                sha256=sha256,
                output=output,
                is_accepted=is_accepted,
            )
        return replace(parsed, other_sheets=others)
    records = _read(original, contract, found, file_name)
    origin = {"source_file": file_name, "delivery": sha256[:DELIVERY_DIGITS]}
    at_end = _MalformedAtEnd()
    extra_output = output.with_name(EXTRA_FILE)
    with ExitStack() as stack:
        main = stack.enter_context(draft_in(output.parent))
        extra = stack.enter_context(draft_in(output.parent)) if records.header.extra else None
        written = _write(records, contract, origin, at_end, main, extra)
        _require_rows(written, records, at_end, file_name, is_accepted=is_accepted)
        if extra:
            extra.publish(extra_output)
        else:
            extra_output.unlink(missing_ok=True)
        main.publish(output)
    return Parsed(
        written,
        at_end.malformed,
        tuple(records.header.extra),
        records.header.left_out_names,
        add_up(records.rounded),
        may_be_cut_off=found is not None and found.may_be_cut_off,
        malformed_at_end=at_end.count,
        lines_left_out={kind: number for kind, number in records.lines_left_out.items() if number},
    )


@dataclass(frozen=True)
class _Records:
    """The records of a file as tables of text, and what is counted while they are read."""

    header: Header
    filters: RowFilters
    tables: Iterator[pa.Table]
    are_filtered: bool
    rounded: list[Rounded]
    lines_left_out: Counter[str]


def _read(
    original: Path, contract: DeliveryContract, found: CsvScan | None, file_name: str
) -> _Records:
    rounded: list[Rounded] = []
    lines_left_out: Counter[str] = Counter()
    if found is None:
        layout = read_layout(original, contract, file_name)
        header = layout.header
        filters = RowFilters(contract, header, lines_left_out)
        tables = parquet_tables(
            original, contract, file_name, layout, filters, rounded, lines_left_out
        )
    else:
        header = found.header
        filters = RowFilters(contract, header, lines_left_out)
        tables = csv_tables(original, contract, file_name, found, lines_left_out)
    return _Records(header, filters, tables, found is None, rounded, lines_left_out)


def _write(
    records: _Records,
    contract: DeliveryContract,
    origin: dict[str, str],
    at_end: "_MalformedAtEnd",
    main: Draft,
    extra: Draft | None,
) -> int:
    """Write the records and the columns that the contract does not name; return the rows."""
    header, schema, rows = records.header, _schema(contract.table), 0
    money = {name: contract.columns[name] for name in money_in(contract)}
    with ExitStack() as writers:
        writer = writers.enter_context(_writer(main, schema))
        extra_writer = extra and writers.enter_context(_writer(extra, _extra_schema(header)))
        for every in records.tables:
            at_end.follow(every)
            table = every if records.are_filtered else records.filters.filtered(every)
            ours = _ours(table, schema, header, contract, origin)
            writer.write_table(ours)
            records.rounded.extend(
                count_noise(ours[name], rule, contract.decimals) for name, rule in money.items()
            )
            rows += ours.num_rows
            if extra_writer:
                extra_writer.write_table(_extra(table, header))
    return rows


def _require_rows(
    rows: int, records: _Records, at_end: "_MalformedAtEnd", file_name: str, *, is_accepted: bool
) -> None:
    """Raise DeliveryError if no row was read."""
    if records.filters.left_out and rows == at_end.malformed and not is_accepted:
        records.filters.refuse(file_name)
    if rows == 0 and not records.filters.left_out:
        raise DeliveryError(
            f"{file_name} has a header but no record{_of_lines(records.lines_left_out)}. Send the "
            "file again."
        )


class _MalformedAtEnd:
    """Counts the malformed records, and those after the last sound one."""

    def __init__(self) -> None:
        self.malformed = 0
        self._last_sound = 0
        self._after = pa.chunked_array([[]], pa.int64())

    @property
    def count(self) -> int:
        """The number of malformed records at the end."""
        return len(self._after)

    def follow(self, records: pa.Table) -> None:
        """Process the next records, in any order."""
        numbers = records["row_number"]
        if "malformed_text" in records.column_names:
            texts = records["malformed_text"]
        else:  # Parquet, where no record can be malformed
            texts = pa.chunked_array([pa.nulls(len(numbers), pa.string())])
        malformed = records.num_rows - texts.null_count
        self.malformed += malformed
        if malformed:
            self._after = pa.chunked_array(
                [*self._after.chunks, *numbers.filter(texts.is_valid()).chunks], pa.int64()
            )
            numbers = numbers.filter(texts.is_null())
        self._last_sound = pc.max(numbers).as_py() or self._last_sound
        if len(self._after):
            self._after = self._after.filter(pc.greater(self._after, self._last_sound))


def _of_lines(left_out: Counter[str]) -> str:
    lines = sum(left_out.values())
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in left_out.items() if number)
    return f"; {lines:,} lines are not records: {kinds}" if lines else ""


def _writer(draft: Draft, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(draft.file, schema, compression="zstd")


def _schema(table: Table) -> pa.Schema:
    kinds = {"bigint": pa.int64(), "string": pa.string()}
    return pa.schema([(column.name, kinds[column.type]) for column in table.columns])


def _ours(
    table: pa.Table,
    schema: pa.Schema,
    header: Header,
    contract: DeliveryContract,
    origin: dict[str, str],
) -> pa.Table:
    places = {ours: str(place) for ours, place in header.places.items()}
    columns = []
    for name in schema.names:
        if name in origin:
            columns.append(pa.repeat(pa.scalar(origin[name]), table.num_rows))
        elif name in header.joined:
            columns.append(joined(table, header.joined[name], name, contract.columns[name]))
        elif (delivered := places.get(name, name)) in table.column_names:
            columns.append(table[delivered])
        else:  # a column that this bank or a malformed record lacks
            columns.append(pa.nulls(table.num_rows, pa.string()))
    return pa.table(columns, schema=schema)


def _extra_schema(header: Header) -> pa.Schema:
    return pa.schema([("row_number", pa.int64()), *((name, pa.string()) for name in header.extra)])


def _extra(table: pa.Table, header: Header) -> pa.Table:
    if "malformed_text" in table.column_names:
        table = table.filter(table["malformed_text"].is_null())
    delivered = set(table.column_names)  # built at every call: seconds for a thousand columns
    empty = pa.nulls(table.num_rows, pa.string())
    columns = [
        table[str(place)] if str(place) in delivered else empty for place in header.extra.values()
    ]
    return pa.table([table["row_number"], *columns], schema=_extra_schema(header))
