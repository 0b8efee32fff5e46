"""Tables and documents of the shown release, or of the data before the first release."""

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import streamlit as st

from app.state import session
from bankseg_assets.campaigns.audiences import CUSTOMERS, Total, totals
from bankseg_assets.campaigns.release_figures import ReleaseFigures
from bankseg_assets.campaigns.trend import trend as releases_trend
from bankseg_assets.release.releases import Release, all_releases, current_release
from bankseg_assets.scoring.lists.actions import read_actions
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.storage.documents import read_document
from bankseg_assets.storage.report_pages import REPORT_FILE

SAMPLE_ROWS = 40_000
MAX_ROWS = 100_000
"""Rows of a table that a page may read whole."""


def has(asset: str) -> bool:
    """Return whether the shown release has an asset; older releases may not."""
    return _release_with(asset) is not None


def table(asset: str, of: Release | None = None) -> pd.DataFrame:
    """Return a small published table; empty if the release does not have it.

    `of`: another release than the shown one. Raises ValueError if it is too large for a page.
    """
    release = _release_with(asset, of)
    if release is None:
        return pd.DataFrame()
    return _table(tuple(map(str, release.parquet_files(asset))))


def document(asset: str, of: Release | None = None) -> dict[str, Any]:
    """Return a published document (a model, a report's tables); empty if there is none.

    `of`: another release than the shown one.
    """
    release = _release_with(asset, of)
    if release is None:
        return {}
    return _document(str(release.path(asset)))


def report_page(asset: str) -> Path | None:
    """Return the HTML page of a report in the shown release; None if there is none."""
    release = _release_with(asset)
    files = release.files(asset) if release else []
    return next((file for file in files if file.name == REPORT_FILE), None)


def previous() -> Release | None:
    """Return the newest complete release before the shown one, of the same kind of data.

    None if there is none.
    """
    shown = session.shown()
    if shown is None or not shown.name:
        return None
    found = [
        one
        for one in all_releases(shown.folder)
        if one.number < shown.number
        and (one.is_demo, one.currency) == (shown.is_demo, shown.currency)
        and all(one.path(asset).is_dir() for asset in one.versions)
    ]
    return found[-1] if found else None


def _release_with(asset: str, of: Release | None = None) -> Release | None:
    """Return the shown release, or another one, if it has an asset."""
    release = of or session.shown()
    return release if release is not None and asset in release.versions else None


def group_counts(asset: str, column: str = "rfm_group") -> dict[str, int]:
    """Return value -> number of rows of a table's column, read in batches."""
    release = _release_with(asset)
    files = release.parquet_files(asset) if release else []
    found: Counter[str] = Counter()
    for batch in ds.dataset(files).to_batches(columns=[column]) if files else ():
        counted = batch.column(column).value_counts().to_pylist()
        found.update({str(one["values"]): int(one["counts"]) for one in counted})
    return dict(found)


def actions() -> dict[int, str]:
    """Return segment -> recommended action; empty if they cannot be read."""
    try:
        return read_actions(session.require_release())
    except ListError:
        return {}


def audiences() -> list[Total]:
    """Return the groups and segments of the shown release, each with customers and money.

    Empty before the first release, and if the customers cannot be read.
    """
    if session.bundle() is None or not has(CUSTOMERS):
        return []
    release = session.require_release()
    names = session.require_bundle().segment_names
    return _audiences(str(release.path(CUSTOMERS)), release, actions(), names)


# Cached by the version's folder, which is never reused, so that entries stay valid.
@st.cache_data(max_entries=8, show_spinner=False)
def _audiences(
    version: str, _release: Release, actions: dict[int, str], names: dict[int, str]
) -> list[Total]:
    assert version
    try:
        return totals(_release, actions, names)
    except ListError:
        return []


def trend() -> tuple[list[ReleaseFigures], list[ReleaseFigures]]:
    """Return the figures of the releases up to the shown one, oldest first; empty before any.

    Those that can be compared with it; and those of other data: demo, another currency or key.
    """
    release = session.shown()
    if release is None or not release.name:
        return [], []
    newest = current_release(release.folder)
    return _trend(newest.name if newest else "", release.name, release)


# Cached by the name of the newest release, with which the trend changes.
@st.cache_data(max_entries=8, show_spinner=False)
def _trend(
    newest: str, name: str, _release: Release
) -> tuple[list[ReleaseFigures], list[ReleaseFigures]]:
    assert newest, name
    return releases_trend(_release.folder, _release)


# Cached by file names, which are never reused, so that entries stay valid.
@st.cache_data(max_entries=64, show_spinner=False)
def _table(files: tuple[str, ...]) -> pd.DataFrame:
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    if rows > MAX_ROWS:
        raise ValueError(f"{files[0]} and its parts have {rows:,} rows: too many for a page.")
    parts = [pq.read_table(file).to_pandas() for file in files]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


@st.cache_data(max_entries=16, show_spinner=False)
def _document(version: str) -> dict[str, Any]:
    return read_document(Path(version))


def sample(asset: str, columns: list[str]) -> pd.DataFrame:
    """Return the first rows of each part; parts are hash partitions, so this is a sample."""
    release = _release_with(asset)
    if release is None:
        return pd.DataFrame(columns=columns)
    return _sample(tuple(map(str, release.parquet_files(asset))), tuple(columns))


@st.cache_data(max_entries=4, show_spinner=False)
def _sample(files: tuple[str, ...], columns: tuple[str, ...]) -> pd.DataFrame:
    wanted = SAMPLE_ROWS // max(len(files), 1)
    parts = [
        next(pq.ParquetFile(f).iter_batches(wanted, columns=list(columns)), None) for f in files
    ]
    found = [part.to_pandas() for part in parts if part is not None]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(columns))
