"""Export tables as CSV without cells that a spreadsheet would evaluate as formulas.

A text cell that begins like a formula is prefixed with an apostrophe (OWASP, CSV Injection);
numbers stay numbers, negative ones too. No Spark and no Dagster: the app and the command line
export too.
"""

import re
from typing import Any

import numpy as np
import pandas as pd

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
_REAL = "iuf"  # numpy's kinds of integers and floats


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
    columns = {inert(str(name)): _cells(frame[name]) for name in frame.columns}
    text: str = pd.DataFrame(columns).to_csv(
        index=False, header=header, sep=delimiter, decimal=decimal, lineterminator="\r\n"
    )
    return text


def _cells(column: "pd.Series[Any]") -> "pd.Series[Any]":
    if column.dtype.kind in _REAL:
        return column.replace([np.inf, -np.inf], np.nan)
    texts = column.astype(object).map(str, na_action="ignore")
    # Each distinct text once, and only those with a suspicious sign: 2.6 million cells took 10 s
    # one by one. A Python set, because pandas considers "" and "\0" equal.
    distinct = set(texts.dropna())
    if not _SUSPECT.search("".join(distinct)):
        return texts
    return texts.map({text: inert(text) for text in distinct}.__getitem__, na_action="ignore")
