"""Detect quotes that break RFC 4180, where Arrow is lenient: it accepts `ab"c` and `"ab"c`.

A quote may open a field at its start, close it at its end, and be doubled inside. Arrow reads a
file that obeys this unchanged (`Quotes` checks a million bytes in about a millisecond). In any
other file, counting quotes does not show where a record ends, but other evidence may
(`without_strays`).
"""

import re
from collections import deque
from collections.abc import Iterator

import numpy as np

from bankseg_assets.landing.errors import DeliveryError

MAX_LINES_IN_A_RECORD = 100  # more means that an open quote swallows the records after it
_QUOTE, _LF, _CR = b'"\n\r'
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")


class Quotes:
    """Checks the quotes of a file, in blocks of whole lines, until one breaks the rules."""

    def __init__(self, delimiter: str, most_bytes: int) -> None:
        self._borders = np.frombuffer(delimiter.encode() + b"\n\r", np.uint8)
        self._most_bytes = most_bytes
        self._is_open = False
        self._lines = 0  # of the record still open at the end of the block
        self._bytes = 0
        self.are_sound = True

    def follow(self, text: np.ndarray, ends: np.ndarray, *, has_quotes: bool) -> None:
        """Check a block; `ends` are the positions of its line ends."""
        if not self.are_sound or not (has_quotes or self._is_open):
            return
        quotes = np.flatnonzero(text == _QUOTE)
        is_opening = (np.arange(len(quotes)) + self._is_open) % 2 == 0
        self.are_sound = self._keep_to_the_rules(text, quotes, is_opening)
        if self.are_sound:
            self._measure(len(text), quotes, ends)

    def finish(self) -> bool:
        """Return whether all quotes obeyed the rules and the last one is closed."""
        self.are_sound &= not self._is_open
        return self.are_sound

    def _keep_to_the_rules(
        self, text: np.ndarray, quotes: np.ndarray, is_opening: np.ndarray
    ) -> bool:
        # A line end follows the block, because a block has whole lines.
        padded = np.concatenate(([_LF], text, [_LF]))
        before, after = padded[quotes], padded[quotes + 2]
        starts = np.isin(before, self._borders) | (before == _QUOTE)
        stops = np.isin(after, self._borders) | (after == _QUOTE)
        return bool(np.where(is_opening, starts, stops).all())

    def _measure(self, size: int, quotes: np.ndarray, ends: np.ndarray) -> None:
        """Count the lines and bytes of records that span several lines."""
        is_inside = (np.searchsorted(quotes, ends) + self._is_open) % 2 == 1
        self._is_open = bool((len(quotes) + self._is_open) % 2)
        last = np.flatnonzero(~is_inside)
        lines = np.diff(last, prepend=-1 - self._lines)
        sizes = np.diff(ends[last], prepend=-1 - self._bytes)
        if len(last):
            self._lines = len(ends) - 1 - int(last[-1])
            self._bytes = size - 1 - int(ends[last[-1]])
        else:
            self._lines += len(ends)
            self._bytes += size
        longest = max(int(lines.max(initial=0)), self._lines)
        largest = max(int(sizes.max(initial=0)), self._bytes)
        if longest > MAX_LINES_IN_A_RECORD or largest > self._most_bytes + 1:
            self.are_sound = False


def without_strays(
    blocks: Iterator[bytes],
    columns: int,
    delimiter: str,
    file_name: str,
    strays: deque[str],
    *,
    lines_before: int,
) -> Iterator[bytes]:
    """Yield the records; each line whose quotes break the rules becomes a malformed record.

    The lines themselves go to `strays`, in order. `lines_before`: lines above the first record.
    Requires that each line is a record: a broken line must have the separators of a whole record,
    and no two of them may be the ends of one sound record of several lines. Otherwise raises
    DeliveryError with the line, because the lines between might be part of a value.
    """
    grammar = _Grammar(delimiter)
    separator = delimiter.encode()
    # No file holds a NUL, so this is not a delivered record; nor does it have the header's fields.
    placeholder = b"\0" + separator * columns
    opened: int | None = None
    number = lines_before
    for block in blocks:
        kept = []
        for line_with_end in _LINE.findall(block):
            number += bool(line_with_end)
            line = line_with_end.rstrip(b"\r\n")
            if _QUOTE not in line or grammar.record.fullmatch(line):
                kept.append(line_with_end)
                continue
            if line.count(separator) < columns - 1:
                refuse_quotes(number, number, file_name)
            if opened is not None and grammar.closing.fullmatch(line):
                refuse_quotes(opened, number, file_name)
            opened = number if grammar.opening.fullmatch(line) else opened
            strays.append(line.decode())
            kept.append(placeholder + line_with_end[len(line) :])
        yield b"".join(kept)


class _Grammar:
    """Patterns of a line: a whole record, or one that opens or closes a quoted line break."""

    def __init__(self, delimiter: str) -> None:
        d = re.escape(delimiter).encode()
        inside = rb'(?:[^"]|"")*+'
        field = rb'(?:"' + inside + rb'"|[^"' + d + rb"]*+)"
        self.record = re.compile(field + rb"(?:" + d + field + rb")*+")
        self.opening = re.compile(rb"(?:" + field + d + rb')*+"' + inside)
        self.closing = re.compile(inside + rb'"(?:' + d + field + rb")*+")


def is_sound_record(text: bytes, delimiter: str) -> bool:
    """Return whether the quotes of one record obey the rules."""
    return _QUOTE not in text or bool(_Grammar(delimiter).record.fullmatch(text))


def refuse_quotes(first: int, last: int, file_name: str) -> None:
    """Raise DeliveryError for a quote that breaks the rules in one of two lines."""
    where = f"line {first}" if first == last else f"line {first} or line {last}"
    raise DeliveryError(
        f"{file_name} has a misplaced or unclosed quote in {where}, so the ends of the records "
        "around it are unknown. Double every quote inside a value, and send the file again."
    )
