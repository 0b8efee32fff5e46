"""Empty rows of a sheet of an XLSX file, and the shared texts that no other cell uses."""

import re
import zipfile
from collections.abc import Callable, Iterator
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
        changed = {path: _without_rows(source.read(path), numbers)}
        used = {
            place
            for name in source.namelist()
            if "/worksheets/" in name and name.endswith(".xml")
            for place in _shared(changed[name] if name == path else source.read(name))
        }
        for name in source.namelist():
            if name.endswith(_TEXTS):
                changed[name] = _with_texts(source.read(name), used.__contains__)
        for entry in source.infolist():
            content = changed.get(entry.filename)
            target.writestr(entry, source.read(entry) if content is None else content)


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
    number = 0

    def emptied(found: re.Match[bytes]) -> bytes:
        nonlocal number
        named = _NUMBER.search(found[2])
        number = int(named[1]) if named else number + 1
        if number not in numbers:
            return found[0]
        return b'<%brow r="%d"/>' % (found[1], number)

    return _ROW.sub(emptied, content)


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
