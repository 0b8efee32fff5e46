"""Quarantined rows to look at and to download, and how to correct them."""

from collections import Counter
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from app.state.access import may, permitted
from app.widgets.files import file_button
from app.widgets.numbers import Numbers
from app.widgets.words import words
from bankseg_assets.access.roles import Action
from bankseg_assets.cleaning.quarantine_export import (
    EXTRA,
    RECORD,
    corrections_csv,
    quarantined_rows,
    reasons_to_correct,
)
from bankseg_assets.contracts.delivery import ContractError, DeliveryContract, load_contract
from bankseg_assets.onboarding.masking import masked
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.privacy.look_ups import record_quarantined
from bankseg_assets.release.releases import Release
from bankseg_assets.runtime.settings import Settings

SHOWN_ROWS = 20
MOST_ROWS = 50_000
"""In one file: rows of 200 characters take 40 MB of the server's memory."""
CLEANED, QUARANTINED = "cleaned_transactions", "quarantined_transactions"
FILE_NAME = "corrections.csv"
ALL = ""


def show_quarantine(
    release: Release,
    excluded: Counter[tuple[str, str]],
    settings: Settings,
    numbers: Numbers,
) -> None:
    """Draw the quarantined rows; `excluded`: (disposition, reason) -> number of rows."""
    quarantined = sum(rows for (kind, _), rows in excluded.items() if kind == "quarantined")
    if not quarantined:
        return
    st.subheader("Quarantined rows", anchor=False)
    try:
        contract = load_contract(settings.contract)
    except ContractError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    reasons = dict(_reasons(str(release.path(QUARANTINED)), release, contract).most_common())
    wanted = sum(reasons.values())
    if wanted < quarantined:
        st.success(
            f"{numbers.count(quarantined - wanted)} of {numbers.count(quarantined)} quarantined "
            "rows were delivered again and are kept: they need no correction.",
            icon=":material/check_circle:",
        )
    if not wanted:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        why = st.selectbox(
            "Reason",
            [ALL, *reasons],
            format_func=lambda one: (
                f"{words(one)} ({numbers.count(reasons[one])})" if one else "All reasons"
            ),
            key="quarantine_reason",
        )
        may_see = may(Action.SEE_QUARANTINE)
        show_values = may_see and st.toggle("Show values unmasked", key="quarantine_values")
    _show_rows(release, contract, why, show_values=show_values)
    if not may_see:
        return
    file_button(
        f"Download to correct ({FILE_NAME})",
        Action.SEE_QUARANTINE,
        partial(_file, release, contract, why),
        FILE_NAME,
        key="quarantine_file",
    )
    if reasons.get(why, wanted) > MOST_ROWS:
        st.caption(
            f"The file has the first {numbers.number(MOST_ROWS)} rows; "
            "`./bankseg quarantine > corrections.csv` writes all."
        )
    st.markdown(
        f"**To correct them:** 1. Download the file. 2. Correct the values; the column `reason` "
        "says what is wrong. Keep the header, and delete rows that should stay out. 3. Put the "
        f"file into `{settings.landing_dir}` under a name that begins with `corrections`: its rows "
        "then replace rows that contradict them. It is ingested within half a minute, and the next "
        "version has the rows."
    )


def _show_rows(
    release: Release, contract: DeliveryContract, why: str, *, show_values: bool
) -> None:
    rows = _rows(release, contract, why, SHOWN_ROWS)
    rows = rows.dropna(axis="columns", how="all").map(lambda one: "" if pd.isna(one) else str(one))
    if show_values:
        _record_once(release, why, len(rows))
    else:
        values = [name for name in rows.columns if name not in EXTRA]
        rows[values] = rows[values].map(masked)
    first = [name for name in (*EXTRA, RECORD) if name in rows.columns]
    rows = rows[[*first, *(name for name in rows.columns if name not in first)]]
    rows["reason"] = rows["reason"].map(words)
    st.dataframe(
        rows.rename(columns={"reason": "Reason", "source_file": "File", "row_number": "Row"}),
        hide_index=True,
        alt="Quarantined rows with their reasons",
    )
    masks = "" if show_values else " Values are masked: 9 for every digit, A and a for letters."
    st.caption(f"At most {SHOWN_ROWS} rows are shown.{masks}")


def _record_once(release: Release, why: str, rows: int) -> None:
    """Record that values are shown: once in a session for the same rows, not at every click."""
    shown: set[tuple[str, str]] = st.session_state.setdefault("quarantine_values_shown", set())
    if (release.name, why) not in shown:
        shown.add((release.name, why))
        with permitted(Action.SEE_QUARANTINE):
            record_quarantined(release.folder.parent, rows, "shown")


def _file(release: Release, contract: DeliveryContract, why: str) -> bytes:
    rows = _rows(release, contract, why, MOST_ROWS)
    record_quarantined(release.folder.parent, len(rows), "downloaded")
    return corrections_csv(rows, contract)


def _rows(release: Release, contract: DeliveryContract, why: str, most: int) -> pd.DataFrame:
    kept = release.path(CLEANED)
    return quarantined_rows(release.path(QUARANTINED), contract, kept=kept, reason=why, most=most)


# Cached by the version's folder, which is never reused, so that entries stay valid.
@st.cache_data(max_entries=8, show_spinner=False)
def _reasons(version: str, _release: Release, _contract: DeliveryContract) -> Counter[str]:
    return reasons_to_correct(Path(version), _contract, _release.path(CLEANED))
