"""Escaped text and tables in Markdown, for Dagster's and the app's pages."""

import re
from collections.abc import Iterable, Sequence


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is.

    >>> escaped("*PUNE* <b>")
    '\\\\*PUNE\\\\* \\\\<b\\\\>'
    """
    return re.sub(r"([\\`*_\[\]<>|~$])", r"\\\1", text)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of text, which may come from the data: it is escaped.

    >>> print(markdown_table(["place", "customers"], [["[A](b)|C", 12]]))
    | place | customers |
    |---|---|
    | \\[A\\](b)\\|C | 12 |
    """
    return raw_table(
        [escaped(name) for name in head],
        [[escaped(str(cell)) for cell in row] for row in rows],
    )


def raw_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, right_aligned: bool = False
) -> str:
    """Return a table of cells that are Markdown; `right_aligned`: all columns but the first.

    >>> print(raw_table(["k", "gap"], [["**4**", "0.1"]], right_aligned=True))
    | k | gap |
    |---|---:|
    | **4** | 0.1 |
    """
    ruler = "|---" + ("|---:" if right_aligned else "|---") * (len(head) - 1) + "|"
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], ruler, *lines[1:]])
