"""Write tables of texts and numbers as XLSX: cells hold values, never formulas."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.presentation.column_text import (
    REAL,
    cell_texts,
    content,
    joined,
    number_texts,
)

Cell = str | int | float
Rows = Iterable[Sequence[Cell]]

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # earliest date of ZIP; fixed, so that the bytes are reproducible


_BLOCK_ROWS = 20_000  # of a data frame, as text in memory: about 15 MB
_COMPRESSION = 1  # 300,000 rows in a second; 6 takes three for 30 % fewer bytes
# XML has no characters for these, and Excel repairs a file with them.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_PLAIN = re.compile(f"[&<>]|{_NOT_IN_XML.pattern}")


def write_xlsx(file: BinaryIO, sheets: Mapping[str, Rows | pd.DataFrame]) -> None:
    """Write sheets (name -> rows, or a table with its header) in the given order.

    Empty texts and missing values are empty cells.
    """
    numbers = range(1, len(sheets) + 1)
    parts: dict[str, Iterable[str | bytes]] = {
        "[Content_Types].xml": _content_types(numbers),
        "_rels/.rels": _links({1: ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": _workbook(sheets),
        "xl/_rels/workbook.xml.rels": _links(
            {number: ("worksheet", f"worksheets/sheet{number}.xml") for number in numbers}
        ),
    }
    parts |= {
        f"xl/worksheets/sheet{number}.xml": _sheet(
            _frame_rows(rows) if isinstance(rows, pd.DataFrame) else _rows(rows)
        )
        for number, rows in zip(numbers, sheets.values(), strict=True)
    }
    with ZipFile(file, "w") as archive:
        for name, texts in parts.items():
            entry = ZipInfo(name, _EARLIEST)
            entry.compress_type = ZIP_DEFLATED
            # The level of the archive is not that of an entry with a date of its own.
            entry._compresslevel = _COMPRESSION  # type: ignore[attr-defined]
            with archive.open(entry, "w") as part:
                part.write(_HEAD.encode())
                for text in texts:
                    part.write(text.encode() if isinstance(text, str) else text)


def column_letters(number: int) -> str:
    """Return the name of a column, counted from 0.

    >>> column_letters(0), column_letters(25), column_letters(26)
    ('A', 'Z', 'AA')
    """
    before, letter = divmod(number, 26)
    return (column_letters(before - 1) if before else "") + chr(ord("A") + letter)


def _content_types(numbers: Iterable[int]) -> Iterator[str]:
    yield f'<Types xmlns="{_TYPES}">'
    yield '<Default Extension="xml" ContentType="application/xml"/>'
    rels = "application/vnd.openxmlformats-package.relationships+xml"
    yield f'<Default Extension="rels" ContentType="{rels}"/>'
    yield f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    for number in numbers:
        part = f"/xl/worksheets/sheet{number}.xml"
        yield f'<Override PartName="{part}" ContentType="{_KIND}.worksheet+xml"/>'
    yield "</Types>"


def _links(targets: Mapping[int, tuple[str, str]]) -> Iterator[str]:
    yield f'<Relationships xmlns="{_LINKS}">'
    for number, (kind, target) in targets.items():
        yield f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
    yield "</Relationships>"


def _workbook(names: Iterable[str]) -> Iterator[str]:
    yield f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    for number, name in enumerate(names, 1):
        yield f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
    yield "</sheets></workbook>"


def _sheet(rows: Iterable[str | bytes]) -> Iterator[str | bytes]:
    yield f'<worksheet xmlns="{_MAIN}"><sheetData>'
    yield from rows
    yield "</sheetData></worksheet>"


def _frame_rows(frame: pd.DataFrame) -> Iterator[str | bytes]:
    yield from _rows([[str(name) for name in frame.columns]])
    for start in range(0, len(frame), _BLOCK_ROWS):
        block = frame.iloc[start : start + _BLOCK_ROWS]
        numbers = pa.array(range(start + 2, start + 2 + len(block))).cast(pa.string())
        cells = [
            part
            for place, name in enumerate(frame.columns)
            for part in _column(column_letters(place), numbers, block[name])
        ]
        yield content(joined(['<row r="', numbers, '">', *cells, "</row>"], ""))


def _column(letters: str, numbers: pa.Array, column: "pd.Series[Any]") -> list[pa.Array | str]:
    """Return the parts of the XML of a column's cells; empty ones are left out."""
    if column.dtype.kind in REAL:
        texts = number_texts(column)
        before, after = '"><v>', "</v></c>"
    else:
        texts = cell_texts(column, _text, _NOT_PLAIN)
        before, after = '" t="inlineStr"><is><t xml:space="preserve">', "</t></is></c>"
    parts = [f'<c r="{letters}', numbers, before, texts, after]
    empty = pc.equal(texts, "")
    return [pc.if_else(empty, "", joined(parts, ""))] if pc.any(empty).as_py() else parts


def _rows(rows: Rows) -> Iterator[str]:
    for number, row in enumerate(rows, 1):
        cells = "".join(
            _cell(f"{column_letters(place)}{number}", value)
            for place, value in enumerate(row)
            if value != ""
        )
        yield f'<row r="{number}">{cells}</row>'


def _cell(place: str, value: Cell) -> str:
    if isinstance(value, str):
        text = f'<t xml:space="preserve">{_text(value)}</t>'
        return f'<c r="{place}" t="inlineStr"><is>{text}</is></c>'
    return f'<c r="{place}"><v>{value or 0!r}</v></c>'


def _text(value: str) -> str:
    return escape(_NOT_IN_XML.sub("", value))
