"""Export tables as CSV without cells that a spreadsheet would evaluate as formulas.

A text cell that begins like a formula is prefixed with an apostrophe (OWASP, CSV Injection);
numbers stay numbers, negative ones too. No Spark and no Dagster: the app and the command line
export too.
"""

import re
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.presentation.column_text import (
    REAL,
    cell_texts,
    content,
    joined,
    number_texts,
)

_SIGNS = "=+\\-@＝＋－＠"  # noqa: RUF001 - spreadsheets take the full-width ones too
# Spreadsheets skip white space, control and zero-width characters before a formula.
_SKIPPED = r"\s\x00-\x1f\u200b-\u200f\u2060\ufeff"
_FORMULA = re.compile(
    rf"\A(?=[\t\r\n]|[{_SKIPPED}]*[{_SIGNS}])"
    # Also within a text, after a semicolon, tab or line break: where `;` is the list separator (as
    # in German Excel), a line is split there in spite of the quotes. The blanks in between exclude
    # these separators, or a megabyte of line breaks would take hours.
    rf"|(?<=[;\t\r\n])(?=[^\S\t\r\n]*[{_SIGNS}])"
)
_SUSPECT = re.compile(rf"[\t\r\n{_SIGNS}]")  # matches every text that _FORMULA changes
# Also 1,234.50 and -12,50: separators depend on the bank's notation, and neither is a formula.
_NUMBER = re.compile(r"[+-]?[.,]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?")
_BLOCK_ROWS = 100_000


def inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    >>> inert("=1+1"), inert(" @SUM(A1)"), inert("MUMBAI"), inert("-12.5"), inert("-1+1")
    ("'=1+1", "' @SUM(A1)", 'MUMBAI', '-12.5', "'-1+1")
    """
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub("'", text)


def to_csv(frame: pd.DataFrame, *, delimiter: str = ",", encoding: str = "utf-8-sig") -> bytes:
    """Return a table as CSV: header, RFC 4180 quoting, CR LF, every text inert.

    UTF-8 with a byte order mark: without one, Excel reads accents in the machine's old code page.
    The platform takes such a file back. Infinity, which no spreadsheet knows, is left empty.
    """
    return csv_text(frame, delimiter=delimiter).encode(encoding, errors="replace")


def csv_text(
    frame: pd.DataFrame, *, delimiter: str = ",", decimal: str = ".", header: bool = True
) -> str:
    """Return a table, or a later chunk of one without its header, as the text of `to_csv`."""
    notation = _Notation(delimiter, decimal)
    columns = {inert(str(name)): frame[name] for name in frame.columns}
    lines = [notation.lines([pa.array([notation.quoted(name)]) for name in columns])]
    blocks = range(0, len(frame), _BLOCK_ROWS) if columns else ()
    lines += [
        notation.lines(
            [notation.texts(one.iloc[start : start + _BLOCK_ROWS]) for one in columns.values()]
        )
        for start in blocks
    ]
    return "".join(lines if header else lines[1:])


class _Notation:
    """How texts and numbers are written, and where they need quotes (RFC 4180)."""

    def __init__(self, delimiter: str, decimal: str) -> None:
        self._delimiter, self._decimal = delimiter, decimal
        self._special = re.compile(f'["\r\n{re.escape(delimiter)}]')
        self._suspects = re.compile(f"{_SUSPECT.pattern}|{self._special.pattern}")

    def lines(self, columns: list[pa.Array]) -> str:
        """Return rows of fields as lines."""
        if len(columns) == 1:  # an empty line would be none
            columns = [pc.if_else(pc.equal(columns[0], ""), '""', columns[0])]
        rows = joined(columns, self._delimiter) if columns else pa.array([""])
        return content(joined([rows, ""], "\r\n")).decode()

    def texts(self, column: "pd.Series[Any]") -> pa.Array:
        """Return a column as fields."""
        if column.dtype.kind not in REAL:
            return cell_texts(column, self._field, self._suspects)
        texts = number_texts(column)
        if column.dtype.kind != "f" or self._decimal == ".":
            return texts
        texts = pc.replace_substring(texts, ".", self._decimal)
        # Not inert: no spreadsheet takes a number for a formula.
        needs_quotes = self._special.search(self._decimal)
        return cell_texts(texts.to_pandas(), self.quoted, self._special) if needs_quotes else texts

    def quoted(self, text: str) -> str:
        """Return a text as a field, in quotes if it needs them."""
        return '"{}"'.format(text.replace('"', '""')) if self._special.search(text) else text

    def _field(self, text: str) -> str:
        return self.quoted(inert(text))
