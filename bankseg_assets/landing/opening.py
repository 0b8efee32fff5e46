"""Parse the start of a text file: preamble, header, and where the records begin."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.header import (
    OTHER_DELIMITERS,
    Header,
    delimiter_setting,
    known,
    read_header_line,
    split_line,
)
from bankseg_assets.landing.quotes import is_sound_record, refuse_quotes
from bankseg_assets.landing.text import MAX_LINE_BYTES, refuse_long_line

BOM = b"\xef\xbb\xbf"
SEPARATOR_LINE = re.compile(rb'(?i)(?:\xef\xbb\xbf)?"?sep=(.|\\t)"?[,;|\t ]*')
"""Excel's separator line, `sep=;`."""
MAX_HEADER_LINES = 20  # of a header with quoted line breaks
LINES_SEARCHED = 100  # for a likely header, which a rejection names
MAX_HEADER_BYTES = 1 << 16  # of a line that may be the header
MAX_HEAD_BYTES = 4 * MAX_LINE_BYTES
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_LINE_ENDS = b"\r\n"


@dataclass(frozen=True)
class Opening:
    """The header of a file and the position of its first record."""

    header: Header
    header_text: bytes
    size: int
    """Bytes of the text before the first record."""
    lines: int
    """Lines before the first record."""
    header_number: int
    """The header's number; the first record has the next one."""
    lines_above: int
    """Lines above the header that were skipped; 0 if all are blank."""
    is_plain: bool
    """Only blank lines are above the header, which is one line."""
    blank_lines: int
    """Above the header."""


def read_opening(
    blocks: Iterator[bytes], contract: DeliveryContract, file_name: str
) -> tuple[Opening, Iterator[bytes]]:
    """Find and check the header; return it with the blocks of the records after it.

    Raises DeliveryError, which names the likely header if it is on another line.
    """
    head, rest, blank_size, blank_lines = _read_head(blocks, contract)
    if not head:
        raise DeliveryError(f"{file_name} has blank lines alone. Send the file again.")
    lines = _split_lines(head)
    try:
        opening = _find(lines, contract, file_name, blank_size, blank_lines)
    except DeliveryError as error:
        raise _with_likely_header(error, lines, contract, file_name, blank_lines) from error
    records = head[opening.size - blank_size :]
    return opening, chain([records] if records else [], rest)


def without_opening(blocks: Iterator[bytes], opening: Opening) -> Iterator[bytes]:
    """Yield only the blocks of the records."""
    left = opening.size
    for block in blocks:
        if left < len(block):
            yield block[left:]
        left = max(0, left - len(block))


def _read_head(
    blocks: Iterator[bytes], contract: DeliveryContract
) -> tuple[bytes, Iterator[bytes], int, int]:
    """Return text that contains the header, the rest, and bytes and lines of blanks before it."""
    head, blank_size, blank_lines = b"", 0, 0
    needed = contract.layout.header_line + LINES_SEARCHED
    for block in blocks:
        if not head and contract.layout.header_line == 1 and not block.strip(_LINE_ENDS):
            blank_size += len(block)  # an endless run of blank lines is not kept
            blank_lines += len(block.splitlines())
            continue
        head += block
        if len(head) >= MAX_HEAD_BYTES or head.count(b"\n") + head.count(b"\r") >= 2 * needed:
            break
    return head, blocks, blank_size, blank_lines


def _split_lines(head: bytes) -> list[bytes]:
    """Return as many lines, with their ends, as may contain the header."""
    found = _LINE.findall(head, 0, MAX_HEAD_BYTES)
    return [line for line in found if line]


