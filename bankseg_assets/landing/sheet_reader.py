"""Write a sheet as CSV in a subprocess: `python -m bankseg_assets.landing.sheet_reader`.

The library holds a sheet as a dense table: one cell in the last row and column takes 512 GB, and
without memory the library ends its process. It therefore runs in a subprocess with a memory limit.
The argument is a `Request` as JSON; the last line of output is a `Reply`.
"""

import csv
import json
import resource
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from bankseg_assets.landing.header import folded
from bankseg_assets.landing.sheet_cells import Cell, CellStyle, style_from
from bankseg_assets.landing.sheet_errors import Places, error_cells

MAX_MEMORY_BYTES = 6 << 30  # of address space; a million rows of 20 columns take half of it
EMPTY, NO_SHEET, DAMAGED, TOO_LARGE = "empty", "no sheet", "damaged", "too large"


@dataclass(frozen=True)
class Request:
    """What to read and where to write it."""

    original: str
    output: str
    sheet: str
    header_line: int
    styles: Mapping[str, Mapping[str, Any]]
    has_errors: bool
    decimal_separator: str = "."
    """Of numbers in columns without a style."""


@dataclass(frozen=True)
class Reply:
    """The result of reading a sheet."""

    fault: str = ""
    sheet: str = ""
    others: list[str] = field(default_factory=list)
    """The other visible sheets."""


def main() -> int:
    """Read the request, and print the reply."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    reply = _read(Request(**json.loads(sys.argv[1])))
    print(json.dumps(asdict(reply)))
    return 0


def _read(request: Request) -> Reply:
    try:
        workbook = CalamineWorkbook.from_path(request.original)
        shown = [
            one.name
            for one in workbook.sheets_metadata
            if one.typ == SheetTypeEnum.WorkSheet and one.visible == SheetVisibleEnum.Visible
        ]
        name = _chosen(request.sheet, workbook.sheet_names, shown)
        if name is None:
            return Reply(NO_SHEET, request.sheet, shown)
        sheet = workbook.get_sheet_by_name(name)
        others = [one for one in shown if one != name]
        if sheet.start is None:
            return Reply(EMPTY, name, others)
        with Path(request.output).open("w", encoding="utf-8", newline="") as file:
            styles = {column: style_from(fields) for column, fields in request.styles.items()}
            rows = sheet.iter_rows()
            if request.has_errors:
                errors = error_cells(Path(request.original), name)
                rows = with_errors(rows, errors, sheet.start[1] + 1)
            plain = CellStyle(request.decimal_separator)
            write_rows(rows, file, styles, request.header_line, plain)
    except MemoryError:
        return Reply(TOO_LARGE)
    except (CalamineError, ExpatError, ElementTree.ParseError):
        return Reply(DAMAGED)
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # from Rust; it is not an Exception
            return Reply(DAMAGED)
        raise
    return Reply("", name, others)


def _chosen(wanted: str, names: list[str], shown: list[str]) -> str | None:
    """Return the sheet with this name; without a name, the first visible one."""
    if not wanted:
        return next(iter(shown), None)
    if wanted in names:
        return wanted
    same = [name for name in names if folded(name) == folded(wanted)]
    return same[0] if len(same) == 1 else None


def with_errors(
    rows: Iterable[list[Cell]], errors: Places, first_column: int
) -> Iterator[list[Cell]]:
    """Yield the rows with the errors inserted at their cells."""
    by_row: dict[int, dict[int, str]] = {}
    for (number, column), text in errors.items():
        by_row.setdefault(number, {})[column - first_column] = text
    for number, row in enumerate(rows, 1):
        found = by_row.get(number)
        yield [found.get(n, cell) for n, cell in enumerate(row)] if found else row


def write_rows(
    rows: Iterable[list[Cell]],
    file: TextIO,
    styles: Mapping[str, CellStyle],
    header_line: int,
    plain: CellStyle,
) -> None:
    """Write each row of a sheet as one line, so that line and row numbers agree.

    Empty rows at the end are left out. A row is as wide as the header, or up to its last value.
    `plain`: the style of columns that `styles` does not name.
    """
    writer = csv.writer(file, lineterminator="\n")
    found = enumerate(rows, 1)
    width = 0
    columns: list[CellStyle] = []
    for number, row in found:
        texts = _trimmed([plain.text(value) for value in row])
        if texts:
            writer.writerow(texts)
        else:
            file.write("\n")
        if texts and number >= header_line:
            width = len(texts)
            columns = _columns(texts, styles, len(row), plain)
            break
    empty = 0
    for _, row in found:
        texts = _trimmed([style.text(value) for style, value in zip(columns, row, strict=False)])
        if not texts:
            empty += 1
            continue
        file.write(("," * (width - 1) + "\n" if width > 1 else '""\n') * empty)
        empty = 0
        writer.writerow(texts + [""] * (width - len(texts)))


def _trimmed(texts: list[str]) -> list[str]:
    """Return the texts without empty ones at the end."""
    while texts and not texts[-1].strip():
        texts.pop()
    return texts


def _columns(
    names: list[str], styles: Mapping[str, CellStyle], width: int, plain: CellStyle
) -> list[CellStyle]:
    return [*_named(names, styles, plain), *[plain] * (width - len(names))]


def _named(
    names: list[str], styles: Mapping[str, CellStyle], plain: CellStyle
) -> Iterator[CellStyle]:
    """Yield each column's style, by its name as matched in the header."""
    loose = {folded(name): style for name, style in styles.items()}
    for name in names:
        yield styles.get(name) or loose.get(folded(name)) or plain


if __name__ == "__main__":
    sys.exit(main())
