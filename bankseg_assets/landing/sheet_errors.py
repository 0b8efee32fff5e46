"""Find the cells of a sheet that hold errors such as #N/A, which the library reads as empty."""

import posixpath
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

Places = dict[tuple[int, int], str]
"""Row and column, both from 1 -> the displayed error."""
_WORKBOOK = "/workbook.xml"


def error_cells(original: Path, sheet: str) -> Places:
    """Return the errors of a sheet. The archive must not contain document types."""
    with zipfile.ZipFile(original) as package:
        path = sheet_path(package, sheet)
        if path not in package.namelist():
            return {}
        with package.open(path) as file:
            finder = _Finder()
            finder.parser.ParseFile(file)
    return finder.found


def sheet_path(package: zipfile.ZipFile, sheet: str) -> str:
    """Return the archive path of a sheet; empty if there is none of the name."""
    workbook = next((name for name in package.namelist() if name.endswith(_WORKBOOK)), "")
    folder = posixpath.dirname(workbook)
    links = f"{folder}/_rels/{posixpath.basename(workbook)}.rels"
    if not workbook or links not in package.namelist():
        return ""
    for element in ElementTree.fromstring(package.read(workbook)).iter():
        if _local(element.tag) != "sheet" or element.get("name") != sheet:
            continue
        link = next((value for key, value in element.items() if key.endswith("}id")), "")
        for target in ElementTree.fromstring(package.read(links)):
            if target.get("Id") == link:
                found = posixpath.join(f"/{folder}", target.get("Target", ""))
                return posixpath.normpath(found).lstrip("/")
    return ""


class _Finder:
    """Tracks the cells of a sheet; one without a reference follows the previous cell."""

    def __init__(self) -> None:
        self.found: Places = {}
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._row = self._column = 0
        self._is_error = self._is_value = False
        self._value = ""

    def _start(self, tag: str, attributes: dict[str, Any]) -> None:
        match _local(tag):
            case "row":
                self._row = int(attributes.get("r") or self._row + 1)
                self._column = 0
            case "c":
                self._column = _column(attributes.get("r", "")) or self._column + 1
                self._is_error = attributes.get("t") == "e"
                self._value = ""
            case "v":
                self._is_value = self._is_error

    def _text(self, text: str) -> None:
        if self._is_value:
            self._value += text

    def _end(self, tag: str) -> None:
        match _local(tag):
            case "v":
                self._is_value = False
            case "c" if self._is_error:
                self.found[self._row, self._column] = self._value
                self._is_error = False


def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2]


def _column(place: str) -> int:
    number = 0
    for letter in place.rstrip("0123456789"):
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
