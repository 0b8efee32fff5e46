"""The RFM grid as buttons, which work by mouse, touch and keyboard.

A Plotly chart reports the previous tap on a touch screen, because it selects before it hovers.
"""

from collections.abc import Sequence

import streamlit as st

from app.panels.rfm import Box, Cell
from app.widgets.palette import INK, LOSS, Look
from app.widgets.style import style

CHOSEN = "rfm_cell"
"""Key of the session: the chosen cell."""
_SHAPE = """
[class*="st-key-rfm_row_"] {display: grid; grid-template-columns: 3.4rem repeat(%d, minmax(0, 1fr));
  gap: 3px; align-items: stretch;}
[class*="st-key-rfm_row_"] > * {width: auto; min-width: 0;}
[class*="st-key-rfm_box_"] button {height: 100%%; min-height: 4.6rem; padding: 2px; width: 100%%;
  border: 3px solid transparent; line-height: 1.2;}
[class*="st-key-rfm_box_"] div {height: 100%%;}
[class*="st-key-rfm_box_"] button * {white-space: normal; overflow: visible; height: auto;
  overflow-wrap: normal; word-break: normal;}
[class*="st-key-rfm_box_"] button p {font-size: 0.85rem; line-height: 1.25;}
[class*="st-key-rfm_box_"] button:hover, [class*="st-key-rfm_box_"] button:focus-visible {
  border-color: %s; color: %s;}
@media (max-width: 640px) {
  [class*="st-key-rfm_row_"] {grid-template-columns: 2.6rem repeat(%d, minmax(0, 1fr)); gap: 2px;}
  [class*="st-key-rfm_box_"] button {padding: 0; border-width: 2px;}
  [class*="st-key-rfm_box_"] button p, [class*="st-key-rfm_box_"] button p * {
    font-size: 0.66rem !important; hyphens: auto;}
}
"""


def show_boxes(
    rows: Sequence[Sequence[Box]],
    down: Sequence[str],
    across: Sequence[str],
    chosen: Cell | None,
    look: Look,
) -> None:
    """Draw the grid; `down`, `across`: the names of its rows and columns."""
    ink = INK[look]
    style(_SHAPE % (len(across), ink, ink, len(across)) + _fills(rows, chosen, ink))
    with st.container(gap="xxsmall"):
        for number, (name, row) in enumerate(zip(down, rows, strict=True)):
            with st.container(horizontal=True, key=f"rfm_row_{number}"):
                st.caption(name)
                for box in row:
                    st.button(
                        box.text,
                        key=_key(box.cell),
                        help=box.where,
                        disabled=box.is_empty,
                        width="stretch",
                        on_click=_choose,
                        args=(box.cell,),
                    )
        with st.container(horizontal=True, key="rfm_row_names"):
            st.caption("")
            for name in across:
                st.caption(name, text_alignment="center")


def _fills(rows: Sequence[Sequence[Box]], chosen: Cell | None, ink: str) -> str:
    """Return the style sheet of the boxes' colours."""
    lines = [
        f".st-key-{_key(box.cell)} button {{background: {box.fill}; color: {ink};}}"
        for row in rows
        for box in row
        if not box.is_empty
    ]
    if chosen:
        lines.append(f".st-key-{_key(chosen)} button {{border-color: {LOSS} !important;}}")
    return "\n".join(lines)


def _choose(cell: Cell) -> None:
    st.session_state[CHOSEN] = cell
    st.toast("The cell is selected. Its customers are beside the grid; on a phone, below it.")


def _key(cell: Cell) -> str:
    recency, frequency = cell
    return f"rfm_box_{recency}_{frequency}"
