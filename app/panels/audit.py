"""The audit log: whether its chain is whole, and its entries by action, person and customer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.widgets.files import file_button
from bankseg_assets.access.roles import Action
from bankseg_assets.contracts.delivery import ColumnRule
from bankseg_assets.presentation.csv_export import to_csv
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.privacy.audit import SYSTEM, AuditLog
from bankseg_assets.privacy.customer_ids import normalised
from bankseg_assets.privacy.tombstones import TombstoneError, Tombstones
from bankseg_assets.runtime.settings import Settings

SHOWN_ENTRIES = 300
FILE_NAME = "audit.csv"
ALL = ""
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Log:
    """The log as it is now. `head`: number and hash of the newest entry."""

    entries: Sequence[Entry]
    fault: str
    head: tuple[int, str]


def show_audit(settings: Settings) -> None:
    """Draw the verdict on the chain, the filters, and the newest entries that match."""
    log = _log(settings.audit_dir, _files(settings.audit_dir))
    if not log.entries and not log.fault:
        st.info("Nothing has been recorded yet.", icon=":material/info:")
        return
    _show_chain(log)
    found = _filtered(settings, log.entries)
    if not found:
        st.info("No entry matches.", icon=":material/info:")
        return
    st.dataframe(
        as_table(found[:SHOWN_ENTRIES]),
        hide_index=True,
        alt="Entries of the audit log, the newest first",
    )
    if len(found) > SHOWN_ENTRIES:
        st.caption(f"The newest {SHOWN_ENTRIES} of {len(found):,} entries; the file has all.")
    file_button(
        f"Download ({FILE_NAME})",
        Action.READ_AUDIT,
        partial(_csv, found),
        FILE_NAME,
        key="audit_file",
    )


def matching(
    entries: Iterable[Entry], *, what: str = ALL, who: str = ALL, subject: str = ALL
) -> list[Entry]:
    """Return the entries with an action, a person and a customer's reference, newest first."""
    found = [
        one
        for one in entries
        if what in (ALL, one["what"]) and who in (ALL, one["who"]) and subject in (ALL, one["on"])
    ]
    return found[::-1]


def as_table(entries: Iterable[Entry]) -> pd.DataFrame:
    """Return a row for each entry."""
    return pd.DataFrame(
        [
            {
                "Entry": one["number"],
                "At (UTC)": one["at"][:19].replace("T", " "),
                "Who": one["who"],
                "Known by": one.get("known_by", SYSTEM),
                "What": one["what"],
                "On": one["on"],
                "Result": one["result"],
                "Reason": one["why"],
                "Details": ", ".join(f"{name}: {value}" for name, value in one["details"].items()),
            }
            for one in entries
        ]
    )


def _show_chain(log: Log) -> None:
    number, digest = log.head
    if log.fault:
        st.error(f"The audit log is not intact. {escaped(log.fault)}", icon=":material/link_off:")
        return
    entries = "entry" if number == 1 else "entries"
    st.success(f"The chain of {number:,} {entries} is intact.", icon=":material/link:")
    st.caption(
        f"Hash of the newest entry, to keep on another machine: `{digest}`. It shows whether the "
        "whole log was written again."
    )


def _filtered(settings: Settings, entries: Sequence[Entry]) -> list[Entry]:
    """Draw the filters; return the entries that match."""
    first, second, third = st.columns(3)
    what, who = (
        place.selectbox(
            name.capitalize(),
            [ALL, *sorted({str(one[name]) for one in entries})],
            format_func=lambda one: one or "All",
            key=f"audit_{name}",
        )
        for place, name in ((first, "what"), (second, "who"))
    )
    customer = third.text_input(
        "Customer ID",
        key="audit_customer",
        autocomplete="off",
        help="Entries name a customer by the keyed hash of the ID.",
    )
    subject = ALL
    if customer.strip():
        try:
            one = normalised(customer, ColumnRule("customer_id"))
            subject = Tombstones(settings.privacy_dir).reference(one)
        except TombstoneError as error:
            st.error(escaped(str(error)), icon=":material/error:")
            return []
    return matching(entries, what=what, who=who, subject=subject)


def _csv(entries: Sequence[Entry]) -> bytes:
    return to_csv(as_table(entries))


def _files(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return the files of the log with size and time, which an edit changes."""
    paths = sorted(folder.glob("*.json*"))
    return tuple((one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in paths)


# Not copied for each run of the page, as data would be: it is only read.
@st.cache_resource(max_entries=2, show_spinner=False)
def _log(folder: Path, files: tuple[tuple[str, int, int], ...]) -> Log:
    assert files is not None
    log = AuditLog(folder)
    return Log(list(log.entries()), log.fault(), log.head)
