"""Recognise by its content what kind of file a list is, whatever its name ends in."""

import gzip
import re
import zipfile
import zlib
from pathlib import Path

from bankseg_assets.landing.files import (
    MAGIC_ENCRYPTED,
    MAGIC_GZIP,
    MAGIC_OLE,
    MAGIC_PARQUET,
    MAGIC_ZIP,
)
from bankseg_assets.scoring.lists.errors import ListError

TEXT, PARQUET, SHEET = "text", "parquet", "sheet"
EXPORT = "Export the list as CSV or XLSX."
START_BYTES = 4096
_UTF_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"II*\x00", "an image (TIFF)"),
    (b"MM\x00*", "an image (TIFF)"),
    (b"RIFF", "an image, a sound or a video (RIFF)"),
    (MAGIC_OLE, "an old Excel workbook (.xls) or a workbook with a password"),
    (b"\x09\x08\x10\x00", "an old Excel workbook (.xls)"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\x00\x01\x00\x00Standard", "an Access database"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an XZ archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"Obj\x01", "an Avro file"),
    (b"ARROW1", "an Arrow file"),
    (MAGIC_ENCRYPTED, "an encrypted Parquet file"),
    (b"$FL2", "an SPSS file"),
)
_MARKUP = (
    (re.compile(rb"(?i)\s*<(?:!doctype html|html|table|head|body|meta)\b"), "a web page (HTML)"),
    (re.compile(rb"\s*<\?xml\b"), "an XML document"),
    (re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*[\[{\]])"), "a JSON document"),
)
_IN_ARCHIVES = (
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
    ("content.xml", "an OpenDocument file (.ods, .odt)"),
)


def kind_of(path: Path, name: str) -> str:
    """Return TEXT, PARQUET or SHEET.

    Raises ListError, which says what another file is, and OSError. `name`: for the message.
    """
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if not start:
        raise ListError(f"{name} is empty (0 bytes). {EXPORT}")
    if start.startswith(MAGIC_PARQUET):
        return PARQUET
    if start.startswith(MAGIC_ZIP):
        if other := _in_archive(path):
            raise ListError(f"{name} is {other}. {EXPORT}")
        return SHEET
    is_packed = start.startswith(MAGIC_GZIP)
    if other := _other(_unpacked(start) if is_packed else start):
        raise ListError(f"{name} is {other}{', compressed' * is_packed}. {EXPORT}")
    return TEXT


def _in_archive(path: Path) -> str:
    """Return what a ZIP archive is if not a workbook; a damaged one is reported by its reader."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {entry.filename.lower() for entry in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return ""
    if any(one.endswith("/workbook.xml") for one in names):
        return ""
    return next((other for part, other in _IN_ARCHIVES if part in names), "a ZIP archive")


def _unpacked(start: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(start, START_BYTES)
    except (zlib.error, gzip.BadGzipFile):
        return b""


def _other(start: bytes) -> str:
    for magic, other in _OTHERS:
        if start.startswith(magic):
            return other
    for pattern, other in _MARKUP:
        if pattern.match(start.removeprefix(b"\xef\xbb\xbf")):
            return other
    zeros = start.count(0)
    is_wide = start.startswith(_UTF_MARKS) or _is_every_other(start)
    if zeros and not is_wide:
        return "not a text: it has NUL bytes"
    return ""


def _is_every_other(start: bytes) -> bool:
    """Return whether every second byte is mostly zero, as in UTF-16 of Latin letters."""
    half = len(start) // 2
    return any(start[first::2].count(0) > half / 2 for first in (0, 1))
