"""Rows of a list with errors: all of them by pages, to be corrected by hand."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.widgets.numbers import Numbers
from bankseg_assets.scoring.lists.score_table import ERROR
from bankseg_assets.scoring.lists.scored_list import Correction, ScoredList

PAGE_ROWS = 50
COLLECT_EVERY = "2s"  # a run takes about a millisecond
_PENDING, _EDITOR, _ROUND = "list_pending", "list_editor", "list_round"
"""Keys of the session: what is typed and not scored yet; the drawn editor; how often scored."""


def keep_edits() -> None:
    """Keep what was typed into the editor, also when the page has changed since.

    Edits are sent with the next click. With a rerun of their own they are sent 150 ms late, and a
    faster click would score the old value.
    """
    drawn = st.session_state.get(_EDITOR)
    if drawn is None:
        return
    key, rows = drawn
    state = st.session_state.get(key)
    pending = st.session_state.setdefault(_PENDING, {})
    for place, cells in (state["edited_rows"] if state else {}).items():
        typed = {name: "" if text is None else str(text) for name, text in cells.items()}
        pending[rows[int(place)]] = {**pending.get(rows[int(place)], {}), **typed}


def forget_edits() -> None:
    """Forget what was typed: it was scored, or is of another list."""
    st.session_state.pop(_PENDING, None)
    st.session_state.pop(_EDITOR, None)
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


@st.fragment(run_every=COLLECT_EVERY)
def _collect() -> None:
    """Keep what was typed before another page is opened, which discards the editor."""
    keep_edits()


def correct(result: ScoredList, identity: str, numbers: Numbers) -> dict[int, Correction] | None:
    """Draw the rows with errors; return the corrections when the button is clicked."""
    failed = result.failed
    pages = -(-len(failed) // PAGE_ROWS)
    st.subheader("Rows with errors", anchor=False)
    st.markdown(
        "Correct them here, or in your list. Values of a row with too many or too few fields may "
        "be in the wrong columns, so they are empty here: type them."
        if result.broken
        else "Correct them here, or in your list."
    )
    done = st.session_state.get(_ROUND, 0)
    page = 1
    if pages > 1:
        page = st.pagination(pages, key=f"list_errors_{done}")
        first, last = (page - 1) * PAGE_ROWS + 1, min(page * PAGE_ROWS, len(failed))
        st.caption(
            f"Rows {numbers.number(first)} to {numbers.number(last)} of "
            f"{numbers.number(len(failed))}. What you type is kept when you turn the page."
        )
    rows = failed[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    _draw(result, identity, rows, f"list_faults_{done}_{page}")
    _collect()
    if not st.button("Score these rows again", key="again", type="primary"):
        return None
    pending = st.session_state.get(_PENDING, {})
    if not pending:
        st.info("Change a value first.", icon=":material/edit:")
        return None
    found: dict[int, Correction] = dict(pending)
    forget_edits()
    return found


def _draw(result: ScoredList, identity: str, rows: Sequence[int], key: str) -> None:
    """Draw the editor. What was typed on an earlier visit is in its cells."""
    names = list(dict.fromkeys(filter(None, (identity, *result.scorer.columns.values()))))
    key = f"{key}_{hash(tuple(names))}"
    drawn = st.session_state.get(_EDITOR)
    frame: pd.DataFrame
    if drawn is not None and drawn[0] == key and key in st.session_state:
        frame = st.session_state[f"{_EDITOR}_frame"]  # other cells would reset the editor
    else:
        pending = st.session_state.get(_PENDING, {})
        errors = result.table[ERROR]
        frame = pd.DataFrame(
            [
                {**cells, **pending.get(row, {}), ERROR: errors[row].as_py()}
                for row, cells in zip(rows, result.cells(rows, names), strict=True)
            ],
            columns=[*names, ERROR],
        )
        st.session_state[f"{_EDITOR}_frame"] = frame
    st.session_state[_EDITOR] = (key, tuple(rows))
    st.data_editor(
        frame,
        disabled=[ERROR],
        hide_index=True,
        key=key,
        on_change="ignore",
        alt="Rows with errors",
    )
