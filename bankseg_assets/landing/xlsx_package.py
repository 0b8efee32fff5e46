"""Check an XLSX file as a ZIP archive of XML before a library opens it.

A few kilobytes may expand to terabytes, and the sizes that an archive declares may be wrong:
everything in it is decompressed here, in constant memory, and counted.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import CHUNK_BYTES, MAGIC_ZIP, SPREADSHEETS_ADVICE

MAX_ENTRIES = 10_000
# Sheets compress 5 to 40 times; deflate's maximum is 1,032, which bombs use.
MAX_EXPANSION = 200
SMALL_BYTES = 64 << 20
# A full sheet of a million rows and 20 columns takes half of it.
MAX_BYTES = 4 << 30
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED_FLAG = 1
# A document type may define entities that expand without end; no spreadsheet program needs one.
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_ERRORS = (b't="e"', b"t='e'")
_OVERLAP = 16


def is_zip(original: Path) -> bool:
    """Return whether a file is a ZIP archive, as XLSX is. Raises OSError."""
    with original.open("rb") as file:
        return file.read(len(MAGIC_ZIP)) == MAGIC_ZIP


def check_package(original: Path, file_name: str) -> bool:
    """Return whether a sheet may hold errors, such as #N/A.

    Raises DeliveryError if a file is not XLSX, is damaged, or expands excessively.
    """
    has_errors = False
    damaged = DeliveryError(f"{file_name} is a damaged XLSX file. Send the file again.")
    try:
        with zipfile.ZipFile(original) as package, original.open("rb") as raw:
            entries = package.infolist()
            if len(entries) > MAX_ENTRIES:
                raise _refused(file_name, f"has {len(entries):,} parts")
            _check_kind({entry.filename.lower() for entry in entries}, file_name)
            most, total = max(SMALL_BYTES, MAX_EXPANSION * original.stat().st_size), 0
            for entry in entries:
                if entry.flag_bits & _ENCRYPTED_FLAG:
                    raise DeliveryError(f"{file_name} is encrypted. Save it without a password.")
                before, checksum = b"", 0
                for chunk in _content(raw, entry):
                    total += len(chunk)
                    if total > min(most, MAX_BYTES):
                        raise _refused(file_name, "expands beyond reason when decompressed")
                    checksum = zlib.crc32(chunk, checksum)
                    text = before + chunk
                    if any(mark in text for mark in _DECLARATIONS):
                        raise _refused(file_name, "has a document type in its XML")
                    has_errors |= any(mark in text for mark in _ERRORS)
                    before = chunk[-_OVERLAP:]
                if checksum != entry.CRC:
                    raise damaged
    except (zipfile.BadZipFile, zlib.error, struct.error, UnicodeDecodeError) as error:
        raise damaged from error
    except (NotImplementedError, ValueError) as error:
        if isinstance(error, DeliveryError):
            raise
        raise damaged from error
    return has_errors


def _refused(file_name: str, fault: str) -> DeliveryError:
    return DeliveryError(
        f"{file_name} {fault}, which a spreadsheet of records never does. Send it as CSV if it is "
        "sound, or in several files."
    )


def _check_kind(names: set[str], file_name: str) -> None:
    if any(name.endswith("/workbook.xml") for name in names):
        return
    if "xl/workbook.bin" in names or "content.xml" in names:
        raise DeliveryError(f"{file_name} {SPREADSHEETS_ADVICE}")
    raise DeliveryError(
        f"{file_name} is a ZIP archive, not an XLSX file. Send the file in it, or compress it by "
        "gzip."
    )


def _content(raw: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the decompressed content of an entry, whatever size it declares."""
    raw.seek(entry.header_offset)
    magic, name_length, extra_length = _LOCAL_HEADER.unpack(raw.read(_LOCAL_HEADER.size))
    if magic != MAGIC_ZIP or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    raw.seek(name_length + extra_length, 1)
    left = entry.compress_size
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    while left > 0:
        chunk = raw.read(min(CHUNK_BYTES, left))
        if not chunk:
            raise zipfile.BadZipFile
        left -= len(chunk)
        if entry.compress_type == zipfile.ZIP_STORED:
            yield chunk
            continue
        while chunk and not inflate.eof:
            yield inflate.decompress(chunk, CHUNK_BYTES)
            chunk = inflate.unconsumed_tail
    while entry.compress_type == zipfile.ZIP_DEFLATED and not inflate.eof:
        text = inflate.decompress(b"", CHUNK_BYTES)
        if not text:
            raise zipfile.BadZipFile
        yield text
