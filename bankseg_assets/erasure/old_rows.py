"""Which rows are older than their limit: old transactions, quarantined rows, unused files."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from bankseg_assets.contracts.tables import DELIVERY_DIGITS
from bankseg_assets.erasure.aged_rows import AgedRows, Numbers, quarantined_numbers
from bankseg_assets.erasure.limits import Limits, time_before
from bankseg_assets.landing.archive import RECORDS_FILE
from bankseg_assets.landing.ledger import Delivery, Ledger, current_content
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.version_store import VersionStore

QUARANTINE = "quarantined_transactions"
QUARANTINED, CONFLICTING = "quarantined", "conflicting_duplicate"
"""A conflicting row leaves by its day: without it, the row that it contradicts would be kept."""

FindOld = Callable[
    [Mapping[str, Path], Mapping[str, date], date, Path], Mapping[str, Iterable[Path]]
]
"""Writes the `row_number` of the rows before a day into a folder; returns delivery -> files.

Its arguments: delivery, as tables name it -> its records; delivery -> the day it was ingested; the
day; the folder.
"""


def select_old(
    settings: Settings,
    limits: Limits,
    find_old: FindOld,
    first: date | None,
    now: datetime,
    folder: Path,
) -> AgedRows:
    """Return the rows to remove. `first`: the first day that is kept; None to keep all."""
    deliveries = known_deliveries(settings.ledger_path)
    unused_before = time_before(now, days=limits.unused_days)
    return AgedRows(
        old_rows(settings, deliveries, find_old, first, folder),
        _quarantined(settings, deliveries, time_before(now, days=limits.quarantine_days)),
        _unused_holdings(settings, unused_before),
        unused_before,
    )


def leaves_any(selection: AgedRows, settings: Settings) -> bool:
    """Return whether any record of the deliveries that count is left, if there are any."""
    current = [
        one for one in current_content(known_deliveries(settings.ledger_path)) if one.records
    ]
    return not current or any(
        one.records > len(selection.by_delivery.get(one.sha256[:DELIVERY_DIGITS], ()))
        for one in current
    )


def known_deliveries(ledger_path: Path) -> list[Delivery]:
    """Return the deliveries of a ledger; none if there is no ledger."""
    return Ledger(ledger_path).deliveries() if ledger_path.exists() else []


def _quarantined(
    settings: Settings, deliveries: Iterable[Delivery], before: datetime | None
) -> dict[str, Numbers]:
    """Return the quarantined rows of deliveries before a time."""
    versions = VersionStore(settings.published_dir).versions(QUARANTINE)
    if before is None or not versions:
        return {}
    earlier = {
        one.sha256[:DELIVERY_DIGITS]
        for one in deliveries
        if datetime.fromisoformat(one.taken_at) < before
    }
    return quarantined_numbers(versions[-1], earlier, disposition=QUARANTINED, but=CONFLICTING)


def _unused_holdings(settings: Settings, before: datetime | None) -> set[str]:
    """Return the SHA-256 of files of holdings before a time that a later one has replaced."""
    if before is None:
        return set()
    accepted = [
        one for one in known_deliveries(settings.holdings_ledger_path) if one.status == "accepted"
    ]
    newest = {}  # of the demo data and of the bank's own
    for one in sorted(accepted, key=lambda one: (one.taken_at, one.file_name)):
        newest[one.is_demo] = one.sha256
    return {
        one.sha256
        for one in accepted
        if one.sha256 not in newest.values() and datetime.fromisoformat(one.taken_at) < before
    }


def old_rows(
    settings: Settings,
    deliveries: Iterable[Delivery],
    find_old: FindOld,
    first: date | None,
    folder: Path,
) -> Mapping[str, Iterable[Path]]:
    """Return delivery -> files with the numbers of its rows before a day."""
    records = {
        one.sha256[:DELIVERY_DIGITS]: (settings.raw_dir / one.sha256 / RECORDS_FILE, one)
        for one in deliveries
    }
    files = {name: path for name, (path, _) in records.items() if path.exists()}
    if first is None or not files:
        return {}
    taken_on = {name: date.fromisoformat(records[name][1].taken_at[:10]) for name in files}
    return find_old(files, taken_on, first, folder)


@contextmanager
def finding(settings: Settings) -> Iterator[Path]:
    """Yield an empty folder on the disk of the data, which all machines of a cluster see."""
    folder = settings.privacy_dir / "finding"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
