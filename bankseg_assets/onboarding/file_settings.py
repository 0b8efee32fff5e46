"""Read a sample of a file as columns, and propose the settings of the file's format."""

from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from bankseg_assets.contracts.characters import INVISIBLE
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import MAGIC_OLE, printable
from bankseg_assets.landing.parse import EXTRA_FILE, parse_delivery
from bankseg_assets.landing.scan import scan
from bankseg_assets.onboarding.columns import Column
from bankseg_assets.onboarding.draft import Draft
from bankseg_assets.onboarding.encodings import decode_sample, find_encoding
from bankseg_assets.onboarding.sample import SampleError, kind_of, read_text_sample
from bankseg_assets.onboarding.text_tables import MOST_ROWS, TextTable, find_table
from bankseg_assets.runtime.scratch import temporary_folder

LEAST_NAMED = 3
"""Columns whose names are known, in a sheet of transactions."""
NO_HEADER = (
    "has no line that looks like a header, and a contract goes by the names of the columns. Put a "
    "line with the columns' names first (or have the bank send it), and try again."
)


@dataclass(frozen=True)
class Table:
    """The columns of a sample."""

    columns: tuple[Column, ...]
    rows: int


def read_table(path: Path, draft: Draft) -> Table:
    """Read a sample of a file, and propose the table [file]. Raises SampleError."""
    kind = kind_of(path)
    if kind == "text":
        return _read_text(path, draft)
    shown = {"parquet": "Parquet", "xlsx": "XLSX"}[kind]
    draft.propose("file.delimiter", ",", f"of text files; this one is {shown}")
    draft.propose("file.encoding", "utf-8", f"of text files; this one is {shown}")
    return _read_sheet(path, draft) if kind == "xlsx" else _read_parquet(path)


def _refuse_old_spreadsheet(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(MAGIC_OLE)) != MAGIC_OLE:
            return
        file.seek(0)
        try:
            scan(file, DeliveryContract(), printable(path.name))
        except DeliveryError as error:
            raise SampleError(str(error)) from error


def _read_text(path: Path, draft: Draft) -> Table:
    _refuse_old_spreadsheet(path)
    sample = read_text_sample(path)
    found = find_encoding(sample)
    encoding = found.name
    if len(found.candidates) > 1:
        answer = draft.ask("file.encoding", found.candidates, found.evidence, is_free=True)
        encoding = answer or encoding
        if answer:
            draft.answered("file.encoding", answer)
    else:
        encoding = draft.propose("file.encoding", encoding, found.evidence)
    table = find_table(decode_sample(sample, encoding), has_end=sample.has_end)
    if table is None:
        raise SampleError(f"{printable(path.name)} {NO_HEADER}")
    if not table.rows:
        raise SampleError(
            f"{printable(path.name)} has a header but no record. Send the file again."
        )
    draft.propose("file.delimiter", table.delimiter, table.delimiter_evidence)
    _propose_layout(table, draft)
    return Table(table.columns, table.rows)


def _propose_layout(table: TextTable, draft: Draft) -> None:
    if table.separator_line:
        draft.remark("file", "A first line `sep=` is left out without a setting.")
    if table.header_line > 1:
        draft.propose(
            "file.header_line",
            table.header_line,
            f"names {table.named} of its {len(table.columns)} columns; other lines are above it",
        )
    if table.footer_words:
        words = list(table.footer_words)
        draft.propose("file.footer_starts_with", words, "lines with few values that begin so")
    if table.footer_lines:
        lines = table.footer_lines
        answer = draft.ask(
            "file.footer_lines",
            (str(lines), "0"),
            f"the last {lines} do not have the header's fields: a footer in every file "
            f"({lines}), or damaged records (0)",
        )
        if answer:
            draft.answered("file.footer_lines", int(answer))
    if table.malformed:
        rows = "row does" if table.malformed == 1 else "rows do"
        draft.remark(
            "file",
            f"{table.malformed:,} sampled {rows} not have the header's fields; see the check.",
        )


def _read_sheet(path: Path, draft: Draft) -> Table:
    """Read the XLSX sheet that names most of our columns; ask if several do."""
    from bankseg_assets.onboarding.sheets import read_sheets

    sheets = read_sheets(path, printable(path.name))
    known = {name: table for name, table in sheets.items() if table and table.rows}
    if not known:
        raise SampleError(f"{printable(path.name)} {NO_HEADER}")
    first = next(iter(sheets))
    likely = [name for name, table in known.items() if table.named >= LEAST_NAMED] or [*known]
    chosen: str | None = likely[0]
    if "file.sheet" in draft.answers or len(likely) > 1:
        chosen = draft.ask("file.sheet", tuple(known), "more than one sheet may hold the records")
        if chosen:
            draft.answered("file.sheet", chosen)
    elif chosen != first:
        draft.propose("file.sheet", chosen, "the sheet with names of columns that are known")
    table = known[chosen or likely[0]]
    _propose_layout(table, draft)
    return Table(table.columns, table.rows)


def _read_parquet(path: Path) -> Table:
    """Read a file with typed columns as text, through the landing parser."""
    everything = replace(DeliveryContract(), columns={}, row_filters=())
    with temporary_folder() as folder:
        output = folder / "records.parquet"
        try:
            parse_delivery(
                path, everything, file_name=printable(path.name), sha256="0" * 64, output=output
            )
        except DeliveryError as error:
            raise SampleError(str(error)) from error
        extra = output.with_name(EXTRA_FILE)
        if not extra.exists():
            raise SampleError(f"{printable(path.name)} has no column of text, numbers or dates.")
        table = pq.read_table(extra).drop_columns(["row_number"])
    step = -(-table.num_rows // MOST_ROWS) or 1
    kept = table.take(list(range(0, table.num_rows, step)))
    kinds = {field.name: str(field.type) for field in pq.read_schema(path)}
    return Table(
        tuple(
            Column(
                name,
                tuple((value or "").strip(INVISIBLE) for value in kept[name].to_pylist()),
                kinds.get(name, ""),
            )
            for name in kept.column_names
        ),
        kept.num_rows,
    )
