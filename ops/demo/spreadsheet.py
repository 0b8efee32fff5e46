"""Write tables of texts and numbers as XLSX, with the standard library only."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

Cell = str | int | float
Rows = Iterable[Sequence[Cell]]

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # earliest date of ZIP; fixed, so that the bytes are reproducible


def write_xlsx(file: BinaryIO, sheets: Mapping[str, Rows]) -> None:
    """Write sheets (name -> rows) in the given order; an empty text is an empty cell."""
    numbers = range(1, len(sheets) + 1)
    parts: dict[str, Iterable[str]] = {
        "[Content_Types].xml": _content_types(numbers),
        "_rels/.rels": _links({1: ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": _workbook(sheets),
        "xl/_rels/workbook.xml.rels": _links(
            {number: ("worksheet", f"worksheets/sheet{number}.xml") for number in numbers}
        ),
    }
    parts |= {
        f"xl/worksheets/sheet{number}.xml": _sheet(rows)
        for number, rows in zip(numbers, sheets.values(), strict=True)
    }
    with ZipFile(file, "w") as archive:
        for name, texts in parts.items():
            entry = ZipInfo(name, _EARLIEST)
            entry.compress_type = ZIP_DEFLATED
            with archive.open(entry, "w") as part:
                part.write(_HEAD.encode())
                for text in texts:
                    part.write(text.encode())


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


def _sheet(rows: Rows) -> Iterator[str]:
    yield f'<worksheet xmlns="{_MAIN}"><sheetData>'
    for number, row in enumerate(rows, 1):
        cells = "".join(
            _cell(f"{column_letters(place)}{number}", value)
            for place, value in enumerate(row)
            if value != ""
        )
        yield f'<row r="{number}">{cells}</row>'
    yield "</sheetData></worksheet>"


def _cell(place: str, value: Cell) -> str:
    if isinstance(value, str):
        text = f'<t xml:space="preserve">{escape(value)}</t>'
        return f'<c r="{place}" t="inlineStr"><is>{text}</is></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'
