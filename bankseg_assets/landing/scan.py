"""A first look at a file, byte by byte and in constant memory, before anything parses it.

It refuses what no parser should see: text that is not of the contract's encoding, NUL bytes,
endless lines, decompression bombs, and a header that is not the contract's. Memory is that of a
few blocks: a line of 10 GB is refused after its first MiB.
"""

from dataclasses import dataclass
from itertools import chain

import numpy as np

from bankseg_assets.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import MAGIC_ENCRYPTED, MAGIC_GZIP, MAGIC_PARQUET
from bankseg_assets.landing.header import Header, read_header_line
from bankseg_assets.landing.quotes import Quotes
from bankseg_assets.landing.text import (
    MAX_LINE_BYTES,
    Reader,
    line_blocks,
    read_chunks,
    refuse_long_line,
)

_LF, _CR = b"\n\r"


@dataclass(frozen=True)
class CsvScan:
    """What the first look found in a CSV file that may be parsed."""

    header: Header
    blank_lines: int
    """Before the header."""
    quotes_are_sound: bool
    may_be_cut_off: bool = False
    """The last record has no line end, and no checksum of gzip vouches for it."""


def scan(reader: Reader, contract: DeliveryContract, file_name: str) -> CsvScan | None:
    """Read a file to its end, or to its first fault; None for Parquet, which checks itself.

    Raises DeliveryError.
    """
    chunks = read_chunks(reader)
    first = next(chunks, b"")
    if not first:
        raise DeliveryError(f"{file_name} is empty (0 bytes). Send the file again.")
    if first.startswith((MAGIC_PARQUET, MAGIC_ENCRYPTED)):
        return None
    header: Header | None = None
    lines, blank_lines = 0, 0
    block = b""
    quotes = Quotes(contract.delimiter, MAX_LINE_BYTES)
    for block in line_blocks(chain([first], chunks), contract, file_name):
        text = np.frombuffer(block, np.uint8)
        ends = _line_ends(block, text)
        _refuse_long_lines(block, ends, lines, file_name)
        if header is None:
            blank, line = _first_line(block)
            blank_lines += blank
            if line:
                header = read_header_line(line, contract, file_name)
        quotes.follow(text, ends, has_quotes=b'"' in block)
        lines += len(ends)
    if header is None:
        raise DeliveryError(f"{file_name} has blank lines alone. Send the file again.")
    if lines == blank_lines + 1:
        raise DeliveryError(f"{file_name} has a header but no record. Send the file again.")
    may_be_cut_off = not block.endswith((b"\n", b"\r")) and not first.startswith(MAGIC_GZIP)
    return CsvScan(header, blank_lines, quotes.finish(), may_be_cut_off)


def _line_ends(block: bytes, text: np.ndarray) -> np.ndarray:
    """Return the place of each line's last byte: LF, CRLF's LF, a CR alone, or the file's end."""
    ends = np.flatnonzero(text == _LF)
    if b"\r" in block:
        returns = np.flatnonzero(text == _CR)
        following = np.append(text, 0)[returns + 1]
        ends = np.sort(np.concatenate([ends, returns[following != _LF]]))
    if not len(ends) or ends[-1] != len(block) - 1:
        ends = np.append(ends, len(block))
    return ends


def _refuse_long_lines(block: bytes, ends: np.ndarray, lines: int, file_name: str) -> None:
    sizes = np.diff(ends, prepend=-1) - 1
    for place in np.flatnonzero(sizes > MAX_LINE_BYTES):
        end = int(ends[place])
        if sizes[place] - block[:end].endswith(b"\r") > MAX_LINE_BYTES:
            refuse_long_line(lines + int(place) + 1, file_name)


def _first_line(block: bytes) -> tuple[int, str]:
    """Return the number of blank lines at the start, and the line after them."""
    rest = block.lstrip(b"\r\n")
    blank = block[: len(block) - len(rest)]
    line = next(iter(rest[: MAX_LINE_BYTES + 2].splitlines()), b"")
    return len(blank.splitlines()), line.decode(errors="replace")
