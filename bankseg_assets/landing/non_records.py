"""Find lines that are not records: repeated headers, footers, empty rows.

They are removed from the text before Arrow reads it; `RecordNumbers` restores the record numbers
of the file.
"""

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.lines import (
    Bytes,
    Places,
    QuoteParity,
    content_ends,
    line_ends,
    line_starts,
)
from bankseg_assets.landing.numbering import RecordNumbers
from bankseg_assets.landing.opening import BOM, SEPARATOR_LINE, Opening

ABOVE, FOOTER, HEADER, EMPTY = (
    "above the header",
    "in footers",
    "of repeated headers",
    "without a value",
)
_ENOUGH = 12  # bytes, to distinguish a repeated header from almost every record
_LINE_END = rb"(?=[\r\n]|\Z)"
_NEXT_LINE_END = re.compile(rb"[\r\n]|\Z")
_LINE_BREAK = re.compile(rb"\r\n|\n|\r|\Z")


class NonRecords:
    """The lines of a file that are not records."""

    def __init__(self, opening: Opening, contract: DeliveryContract) -> None:
        delimiter = contract.delimiter.encode()
        self._is_wide = len(opening.header.names) > 1  # with one column, "" is a record
        self._footers = [start.encode() for start in contract.layout.footer_starts_with]
        self._ends = delimiter + b" \t"
        self._header = self._fold(opening.header_text)
        self._header_size = len(opening.header_text.rstrip(self._ends))
        self._starts = [
            (opening.header_text.splitlines()[0][:_ENOUGH], True),
            *((quote + b"sep=", True) for quote in (b"", b'"')),
            *((quote + start, False) for start in self._footers for quote in (b"", b'"')),
        ]
        d = re.escape(delimiter)
        # Ctrl-Z ends the files of some old systems. No blank may be a delimiter as well: a run of
        # them would match in as many ways as it has parts.
        blanks = b" \t\x1a".replace(delimiter, b"")
        empty_field = rb'(?:""|[' + blanks + rb"]*+)"
        self._empty = re.compile(empty_field + rb"(?:" + d + empty_field + rb")*+" + _LINE_END)
        empty = delimiter + b'" \t\x1a'
        self._may_be_empty = _table(empty)
        self._or_line_end = _table(empty + b"\r\n")
        self._pairs = self._first_pairs()

    def find(self, block: bytes, text: Bytes, starts: Places) -> dict[int, tuple[int, str]]:
        """Return start -> (end, kind) of each line that is not a record, without its line end.

        Lines inside quoted values may be among them.
        """
        found = {}
        for start in self._candidates(block, text, starts):
            if kind_and_end := self._kind(block, start):
                found[start] = kind_and_end
        return found

    def removed(
        self,
        blocks: Iterator[bytes],
        numbers: RecordNumbers,
        counts: Counter[str],
        *,
        quotes_are_sound: bool,
    ) -> Iterator[bytes]:
        """Yield the text of the records; count the removed lines by kind."""
        parity = QuoteParity(quotes_are_sound=quotes_are_sound)
        records_before = 0
        for block in blocks:
            text = np.frombuffer(block, np.uint8)
            ends = line_ends(block, text)
            starts = line_starts(ends)
            parity.begin(block, text, starts)
            records = parity.record_ends(ends[content_ends(text, ends) > starts])
            pieces, done, gone = [], 0, 0
            found = self.find(block, text, starts)
            places = np.array(sorted(found), np.int64)
            places = places[parity.is_outside(places)]
            before = records_before + np.searchsorted(records, places)
            for place, count in zip(places.tolist(), before.tolist(), strict=True):
                if place < done:
                    continue  # inside a header of several lines
                end, kind = found[place]
                counts[kind] += 1
                numbers.leave_out(count - gone)
                pieces.append(block[done:place])
                done, gone = _LINE_BREAK.match(block, end).end(), gone + 1  # type: ignore[union-attr]
            records_before += len(records) - gone
            kept = b"".join([*pieces, block[done:]]) if pieces else block
            if kept:
                yield kept

    def _first_pairs(self) -> npt.NDArray[np.bool_]:
        """Return a table: first two bytes of a line -> whether it must be inspected."""
        pairs = np.zeros((256, 256), np.bool_)  # second byte, first byte
        pairs[BOM[1], BOM[0]] = True
        if self._is_wide:
            pairs |= np.outer(self._or_line_end, self._may_be_empty)
        for start, ignoring_case in self._starts:
            first, second = (
                _table(start[n : n + 1] or bytes(range(256)), ignoring_case=ignoring_case)
                for n in (0, 1)
            )
            pairs |= np.outer(second, first)
        return pairs.ravel()

    def _worth_a_look(self, block: bytes, starts: Places) -> Places:
        """Return the starts of lines that may not be records; none in most files.

        One look-up for both bytes: one per byte took 7 % of the time to parse a file.
        """
        last = starts[starts >= len(block) - 1]  # of one byte
        starts = starts[: len(starts) - len(last)]
        if not len(starts):
            return last
        pairs: npt.NDArray[np.uint16] = np.ndarray((len(block) - 1,), "<u2", block, strides=(1,))
        return np.concatenate([starts[self._pairs[pairs[starts]]], last])

    def _candidates(self, block: bytes, text: Bytes, starts: Places) -> list[int]:
        starts = self._worth_a_look(block, starts)
        if not len(starts):
            return []
        marks = _beginning(text, starts, BOM) if BOM in block else starts[:0]
        begins = np.concatenate([starts, marks + len(BOM)]) if len(marks) else starts
        found = [
            _beginning(text, begins, start, ignoring_case=ignoring_case)
            for start, ignoring_case in self._starts
        ]
        if self._is_wide:
            empty = starts[self._may_be_empty[text.take(starts, mode="clip")]]
            found.append(empty[self._or_line_end[text.take(empty + 1, mode="clip")]])
        if not any(map(len, found)):
            return []
        every = np.unique(np.concatenate(found))
        is_marked = np.isin(every - len(BOM), marks)
        return np.where(is_marked, every - len(BOM), every).tolist()  # type: ignore[no-any-return]

    def _kind(self, block: bytes, start: int) -> tuple[int, str] | None:
        begin = start + len(BOM) * block.startswith(BOM, start)
        end = _line_end(block, begin)
        line = block[begin:end]
        if line.removeprefix(b'"').startswith(tuple(self._footers)):
            return end, FOOTER
        if SEPARATOR_LINE.fullmatch(line):
            return end, ABOVE
        last = _line_end(block, begin + self._header_size)  # its names may hold line breaks
        if self._fold(block[begin:last]) == self._header:
            return last, HEADER
        if self._is_wide and line and (empty := self._empty.match(block, begin)):
            return empty.end(), EMPTY
        return None

    def _fold(self, text: bytes) -> str:
        return text.rstrip(self._ends).decode(errors="replace").casefold()


def _table(bytes_: bytes, *, ignoring_case: bool = False) -> npt.NDArray[np.bool_]:
    """Return a table: byte -> whether it is one of `bytes_`."""
    table = np.zeros(256, np.bool_)
    table[list(bytes_)] = True
    if ignoring_case:
        table[[byte for byte in range(256) if any(byte | 0x20 == b | 0x20 for b in bytes_)]] = True
    return table


def _line_end(block: bytes, start: int) -> int:
    found = _NEXT_LINE_END.search(block, start)
    return found.start() if found else len(block)


def _beginning(text: Bytes, starts: Places, with_: bytes, *, ignoring_case: bool = False) -> Places:
    """Return the positions of these bytes; with case ignored, possibly a few others."""
    fold = 0x20 if ignoring_case else 0
    found = starts
    for offset, byte in enumerate(with_):
        if not len(found):
            break
        found = found[(text.take(found + offset, mode="clip") | fold) == byte | fold]
    return found
