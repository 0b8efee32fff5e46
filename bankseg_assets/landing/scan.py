"""Scan a file in constant memory before anything parses it.

The scan refuses text that is not in the contract's encoding, NUL bytes, endless lines,
decompression bombs, and a header that is not the contract's. Memory is that of a few blocks: a line
of 10 GB is refused after its first MiB.
"""

from dataclasses import dataclass
from itertools import chain

import numpy as np

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import (
    MAGIC_ENCRYPTED,
    MAGIC_GZIP,
    MAGIC_OLE,
    MAGIC_PARQUET,
    MAGIC_ZIP,
    SPREADSHEETS_ADVICE,
)
from bankseg_assets.landing.footer import Footer
from bankseg_assets.landing.header import Header
from bankseg_assets.landing.lines import QUOTE, Bytes, Places, content_ends, line_ends, line_starts
from bankseg_assets.landing.non_records import NonRecords
from bankseg_assets.landing.opening import Opening, read_opening
from bankseg_assets.landing.quotes import Quotes
from bankseg_assets.landing.text import (
    MAX_LINE_BYTES,
    Reader,
    line_blocks,
    read_chunks,
    refuse_long_line,
)
from bankseg_assets.landing.trailing_fields import TrailingFields

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""In the directory of an encrypted XLSX file."""


@dataclass(frozen=True)
class CsvScan:
    """The result of scanning a CSV file that may be parsed."""

    header: Header
    opening: Opening
    quotes_are_sound: bool
    has_non_records: bool = False
    """Lines between the records may be repeated headers, footers or empty rows."""
    has_trailing_fields: bool = False
    """Records may have empty fields beyond the header's."""
    footer_lines: int = 0
    """Footer lines that the contract leaves out."""
    may_be_cut_off: bool = False
    """The last record has neither a line end nor a gzip checksum."""

    @property
    def is_plain(self) -> bool:
        """Whether every line but blank ones and the first is a record of the header's shape."""
        around = self.footer_lines or self.has_non_records or self.has_trailing_fields
        return self.opening.is_plain and not around


def scan(reader: Reader, contract: DeliveryContract, file_name: str) -> CsvScan | None:
    """Read a file to its end or first fault; return None for Parquet and XLSX.

    Those are checked when they are parsed. Raises DeliveryError.
    """
    chunks = read_chunks(reader)
    first = next(chunks, b"")
    if not first:
        raise DeliveryError(f"{file_name} is empty (0 bytes). Send the file again.")
    if first.startswith((MAGIC_PARQUET, MAGIC_ENCRYPTED, MAGIC_ZIP)):
        return None
    if first.startswith(MAGIC_OLE):
        is_encrypted = any(_ENCRYPTED in chunk for chunk in chain([first], chunks))
        if is_encrypted:
            raise DeliveryError(f"{file_name} is encrypted. Save it without a password.")
        raise DeliveryError(f"{file_name} {SPREADSHEETS_ADVICE}")
    footer = Footer(contract, file_name)
    blocks = footer.without(line_blocks(chain([first], chunks), contract, file_name))
    opening, records = read_opening(blocks, contract, file_name)
    lines = opening.lines
    block = b""
    quotes = Quotes(contract.delimiter, MAX_LINE_BYTES)
    shape = _Shape(opening, contract)
    for block in records:
        text = np.frombuffer(block, np.uint8)
        ends = line_ends(block, text)
        _refuse_long_lines(block, ends, lines, file_name)
        quotes.follow(text, ends, has_quotes=b'"' in block)
        shape.follow(block, text, ends)
        lines += len(ends)
    footer.check(opening.header)
    if lines == opening.lines:
        raise DeliveryError(f"{file_name} has a header but no record. Send the file again.")
    are_sound = quotes.finish()
    return CsvScan(
        shape.header(quotes_are_sound=are_sound),
        opening,
        are_sound,
        shape.has_non_records,
        shape.has_trailing_fields,
        len(footer.lines()),
        not block.endswith((b"\n", b"\r")) and not first.startswith(MAGIC_GZIP),
    )


class _Shape:
    """Follows the records, and detects whether Arrow can read them unchanged."""

    def __init__(self, opening: Opening, contract: DeliveryContract) -> None:
        self._delimiter = contract.delimiter
        self._full = opening.header
        self._named = opening.header.without_trailing()
        self._has_nameless_end = self._named != self._full
        self._non_records = NonRecords(opening, contract)
        self._fields = TrailingFields(
            len(self._named.names), contract.delimiter, quotes_are_sound=self._has_nameless_end
        )
        self._with_nameless_value = 0
        self.has_non_records = False
        self.has_trailing_fields = self._has_nameless_end

    def follow(self, block: bytes, text: Bytes, ends: Places) -> None:
        """Process the next block, as far as anything is still undecided."""
        if not self.has_non_records:
            self.has_non_records = bool(self._non_records.find(block, text, line_starts(ends)))
        if self._has_nameless_end:
            surplus, _, _ = self._fields.find(block, text, ends)
            is_nameless = (surplus > 0) & (
                surplus <= len(self._full.names) - len(self._named.names)
            )
            self._with_nameless_value += int(np.count_nonzero(is_nameless))
        elif not self.has_trailing_fields and self._may_have_empty_end(block, text, ends):
            # If values are quoted, a line may be part of a record; then the parser decides.
            self.has_trailing_fields = b'"' in block or bool(
                (self._fields.find(block, text, ends)[0] == 0).any()
            )

    def header(self, *, quotes_are_sound: bool) -> Header:
        """Return the header without columns at its end that have neither name nor value."""
        if not self._has_nameless_end:
            return self._full
        if self._with_nameless_value and (
            not quotes_are_sound or self._with_nameless_value >= self._fields.fitting
        ):
            self.has_trailing_fields = False
            return self._full
        return self._named

    def _may_have_empty_end(self, block: bytes, text: Bytes, ends: Places) -> bool:
        stops = content_ends(text, ends) if b"\r" in block else ends
        last = text[stops - 1]  # for a blank first line, the block's last byte: harmless
        if (last == ord(self._delimiter)).any():
            return True
        quoted = stops[last == QUOTE]
        return bool((text[quoted - 2] == QUOTE).any())


def _refuse_long_lines(block: bytes, ends: Places, lines: int, file_name: str) -> None:
    sizes = np.diff(ends, prepend=-1) - 1
    for place in np.flatnonzero(sizes > MAX_LINE_BYTES):
        end = int(ends[place])
        if sizes[place] - block[:end].endswith(b"\r") > MAX_LINE_BYTES:
            refuse_long_line(lines + int(place) + 1, file_name)
