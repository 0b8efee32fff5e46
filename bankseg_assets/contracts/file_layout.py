"""Layout of a delivered text file: preamble, header, footer."""

from dataclasses import dataclass

MAX_HEADER_LINE = 1000
MAX_FOOTER_LINES = 100


@dataclass(frozen=True)
class FileLayout:
    """The position of the header, and the lines after it that are not records."""

    header_line: int = 1
    """The header's line, counted from 1 as an editor shows it; what is above is not read."""
    footer_lines: int = 0
    """How many lines at the end are not records; empty lines after them do not count."""
    footer_starts_with: tuple[str, ...] = ()
    """How lines begin that are not records, such as totals."""
    sheet: str = ""
    """Of an XLSX file, the sheet to read; empty: its first."""


PLAIN = FileLayout()
"""The header first, and then records alone."""
