"""What pyarrow does not show of a Parquet file: the headers of its pages, and encrypted columns.

A reader allocates what a page's header says, whatever the footer says of the column. Headers and
footer are Thrift structures in the compact protocol.
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

DICTIONARY_PAGE = 2
# Beyond its sizes a header holds statistics: two values, which writers cut at a few hundred bytes.
_USUAL_HEADER = 1 << 12
_LONGEST_HEADER = 1 << 21
_DEEPEST = 16  # lists and structures in structures; the format has ten
_ENCRYPTION = 8  # the footer's field that names the algorithm
_VALUE_COUNT = {0: 5, DICTIONARY_PAGE: 7, 3: 8}
"""Type of a page -> the field whose first number is how many values the page holds."""
# The compact protocol's types.
_BOOLEANS, _VARINTS, _BINARY, _LISTS, _STRUCTURE = (1, 2), (4, 5, 6), 8, (9, 10), 12
_FIXED = {1: 0, 2: 0, 3: 1, 7: 8}
"""Type -> bytes of its value; a boolean field is its type."""
_LONG_LIST = 15
_LONGEST_VARINT = 63


class PageError(ValueError):
    """The bytes are no header of a page, or no footer."""


class Page(NamedTuple):
    """What the header of a page declares."""

    is_dictionary: bool
    size: int
    """Bytes, uncompressed."""
    compressed: int
    values: int


def read_pages(file: BinaryIO, start: int, values: int) -> Iterator[Page]:
    """Yield the pages of a column chunk from `start` on, until they hold so many values.

    Raises PageError where a header cannot be read.
    """
    place = start
    while values > 0:
        fields, length = _read_header(file, place)
        kind, size, compressed = fields.get(1), fields.get(2), fields.get(3)
        if not (isinstance(kind, int) and isinstance(size, int) and isinstance(compressed, int)):
            raise PageError
        described = fields.get(_VALUE_COUNT.get(kind, 0), {})
        count = described.get(1, 0) if isinstance(described, dict) else 0
        if size < 0 or compressed < 0 or not isinstance(count, int) or count < 0:
            raise PageError
        yield Page(kind == DICTIONARY_PAGE, size, compressed, count)
        values -= 0 if kind == DICTIONARY_PAGE else count
        place += length + compressed


def has_encrypted_columns(footer: bytes) -> bool:
    """Whether a footer that is not encrypted itself names an algorithm.

    pyarrow 26 ends the process (std::terminate) where the metadata of such a column are looked at.
    Raises PageError where the footer cannot be read.
    """
    try:
        return _ENCRYPTION in _Compact(footer).structure()[0]
    except IndexError as error:
        raise PageError from error


def _read_header(file: BinaryIO, place: int) -> tuple[dict[int, object], int]:
    size = _USUAL_HEADER
    while size <= _LONGEST_HEADER:
        file.seek(place)
        content = file.read(size)
        try:
            return _Compact(content).structure()
        except IndexError as error:
            if len(content) < size:
                raise PageError from error
        size *= 8
    raise PageError


class _Compact:
    """Reads numbers and structures, and skips all else; IndexError where the bytes end."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def structure(self, depth: int = 0) -> tuple[dict[int, object], int]:
        """Return field -> number or structure, and where the structure ends."""
        if depth > _DEEPEST:
            raise PageError
        fields: dict[int, object] = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._number()
            fields[field] = self._value(head & 15, depth)
        return fields, self._place

    def _value(self, kind: int, depth: int) -> object:
        """Return a number or structure; None of what is skipped."""
        if kind in _VARINTS:
            return self._number()
        if kind == _STRUCTURE:
            return self.structure(depth + 1)[0]
        if kind in _LISTS:
            self._skip_list(depth)
        elif kind == _BINARY:
            self._skip(self._varint())
        elif kind in _FIXED:
            self._skip(_FIXED[kind])
        else:
            raise PageError  # a map, or unknown: no page has one
        return None

    def _skip_list(self, depth: int) -> None:
        head = self._byte()
        size, kind = head >> 4, head & 15
        for _ in range(self._varint() if size == _LONG_LIST else size):
            if kind in _BOOLEANS:
                self._skip(1)
            else:
                self._value(kind, depth + 1)

    def _byte(self) -> int:
        self._place += 1
        return self._content[self._place - 1]

    def _skip(self, size: int) -> None:
        self._place += size
        if self._place > len(self._content):
            raise IndexError

    def _varint(self) -> int:
        number = shift = 0
        while (byte := self._byte()) & 128:
            number |= (byte & 127) << shift
            shift += 7
            if shift > _LONGEST_VARINT:
                raise PageError
        return number | byte << shift

    def _number(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)
