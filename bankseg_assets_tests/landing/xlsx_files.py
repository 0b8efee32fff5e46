"""Hand-made XLSX files for tests of the reader, with content that no program writes."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
FORMATS = {"": 0, "date": 14, "moment": 22, "time": 21, "percent": 9, "hours": 46, "money": 44}
"""Name -> number of a built-in format."""
_STYLES = {name: place for place, name in enumerate(FORMATS)}
_EPOCH = datetime(1899, 12, 30)
_DAY = timedelta(days=1)

Rows = Sequence[Sequence[Any]]


class Raw(str):
    """A cell's raw XML; `{}` in it is its reference."""

    __slots__ = ()


def write_xlsx(path: Path, sheets: Mapping[str, Rows | str], **parts: str) -> Path:
    """Write a workbook; a sheet is given as rows or XML. `parts`: further archive members."""
    sheet_list = "".join(
        f'<sheet name={quoteattr(name.lstrip("!"))} sheetId="{n}" r:id="r{n}"'
        + (' state="hidden"/>' if name.startswith("!") else "/>")
        for n, name in enumerate(sheets, 1)
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{_LINKS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n, _ in enumerate(sheets, 1)
    )
    styles = "".join(
        f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number in FORMATS.values()
    )
    content = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{sheet_list}'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        f'<Relationship Id="s" Type="{_LINKS}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="{len(FORMATS)}">{styles}'
        "</cellXfs></styleSheet>",
        **{
            f"xl/worksheets/sheet{n}.xml": rows if isinstance(rows, str) else sheet_xml(rows)
            for n, rows in enumerate(sheets.values(), 1)
        },
        **parts,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in content.items():
            package.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return path


def sheet_xml(rows: Rows) -> str:
    """Return a sheet of these rows; None writes no cell."""
    lines = [
        f'<row r="{number}">'
        + "".join(_cell(f"{_letters(place)}{number}", value) for place, value in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, 1)
        if row
    ]
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(place: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Raw):
        return value.replace("{}", place)
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        text = escape(value)
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    style, number = _number(value)
    return f'<c r="{place}" s="{_STYLES[style]}"><v>{number!r}</v></c>'


def _number(value: Any) -> tuple[str, float]:
    if isinstance(value, datetime):
        return "moment", (value - _EPOCH) / _DAY
    if isinstance(value, date):
        return "date", (datetime.combine(value, time()) - _EPOCH).days
    if isinstance(value, time):
        return "time", (datetime.combine(_EPOCH, value) - _EPOCH) / _DAY
    if isinstance(value, timedelta):
        return "hours", value / _DAY
    return "", value


def _letters(place: int) -> str:
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text
