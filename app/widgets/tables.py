"""Tables of plain text: Streamlit renders cells as Markdown, where `>99.9%` is a quote."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd
import streamlit as st

from app.widgets.style import style
from bankseg_assets.presentation.markdown import escaped

_BLOCK = re.compile(r"\A(\s*\d*)([#+\-.)=])(?=[#\-=\s]|\Z)")
"""The beginning of a Markdown heading or list."""

_TWO_LINES = """
@media (max-width: 640px) {
  [class*="st-key-two_lines_"] :is(table, thead, tbody) {display: block; width: 100%%;}
  [class*="st-key-two_lines_"] tr {display: grid; width: 100%%; grid-template-columns: 1.4fr
    repeat(%d, 1fr); border-bottom: 1px solid rgba(128, 128, 128, 0.3);}
  [class*="st-key-two_lines_"] :is(td, th) {border: none; padding: 0.2rem;}
  [class*="st-key-two_lines_"] :is(td, th):last-child {grid-column: 1 / -1;}
}
"""


def show_two_lines(
    frame: pd.DataFrame, *, alt: str, links: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Draw a table whose last column, a text, is a second line of each row on a phone."""
    style(_TWO_LINES % (frame.shape[1] - 2))
    with st.container(key=f"two_lines_{frame.columns[0]}"):
        show_table(frame, alt=alt, links=links)


def show_table(
    frame: pd.DataFrame, *, alt: str, links: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Draw a table without Markdown; `alt`: its description for screen readers.

    `links`: text of the first column -> the page that it links to.
    """
    texts = frame.map(_plain).rename(columns=_plain, index=_plain)
    if links:
        first = frame.iloc[:, 0]
        texts.iloc[:, 0] = [
            f"[{_plain(text)}]({links[text]})" if text in links else _plain(text) for text in first
        ]
    # Row numbers are hidden, also of sorted or selected rows; an index with names is shown.
    numbered = frame.index.dtype.kind in "iu"
    st.table(texts, border="horizontal", hide_index=numbered, alt=alt)


def show_side_by_side(frame: pd.DataFrame, *, alt: str) -> None:
    """Draw a wide table as two side by side, which a phone stacks.

    Both begin with the first column, which names the rows.
    """
    first, *others = frame.columns
    if len(others) <= 1:
        show_table(frame, alt=alt)
        return
    middle = (len(others) + 1) // 2
    for box, half in zip(st.columns(2), (others[:middle], others[middle:]), strict=True):
        with box:
            show_table(frame[[first, *half]], alt=alt)


def _plain(value: Any) -> Any:
    return _BLOCK.sub(r"\1\\\2", escaped(value)) if isinstance(value, str) else value
