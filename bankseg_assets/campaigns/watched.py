"""The watch list of a release for people: without customers who object to marketing."""

import pandas as pd

from bankseg_assets.campaigns.audiences import table_of
from bankseg_assets.campaigns.customer_list import ID, objections_to
from bankseg_assets.privacy.audit import AUDIT_FOLDER, LIST_DOWNLOADED, Event, note
from bankseg_assets.release.releases import Release

WATCH_LIST = "watch_list"


def watched_customers(release: Release) -> pd.DataFrame:
    """Return WATCH_LIST of a release; empty if it has none. Raises ListError."""
    if WATCH_LIST not in release.versions:
        return pd.DataFrame()
    table: pd.DataFrame = table_of(release, WATCH_LIST).to_table().to_pandas()
    found = table.sort_values("rank")
    objecting = objections_to(release)
    if objecting.ids:
        found = found[[not one for one in objecting.among(found[ID])]]
    return found.reset_index(drop=True)


def record_watch_list(release: Release, customers: int, how: str) -> None:
    """Record that customers of the watch list were shown or downloaded. Never raises OSError."""
    event = Event(LIST_DOWNLOADED, on="watch list", result=f"{customers:,} customers {how}")
    note(release.folder.parent / AUDIT_FOLDER, event)
