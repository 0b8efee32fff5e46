"""The result of a list: counts, what is missing, segments, rows and downloads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.panels import lists
from app.panels.customer import link_to_customer
from app.panels.list_settings import Chosen
from app.state.access import may
from app.widgets.files import file_button
from app.widgets.numbers import Numbers
from app.widgets.style import pale_while_typing
from app.widgets.tables import show_table, show_two_lines
from bankseg_assets.access.roles import Action
from bankseg_assets.presentation.formatting import percent
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.scoring.lists.score_table import RESULTS
from bankseg_assets.scoring.lists.scored_list import ScoredList
from bankseg_assets.scoring.lists.summary import ListSummary, missing_sentences, segment_counts
from bankseg_assets.scoring.lists.workbook import MOST_ROWS, xlsx_bytes

MAX_SHOWN = 500  # sent to the browser; the download has all rows


def outcome(summary: ListSummary, numbers: Numbers) -> str:
    """Return in a sentence how many rows were scored, as Markdown."""
    scored = numbers.number(summary.rows - summary.failed)
    parts = [f"Rows scored: {scored} of {numbers.number(summary.rows)}"]
    if summary.unsure_rows:
        parts.append(f"uncertain: {numbers.number(summary.unsure_rows)}")
    if summary.failed:
        parts.append(f"with errors, which can be corrected below: {numbers.number(summary.failed)}")
    return f":material/check_circle: **{'; '.join(parts)}.** How the list was read is below."


def show_counts(summary: ListSummary, numbers: Numbers) -> None:
    """Draw the counts, and what missing inputs cost."""
    counts = {
        "Rows": summary.rows,
        "Not sure": summary.unsure_rows,
        "With errors": summary.failed,
    }
    for box, (title, count) in zip(st.columns(3), counts.items(), strict=True):
        box.metric(title, numbers.number(count), border=True)
    for sentence in missing_sentences(summary, numbers.style):
        st.info(escaped(sentence), icon=":material/help:")


def show_downloads(result: ScoredList, chosen: Chosen, name: str) -> None:
    """Draw buttons for the whole list and for its errors alone."""
    stem, dialect = Path(name).stem, chosen.plan.dialect
    pale_while_typing("result_files", locked=True)
    with st.container(horizontal=True, key="result_files"):
        if result.table.num_rows <= MOST_ROWS:
            file_button(
                "The whole list with its segments (Excel)",
                Action.SCORE,
                lambda: xlsx_bytes(result.table, result.scorer),
                f"segments_{stem}.xlsx",
                key="result_xlsx",
            )
        file_button(
            "The whole list with its segments (CSV)",
            Action.SCORE,
            lambda: lists.as_csv(result.table, dialect),
            f"segments_{stem}.csv",
            key="result",
        )
        if result.failed:
            file_button(
                "Only the rows with errors (CSV)",
                Action.SCORE,
                lambda: lists.as_csv(result.errors(), dialect),
                f"errors_{stem}.csv",
                key="errors_only",
            )


def show_segments(
    summary: ListSummary,
    advice: Mapping[str, str],
    links: Mapping[str, str],
    numbers: Numbers,
) -> None:
    """Draw the rows of each segment.

    `advice`, `links`: segment's name -> recommended action, page of the segment.
    """
    found = segment_counts(summary)
    if not found:
        return
    scored = summary.rows - summary.failed
    st.subheader("Segments of the list", anchor=False)
    frame = pd.DataFrame(
        {
            "Segment": [one.name for one in found],
            "Customers": [numbers.number(one.rows) for one in found],
            "Share": [percent(one.rows / scored) for one in found],
            "Sure": [numbers.number(one.sure) for one in found],
            "Not sure": [numbers.number(one.unsure) for one in found],
        }
    )
    if advice:
        frame["Recommended action, if sure"] = [advice.get(one.name, "") for one in found]
    draw = show_two_lines if advice else show_table
    draw(frame, alt="Customers of the list by segment", links=links)


def show_rows(result: ScoredList, identity: str, numbers: Numbers) -> None:
    """Draw the first rows; a phone shows four columns, so the ID and the results come first."""
    names = result.table.column_names
    first = [name for name in (identity, *RESULTS) if name in names]
    st.subheader("Rows", anchor=False)
    may_look_up = bool(identity) and load_settings().customer_page and may(Action.LOOK_UP)
    event = st.dataframe(
        result.table.slice(0, MAX_SHOWN).to_pandas(types_mapper=pd.ArrowDtype),
        column_order=[*first, *(name for name in names if name not in first)],
        hide_index=True,
        alt="The first rows of the result",
        key="rows",
        on_select="rerun" if may_look_up else "ignore",
        selection_mode="single-row",
    )
    if may_look_up:
        _offer_lookup(result, identity, event)
    if result.table.num_rows > MAX_SHOWN:
        st.caption(
            f"The first {MAX_SHOWN} rows; the download has all "
            f"{numbers.number(result.table.num_rows)}."
        )


def _offer_lookup(result: ScoredList, identity: str, event: Any) -> None:
    """Draw a button to the page of the selected row's customer."""
    selected = event.selection.rows
    if not selected:
        st.caption("Select a row to look the customer up in the released data.")
        return
    if customer_id := result.table[identity][selected[0]].as_py():
        link_to_customer(str(customer_id))
