"""Find the header, the delimiter and the footer of a text file, and split its sample."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bankseg_assets.contracts.characters import INVISIBLE
from bankseg_assets.contracts.file_layout import MAX_HEADER_LINE
from bankseg_assets.landing.opening import LINES_SEARCHED, SEPARATOR_LINE
from bankseg_assets.onboarding.columns import Column
from bankseg_assets.onboarding.header_words import roles_of
from bankseg_assets.onboarding.value_words import footer_word

DELIMITERS = (",", ";", "\t", "|", "^", "~", ":")
MOST_ROWS = 20_000
HEAD_ROWS = 1_000
"""Enough to know the header by."""
MOST_FOOTER_LINES = 20
ENOUGH_OF_ROWS = 0.9
_VALUE = re.compile(r"[-+(]?[^\w\s]{0,3}\d")
Row = tuple[int, list[str]]
"""A record's first line, from 1 on, and its fields."""


@dataclass(frozen=True)
class TextTable:
    """A text file's sample as columns, with preamble and footer."""

    delimiter: str
    delimiter_evidence: str
    header_line: int
    """Where it must be declared; 1 where nothing but blank lines or `sep=` is above it."""
    header_place: int
    """The header's line as an editor shows it."""
    columns: tuple[Column, ...]
    rows: int
    malformed: int
    """Rows of the sample, before a footer, without the header's number of fields."""
    footer_words: tuple[str, ...] = ()
    """The starts of totals lines."""
    footer_lines: int = 0
    """Lines at the end that are not records, without such a start."""
    separator_line: bool = False
    named: int = 0
    """The number of columns with a recognised name."""


@dataclass(frozen=True)
class _Reading:
    """The head of a file, split by one delimiter, with the likely header row."""

    delimiter: str
    rows: list[Row]
    header: int
    """Index of the header in `rows`."""
    named: int
    fitting: int
    """Rows after the header with as many fields."""

    @property
    def after(self) -> int:
        return len(self.rows) - self.header - 1

    @property
    def share(self) -> float:
        return self.fitting / self.after if self.after else 0.0


def find_table(
    pieces: Sequence[str],
    *,
    has_end: bool,
    is_known: Callable[[str], object] = roles_of,
    delimiters: Sequence[str] = DELIMITERS,
) -> TextTable | None:
    """Find the table in the pieces of a text; None if no line looks like a header.

    `is_known`: whether a column's name is recognised. `delimiters`: in order of preference.
    """
    declared = _separator(pieces[0])
    readings = [
        reading
        for delimiter in ((declared,) if declared else delimiters)
        if (reading := _read_head(pieces[0], delimiter, is_known)) is not None
    ]
    if not readings:
        return None
    best = max(readings, key=_rank)
    return _table(best, pieces, has_end=has_end, has_separator=bool(declared))


def _rank(reading: _Reading) -> tuple[bool, int, float, int]:
    is_regular = reading.share >= ENOUGH_OF_ROWS
    width = len(reading.rows[reading.header][1])
    return is_regular and reading.named > 0, reading.named, reading.share, width


def _separator(text: str) -> str:
    for line in text.splitlines()[:5]:
        if line.strip():
            found = SEPARATOR_LINE.fullmatch(line.strip("\ufeff").encode())
            return found[1].decode(errors="replace").replace("\\t", "\t") if found else ""
    return ""


def split_rows(text: str, delimiter: str) -> Iterator[Row]:
    """Yield the records of a text with their first line's number; blank lines are skipped."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 0
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            line = reader.line_num
            continue
        if fields:
            yield line + 1, fields
        line = reader.line_num


def _read_head(text: str, delimiter: str, is_known: Callable[[str], object]) -> _Reading | None:
    """Return the likeliest reading by a delimiter: the header names the most columns."""
    rows = list(islice(split_rows(text, delimiter), HEAD_ROWS))
    best: _Reading | None = None
    for place, (line, fields) in enumerate(rows[:LINES_SEARCHED]):
        width = _width(fields)
        if width <= 1 or line > MAX_HEADER_LINE or not _may_be_header(fields[:width]):
            continue
        named = sum(bool(is_known(name)) for name in fields[:width])
        fitting = sum(_fits(row, width, len(fields)) for _, row in rows[place + 1 :])
        reading = _Reading(delimiter, rows, place, named, fitting)
        if best is None or _rank(reading) > _rank(best):
            best = reading
    return best


def _may_be_header(fields: Sequence[str]) -> bool:
    names = [field.strip(INVISIBLE) for field in fields]
    values = sum(bool(_VALUE.match(name)) for name in names)
    filled = sum(any(map(str.isalnum, name)) for name in names)
    return filled > len(names) / 2 and values <= len(names) / 4 and len(set(names)) > 1


def _width(fields: Sequence[str]) -> int:
    """Return the number of fields without empty ones at the end."""
    width = len(fields)
    while width and not fields[width - 1].strip(INVISIBLE + '"'):
        width -= 1
    return width


def _fits(fields: Sequence[str], width: int, most: int) -> bool:
    """Return whether a row has the header's fields: `width` with a name, and up to `most`."""
    return len(fields) >= width and _width(fields) <= most


def _table(
    found: _Reading, pieces: Sequence[str], *, has_end: bool, has_separator: bool
) -> TextTable:
    header_place, header = found.rows[found.header]
    width = _width(header)
    names = [name.strip(INVISIBLE) for name in header[:width]]
    records: list[list[str]] = []
    malformed: list[list[str]] = []
    at_end: list[list[str]] = []
    footer_words: Counter[str] = Counter()
    for fields in _records(found, pieces):
        word = footer_word(fields[0]) if fields else ""
        if word and sum(bool(field.strip(INVISIBLE)) for field in fields) < max(2, width - 1):
            footer_words[word] += 1
        elif not _width(fields) or [field.strip(INVISIBLE) for field in fields[:width]] == names:
            continue  # an empty row or a repeated header: left out without a setting
        elif _fits(fields, width, len(header)):
            malformed += at_end
            at_end = []
            records.append(fields)
        else:
            at_end.append(fields)
    begins = {footer_word(fields[0]) for fields in records}
    for word in begins & footer_words.keys():  # a setting would also leave these records out
        malformed += [[word]] * footer_words.pop(word)
    if not has_end or len(at_end) > MOST_FOOTER_LINES:
        malformed, at_end = malformed + at_end, []
    step = -(-len(records) // MOST_ROWS) or 1
    kept = records[::step]
    columns = tuple(
        Column(name, tuple(fields[place].strip(INVISIBLE) for fields in kept))
        for place, name in enumerate(names)
    )
    above = [fields for _, fields in found.rows[: found.header]]
    is_first = not above or (has_separator and len(above) == 1)
    total = len(records) + len(malformed)
    return TextTable(
        found.delimiter,
        f"{len(records):,} of {total:,} sampled rows have the {width} fields of the header",
        1 if is_first else header_place,
        header_place,
        columns,
        len(kept),
        len(malformed),
        tuple(footer_words),
        len(at_end),
        has_separator,
        found.named,
    )


def _records(found: _Reading, pieces: Sequence[str]) -> Iterator[list[str]]:
    header_line = found.rows[found.header][0]
    for line, fields in split_rows(pieces[0], found.delimiter):
        if line > header_line:
            yield fields
    for piece in pieces[1:]:
        for _, fields in split_rows(piece, found.delimiter):
            yield fields
