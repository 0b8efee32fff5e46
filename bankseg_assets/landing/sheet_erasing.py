"""Empty rows of a sheet of an XLSX file, and the shared texts that no other cell uses."""

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.header import folded
from bankseg_assets.landing.sheet_errors import sheet_path
from bankseg_assets.landing.xlsx_package import check_package

_TEXTS = "sharedStrings.xml"
_ROW = re.compile(rb"<((?:\w+:)?)row\b([^>]*?)(?:/>|>(.*?)</\1row>)", re.DOTALL)
_CELL = re.compile(rb"<((?:\w+:)?)c\b([^>]*?)(?<!/)>(.*?)</\1c>", re.DOTALL)
_NUMBER = re.compile(rb"\br=[\"'](\d+)[\"']")
_IS_SHARED = re.compile(rb"\bt=[\"']s[\"']")
_PLACE = re.compile(rb"<(?:\w+:)?v>\s*(\d+)\s*<")
_TEXT = re.compile(rb"<((?:\w+:)?)si\b[^>]*?(?:/>|>.*?</\1si>)", re.DOTALL)


def erase_rows(original: Path, output: Path, sheet: str, numbers: frozenset[int]) -> None:
    """Write an XLSX file with rows of a sheet emptied; `sheet` is the contract's, or empty.

    A shared text is emptied unless a cell of any sheet still uses it. Raises DeliveryError.
    """
    check_package(original, original.name)
    with zipfile.ZipFile(original) as source, zipfile.ZipFile(output, "w") as target:
        path = sheet_path(source, _sheet_name(source, sheet))
        if path not in source.namelist():
            raise DeliveryError(f"{original.name} has no sheet that could be changed.")
        _write_without(source, target, {path: numbers})


def _write_without(
    source: zipfile.ZipFile, target: zipfile.ZipFile, rows: Mapping[str, frozenset[int]]
) -> None:
    """Copy a package with rows emptied; `rows`: path of a sheet -> their numbers."""
    changed = {name: _without_rows(source.read(name), numbers) for name, numbers in rows.items()}
    used = {
        place
        for name in source.namelist()
        if "/worksheets/" in name and name.endswith(".xml")
        for place in _shared(changed[name] if name in changed else source.read(name))
    }
    for name in source.namelist():
        if name.endswith(_TEXTS):
            changed[name] = _with_texts(source.read(name), used.__contains__)
    for entry in source.infolist():
        content = changed.get(entry.filename)
        target.writestr(entry, source.read(entry) if content is None else content)


def erase_rows_with(original: Path, output: Path, has_one: Callable[[bytes], bool]) -> int:
    """Write an XLSX file with the rows of all sheets emptied whose texts have one; return how many.

    Raises DeliveryError and zipfile.BadZipFile.
    """
    check_package(original, original.name)
    with zipfile.ZipFile(original) as source:
        texts = [
            found[0]
            for name in source.namelist()
            if name.endswith(_TEXTS)
            for found in _TEXT.finditer(source.read(name))
        ]
        rows = {
            name: _rows_with(source.read(name), texts, has_one)
            for name in source.namelist()
            if "/worksheets/" in name and name.endswith(".xml")
        }
        with zipfile.ZipFile(output, "w") as target:
            _write_without(source, target, {name: found for name, found in rows.items() if found})
    return sum(map(len, rows.values()))


def _rows_with(
    content: bytes, texts: Sequence[bytes], has_one: Callable[[bytes], bool]
) -> frozenset[int]:
    """Return the numbers of the rows of a sheet whose texts have one."""
    found = set()
    for number, row in _numbered(content):
        row_text = row[3] or b""
        shared = (texts[place] for place in _shared(row_text) if place < len(texts))
        if has_one(b"\n".join([row_text, *shared])):
            found.add(number)
    return frozenset(found)


def _numbered(content: bytes) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Yield the rows of a sheet with their numbers, which may be missing."""
    number = 0
    for row in _ROW.finditer(content):
        named = _NUMBER.search(row[2])
        number = int(named[1]) if named else number + 1
        yield number, row


def _sheet_name(package: zipfile.ZipFile, wanted: str) -> str:
    """Return the name of the contract's sheet; without one, of the first visible sheet."""
    workbook = next((name for name in package.namelist() if name.endswith("/workbook.xml")), "")
    sheets = [
        (element.get("name", ""), element.get("state", "visible"))
        for element in ElementTree.fromstring(package.read(workbook)).iter()
        if element.tag.rpartition("}")[2] == "sheet"
    ]
    if wanted:
        same = (name for name, _ in sheets if name == wanted or folded(name) == folded(wanted))
        return next(same, "")
    return next((name for name, state in sheets if state == "visible"), "")


def _without_rows(content: bytes, numbers: frozenset[int]) -> bytes:
    parts, end = [], 0
    for number, row in _numbered(content):
        if number in numbers:
            parts += [content[end : row.start()], b'<%brow r="%d"/>' % (row[1], number)]
            end = row.end()
    return b"".join([*parts, content[end:]])


def _shared(content: bytes) -> Iterator[int]:
    """Yield the numbers of the shared texts that a sheet's cells use."""
    for cell in _CELL.finditer(content):
        if _IS_SHARED.search(cell[2]) and (place := _PLACE.search(cell[3])):
            yield int(place[1])


def _with_texts(content: bytes, is_used: Callable[[int], bool]) -> bytes:
    number = -1

    def emptied(found: re.Match[bytes]) -> bytes:
        nonlocal number
        number += 1
        return found[0] if is_used(number) else b"<%bsi><%bt/></%bsi>" % ((found[1],) * 3)

    return _TEXT.sub(emptied, content)
