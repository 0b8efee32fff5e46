"""Split the lines of a CSV list into records; one with a broken quote does not hide the others."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from bankseg_assets.landing.quotes import MAX_LINES_IN_A_RECORD

QUOTE = '"'
BROKEN_QUOTE = (
    "It has a quote that is misplaced or not closed. Expected quotes around a whole value, and "
    "doubled within it."
)
LONG_VALUE = f"It has a value of more than {csv.field_size_limit():,} characters."


@dataclass(frozen=True)
class Record:
    """The fields of a record, and what is wrong with it, if anything.

    The fields of a broken record are split at every delimiter, so that they may be shifted.
    """

    fields: list[str]
    problem: str = ""


class _OpenQuoteError(Exception):
    """Raised when a record has more lines than a quoted value plausibly has."""


class _Lines:
    """Lines of which those of the newest record can be put back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        """The lines of the newest record."""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES_IN_A_RECORD:
            raise _OpenQuoteError
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def put_back_all_but_first(self) -> None:
        """Let the lines after the first of the newest record be read again."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def records(lines: Iterator[str], delimiter: str) -> Iterator[Record]:
    """Yield the records of CSV lines, those without any value included.

    A line whose quotes break the rules is a broken record, and reading continues with the next
    line. An open quote may be closed by one of a later record, and then hides those between: if
    each line of a record has the delimiters of the first record, its first line is broken too.
    """
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    columns = 0
    while True:
        source.taken.clear()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except (csv.Error, _OpenQuoteError):
            is_broken = True
        else:
            is_broken = len(source.taken) > 1 and _are_records(source.taken, delimiter, columns)
            columns = columns or len(fields)
        if not is_broken:
            yield Record(fields)
            continue
        source.put_back_all_but_first()
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        (line,) = source.taken
        problem = BROKEN_QUOTE if QUOTE in line else LONG_VALUE
        yield Record(line.rstrip("\r\n").split(delimiter), problem)


def _are_records(lines: list[str], delimiter: str, columns: int) -> bool:
    return columns > 1 and all(line.count(delimiter) == columns - 1 for line in lines)
