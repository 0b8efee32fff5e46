"""Parse the footer and page headers of a Parquet file (Thrift, compact protocol).

A reader allocates what a page header declares, whatever the footer says; pyarrow does not expose
these headers. The footer is parsed here too, because pyarrow 26 ends the process (std::terminate)
if a column is encrypted or its statistics are damaged.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

DICTIONARY_PAGE = 2
# Besides sizes, a header holds statistics: two values, cut by writers at a few hundred bytes.
_USUAL_HEADER = 1 << 12
_LONGEST_HEADER = 1 << 21
_DEEPEST = 16  # nested lists and structures; the format uses ten
_VALUE_COUNT = {0: 5, DICTIONARY_PAGE: 7, 3: 8}
"""Page type -> the field whose first number is the page's number of values."""
# The compact protocol's types.
_BOOLEANS, _VARINTS, _BINARY, _LISTS, _STRUCTURE = (1, 2), (4, 5, 6), 8, (9, 10), 12
_FIXED = {1: 0, 2: 0, 3: 1, 7: 8}
"""Type -> bytes of its value; a boolean field is its type."""
_LONG_LIST = 15
_LONGEST_VARINT = 63

Wanted = Mapping[int, "Wanted"]
"""Field number -> the wanted fields of that structure, nested."""
_NUMBER: Wanted = {}
_PAGE: Wanted = {1: _NUMBER, 2: _NUMBER, 3: _NUMBER} | {
    field: {1: _NUMBER} for field in _VALUE_COUNT.values()
}
_CHUNK: Wanted = {3: dict.fromkeys((4, 5, 7, 9, 11), _NUMBER)}
_ENCRYPTION = 8
_FOOTER: Wanted = {3: _NUMBER, 4: {1: _CHUNK, 3: _NUMBER}, _ENCRYPTION: {}}


class PageError(ValueError):
    """The bytes are not a page header or footer."""


class Page(NamedTuple):
    """The declarations of a page header."""

    is_dictionary: bool
    size: int
    """Bytes, uncompressed."""
    compressed: int
    values: int


class ColumnChunk(NamedTuple):
    """A column chunk: one column in one row group."""

    codec: int
    values: int
    compressed: int
    start: int


@dataclass(frozen=True)
class ParquetFooter:
    """The declarations of the footer."""

    rows: int
    """The larger of the sum over row groups and the total."""
    groups: list[list[ColumnChunk]]
    """Row group -> its columns."""
    has_encrypted_columns: bool


def read_footer(content: bytes) -> ParquetFooter:
    """Parse a footer that is not encrypted; raises PageError if it is not a footer."""
    try:
        fields, _ = _Compact(content).structure(_FOOTER)
        groups = fields.get(4, [])
        rows = max(fields[3], sum(group[3] for group in groups))
        if _ENCRYPTION in fields:
            return ParquetFooter(rows, [], has_encrypted_columns=True)
        chunks = [[_chunk(column[3]) for column in group[1]] for group in groups]
    except (IndexError, KeyError, TypeError) as error:
        raise PageError from error
    return ParquetFooter(rows, chunks, has_encrypted_columns=False)


def _chunk(fields: Mapping[int, int]) -> ColumnChunk:
    start = min(fields[9], fields.get(11) or fields[9])
    chunk = ColumnChunk(fields[4], fields[5], fields[7], start)
    if not isinstance(chunk.codec, int) or min(chunk) < 0:
        raise PageError
    return chunk


def read_pages(file: BinaryIO, chunk: ColumnChunk) -> Iterator[Page]:
    """Yield the pages of a column chunk until all its values are covered.

    Raises PageError if a header cannot be read.
    """
    place, values = chunk.start, chunk.values
    while values > 0:
        fields, length = _read_header(file, place)
        try:
            kind, size, compressed = fields[1], fields[2], fields[3]
            count = fields[_VALUE_COUNT[kind]][1] if kind in _VALUE_COUNT else 0
            is_sound = min(size, compressed, count) >= 0
        except (KeyError, TypeError) as error:
            raise PageError from error
        if not is_sound:
            raise PageError
        yield Page(kind == DICTIONARY_PAGE, size, compressed, count)
        values -= 0 if kind == DICTIONARY_PAGE else count
        place += length + compressed


def _read_header(file: BinaryIO, place: int) -> tuple[dict[int, Any], int]:
    size = _USUAL_HEADER
    while size <= _LONGEST_HEADER:
        file.seek(place)
        content = file.read(size)
        try:
            return _Compact(content).structure(_PAGE)
        except IndexError as error:
            if len(content) < size:
                raise PageError from error
        size *= 8
    raise PageError


class _Compact:
    """Reads numbers, structures and lists; raises IndexError at the end of the bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def structure(self, wanted: Wanted, depth: int = 0) -> tuple[dict[int, Any], int]:
        """Return field -> value of the wanted fields, and the structure's end."""
        if depth > _DEEPEST:
            raise PageError
        fields: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._number()
            value = self._value(head & 15, wanted.get(field, {}), depth)
            if field in wanted:
                fields[field] = value
        return fields, self._place

    def _value(self, kind: int, wanted: Wanted, depth: int) -> Any:
        """Return a number, structure or list; None for skipped values."""
        if kind in _VARINTS:
            return self._number()
        if kind == _STRUCTURE:
            return self.structure(wanted, depth + 1)[0]
        if kind in _LISTS:
            return self._list(wanted, depth)
        if kind == _BINARY:
            self._skip(self._varint())
        elif kind in _FIXED:
            self._skip(_FIXED[kind])
        else:
            raise PageError  # a map or unknown type: the format uses neither
        return None

    def _list(self, wanted: Wanted, depth: int) -> list[Any]:
        head = self._byte()
        size, kind = head >> 4, head & 15
        found = []
        for _ in range(self._varint() if size == _LONG_LIST else size):
            if kind in _BOOLEANS:
                self._skip(1)
                continue
            value = self._value(kind, wanted, depth + 1)
            if wanted:
                found.append(value)
        return found

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
