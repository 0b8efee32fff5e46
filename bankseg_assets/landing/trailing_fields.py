"""Remove empty fields after the header's last column (rows that end with a delimiter)."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bankseg_assets.landing.lines import (
    QUOTE,
    Bytes,
    Places,
    QuoteParity,
    content_ends,
    line_ends,
    line_starts,
    places_of,
)


class TrailingFields:
    """Finds and removes the empty fields of a record beyond the header's."""

    def __init__(self, columns: int, delimiter: str, *, quotes_are_sound: bool) -> None:
        self._columns = columns
        self._delimiter = ord(delimiter)
        self._parity = QuoteParity(quotes_are_sound=quotes_are_sound)
        self._delimiters = 0  # of the record still open at the end of the block
        self.fitting = 0
        """Records with as many fields as the header."""

    def removed(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the text without these fields."""
        for block in blocks:
            text = np.frombuffer(block, np.uint8)
            surplus, starts, ends = self.find(block, text, line_ends(block, text))
            is_empty = surplus == 0
            if not is_empty.any():
                yield block
                continue
            keep = np.ones(len(text), np.bool_)
            first, last = starts[is_empty], ends[is_empty]
            while len(first):
                keep[first] = False
                first, last = first[first + 1 < last] + 1, last[first + 1 < last]
            yield text[keep].tobytes()

    def find(self, block: bytes, text: Bytes, ends: Places) -> tuple[Places, Places, Places]:
        """Return the extra fields of each record: a count, and start and end of the empty ones.

        The count covers fields beyond the header's up to the last non-empty one; start and end
        delimit the empty fields at the record's end. Blocks must come in order.
        """
        self._parity.begin(block, text, line_starts(ends))
        delimiters = places_of(self._delimiter, text)
        delimiters = delimiters[self._parity.is_outside(delimiters)]
        records = self._parity.record_ends(ends)
        before = np.searchsorted(delimiters, records)
        counts = np.diff(before, prepend=0)
        if len(records):
            counts[0] += self._delimiters
            self._delimiters = len(delimiters) - int(before[-1])
        else:
            self._delimiters += len(delimiters)
        surplus = counts - (self._columns - 1)
        self.fitting += int(np.count_nonzero(surplus == 0))
        stops = content_ends(text, records[surplus > 0])
        surplus = surplus[surplus > 0]
        starts = stops.copy()
        while len(moving := np.flatnonzero(self._has_empty_end(text, starts) & (surplus > 0))):
            is_quoted = text[starts[moving] - 1] == QUOTE
            starts[moving] -= np.where(is_quoted, 3, 1)
            surplus[moving] -= 1
        return surplus, starts, stops

    def _has_empty_end(self, text: Bytes, ends: Places) -> npt.NDArray[np.bool_]:
        """Return whether the last field before each position is empty or `""`."""
        last, second, third = (text.take(ends - n, mode="clip") for n in (1, 2, 3))
        is_quoted = (last == QUOTE) & (second == QUOTE) & (third == self._delimiter)
        found: npt.NDArray[np.bool_] = (last == self._delimiter) | is_quoted
        return found
