"""List every delivered file with its row counts and status: `bankseg deliveries [--json]`."""

import argparse
import json
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bankseg_assets.cleaning.row_counts import Account, newest_accounts
from bankseg_assets.contracts.tables import DELIVERY_DIGITS
from bankseg_assets.landing.ledger import Delivery, Ledger, current_content
from bankseg_assets.presentation.formatting import minute
from bankseg_assets.runtime.settings import Settings, SettingsError, load_settings
from bankseg_assets.storage.version_store import (
    DamagedVersionError,
    NothingPublishedError,
    VersionStore,
)
from ops.cli.text_table import aligned
from ops.exit_codes import reports

MAX_NAME_LENGTH = 40
_COLUMNS = {
    **{"file": "File", "taken_at": "Ingested (UTC)", "rows_in": "Rows in", "rows_clean": "Clean"},
    **{"rows_quarantined": "Quarantined", "rows_duplicate": "Duplicate"},
    **{"top_reason": "Top reason", "status": "Status", "short": "SHA-256"},
}


@reports(SettingsError, sqlite3.Error)
def main(arguments: Sequence[str] | None = None) -> int:
    """Print the deliveries, oldest first; return the exit code."""
    parser = argparse.ArgumentParser(prog="bankseg deliveries", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.add_argument("--holdings", action="store_true", help="list files of product holdings")
    options = parser.parse_args(arguments)
    settings = load_settings()
    found = holdings_deliveries(settings) if options.holdings else deliveries(settings)
    print(json.dumps([asdict(row) for row in found], indent=2) if options.json else _text(found))
    return 0


@dataclass(frozen=True)
class DeliveryRow:
    """A delivery and the counts of its rows.

    `rows_clean`, the other counts and the reasons are of the newest cleaned data, released or not;
    None for a file whose rows are not in it: rejected, withdrawn, demo data beside the bank's own,
    or not cleaned yet.
    """

    rows_in: int
    rows_clean: int | None
    rows_quarantined: int | None
    rows_duplicate: int | None
    reasons: Mapping[str, int] | None
    file: str
    taken_at: str
    top_reason: str | None
    status: str
    is_demo: bool
    note: str
    withdrawn_at: str
    short: str
    sha256: str


def deliveries(settings: Settings) -> list[DeliveryRow]:
    """Return every delivery of transactions, oldest first."""
    if not settings.ledger_path.exists():  # opening it would create it
        return []
    found = Ledger(settings.ledger_path).deliveries()
    accounts = _file_counts(settings.published_dir)
    counting = {one.sha256 for one in current_content(found)}
    return [
        _row(one, accounts.get(one.sha256[:DELIVERY_DIGITS]) if one.sha256 in counting else None)
        for one in found
    ]


def holdings_deliveries(settings: Settings) -> list[DeliveryRow]:
    """Return every delivery of holdings, oldest first; the last accepted one replaces the others.

    The counts of their rows are in the checks of `product_holdings`.
    """
    path = settings.holdings_ledger_path
    return [_row(one, None) for one in Ledger(path).deliveries()] if path.exists() else []


def _file_counts(published_dir: Path) -> Mapping[str, Account]:
    try:
        return newest_accounts(VersionStore(published_dir))
    except (OSError, DamagedVersionError, NothingPublishedError):
        return {}  # being written by a batch, or damaged: the ledger still lists the deliveries


def _row(one: Delivery, account: Account | None) -> DeliveryRow:
    return DeliveryRow(
        rows_in=one.records,
        rows_clean=account.rows_clean if account else None,
        rows_quarantined=account.rows_quarantined if account else None,
        rows_duplicate=account.rows_duplicate if account else None,
        reasons=account.reasons if account else None,
        file=one.file_name,
        taken_at=one.taken_at,
        top_reason=account.top_reason if account else None,
        status=one.status,
        is_demo=one.is_demo,
        note=one.reason,
        withdrawn_at=one.withdrawn_at,
        short=one.short,
        sha256=one.sha256,
    )


def _text(found: Sequence[DeliveryRow]) -> str:
    if not found:
        return "No file has been delivered yet."
    rows = [tuple(_COLUMNS.values()), *(_cells(row) for row in found)]
    lines = aligned(rows, [at for at, name in enumerate(_COLUMNS) if name.startswith("rows_")])
    notes = [f"{row.file} ({row.short}): {row.note}" for row in found if row.note]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def _cells(row: DeliveryRow) -> tuple[str, ...]:
    return tuple(_cell(name, getattr(row, name)) for name in _COLUMNS)


def _cell(name: str, value: str | int | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    if name == "taken_at":
        return minute(value)
    return value if len(value) <= MAX_NAME_LENGTH else f"{value[: MAX_NAME_LENGTH - 3]}..."


if __name__ == "__main__":
    sys.exit(main())