def _find(
    lines: list[bytes],
    contract: DeliveryContract,
    file_name: str,
    blank_size: int,
    blank_lines: int,
) -> Opening:
    place = contract.layout.header_line - 1
    if place >= len(lines):
        raise DeliveryError(
            f"{file_name} has fewer lines than the header's: the contract says "
            f"`header_line = {contract.layout.header_line}`. Correct it under "
            f"{contract.layout_table}, or send the whole file."
        )
    number = contract.layout.header_line
    place = _after_blanks(lines, place)
    has_separator_line = place < len(lines) and _skip_separator(
        lines[place], place + blank_lines + 1, contract, file_name
    )
    if has_separator_line:
        number += 1
        place = _after_blanks(lines, place + 1)
    if place >= len(lines):
        raise DeliveryError(f"{file_name} has no header: only blank lines. Send the file again.")
    text, height = _header_record(lines, place)
    has_mark = text.startswith(BOM)  # of a file that was appended to other lines
    text = text.removeprefix(BOM)
    line_number = blank_lines + place + 1
    if len(text) > MAX_LINE_BYTES:
        refuse_long_line(line_number, file_name)
    header = read_header_line(text.decode(errors="replace"), contract, file_name, line_number)
    if not is_sound_record(text, contract.delimiter):
        refuse_quotes(line_number, line_number, file_name)
    is_first = contract.layout.header_line == 1 and not has_separator_line
    return Opening(
        header,
        text,
        size=blank_size + sum(map(len, lines[: place + height])),
        lines=blank_lines + place + height,
        header_number=number,
        lines_above=0 if is_first else blank_lines + place,
        is_plain=is_first and not has_mark and height == 1,
        blank_lines=blank_lines + place,
    )


def _after_blanks(lines: list[bytes], place: int) -> int:
    while place < len(lines) and not lines[place].strip(_LINE_ENDS):
        place += 1
    return place


def _skip_separator(line: bytes, number: int, contract: DeliveryContract, file_name: str) -> bool:
    found = SEPARATOR_LINE.fullmatch(line.rstrip(_LINE_ENDS))
    if found is None:
        return False
    delimiter = found[1].decode(errors="replace").replace("\\t", "\t")
    if delimiter != contract.delimiter:
        raise DeliveryError(
            f"{file_name} says in line {number} that it is separated by {delimiter!r}; the "
            f"contract says {contract.delimiter!r}. Set `{delimiter_setting(delimiter)}` under "
            "[file] in the contract, or correct that line."
        )
    return True


def _header_record(lines: list[bytes], place: int) -> tuple[bytes, int]:
    """Return the header without its line end, and its line count (quoted names may hold breaks)."""
    text = b""
    for height, line in enumerate(lines[place : place + MAX_HEADER_LINES], 1):
        text += line
        if text.count(b'"') % 2 == 0:
            return text.rstrip(_LINE_ENDS), height
    return lines[place].rstrip(_LINE_ENDS), 1


def _with_likely_header(
    error: DeliveryError,
    lines: list[bytes],
    contract: DeliveryContract,
    file_name: str,
    blank_lines: int,
) -> DeliveryError:
    """Return an error that names the likely header line, if there is another."""
    expected = _after_blanks(lines, contract.layout.header_line - 1)
    if _is_separator(lines, expected):
        expected = _after_blanks(lines, expected + 1)
    most, likely = len(contract.file_columns) / 2, None
    for place, line in enumerate(lines[: contract.layout.header_line + LINES_SEARCHED]):
        if len(line) > MAX_HEADER_BYTES:
            continue
        text = line.rstrip(_LINE_ENDS).removeprefix(BOM).decode(errors="replace")
        for delimiter in (contract.delimiter, *OTHER_DELIMITERS):
            found = known(split_line(text, delimiter), contract)
            if found >= most and (likely is None or found > most):
                most, likely = found, (place, delimiter)
    if likely is None or likely[0] == expected:
        return error
    place, delimiter = likely
    settings = f"`header_line = {blank_lines + place + 1}`"
    if delimiter != contract.delimiter:
        settings += f" and `{delimiter_setting(delimiter)}`"
    return DeliveryError(
        f"{file_name} has no header in line {blank_lines + expected + 1}; line "
        f"{blank_lines + place + 1} looks like the header: set {settings} under "
        f"{contract.layout_table} in the contract, or send the file without the lines above it."
    )


def _is_separator(lines: list[bytes], place: int) -> bool:
    return place < len(lines) and bool(SEPARATOR_LINE.fullmatch(lines[place].rstrip(_LINE_ENDS)))
