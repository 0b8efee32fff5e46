"""Find the starts and ends of the lines in a block."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
LF, CR, QUOTE = b'\n\r"'
NONE: Places = np.zeros(0, np.int64)


def line_ends(block: bytes, text: Bytes) -> Places:
    """Return the position of each line's last byte: LF, CRLF's LF, a lone CR, or the file's end."""
    ends = np.flatnonzero(text == LF)
    if b"\r" in block:
        returns = np.flatnonzero(text == CR)
        following = np.append(text, 0)[returns + 1]
        ends = np.sort(np.concatenate([ends, returns[following != LF]]))
    if not len(ends) or ends[-1] != len(block) - 1:
        ends = np.append(ends, len(block))
    return ends


def line_starts(ends: Places) -> Places:
    """Return the position of each line's first byte."""
    starts: Places = np.concatenate(([0], ends[:-1] + 1))
    return starts


def content_ends(text: Bytes, ends: Places) -> Places:
    """Return the end position of each line's content, without its line end."""
    before = text.take(ends - 1, mode="clip")
    is_lf = text.take(ends, mode="clip") == LF
    stops: Places = ends - (is_lf & (before == CR) & (ends > 0) & (ends < len(text)))
    return stops


def places_of(byte: int, text: Bytes) -> Places:
    """Return the positions of a byte."""
    found: Places = np.flatnonzero(text == byte)
    return found


class QuoteParity:
    """Tracks which positions of a block are inside a quoted value.

    If a file's quotes obey the rules, a value may span lines; otherwise each line is a record.
    """

    def __init__(self, *, quotes_are_sound: bool) -> None:
        self._are_sound = quotes_are_sound
        self._is_open = False
        self._quotes = NONE
        self._starts = NONE

    def begin(self, block: bytes, text: Bytes, starts: Places) -> None:
        """Process the next block."""
        if self._are_sound:
            self._is_open ^= bool(len(self._quotes) % 2)
        self._quotes = places_of(QUOTE, text) if b'"' in block else NONE
        self._starts = starts

    def record_ends(self, ends: Places) -> Places:
        """Return the line ends that are also record ends."""
        return ends[self.is_outside(ends)] if self._are_sound else ends

    def is_outside(self, places: Places) -> npt.NDArray[np.bool_]:
        """Return whether each position is outside quoted values."""
        if not len(self._quotes):
            return np.full(len(places), not self._is_open)
        before = np.searchsorted(self._quotes, places)
        if not self._are_sound:
            line = np.searchsorted(self._starts, places, side="right") - 1
            before -= np.searchsorted(self._quotes, self._starts)[line]
        outside: npt.NDArray[np.bool_] = (before + self._is_open) % 2 == 0
        return outside
