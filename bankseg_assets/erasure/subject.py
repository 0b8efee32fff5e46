"""What is held on a customer, as data and in words, for a request of access."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.campaigns.members import CAMPAIGN_MEMBERS
from bankseg_assets.campaigns.stored_campaigns import all_campaigns, members_file
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.tables import TABLES, Table
from bankseg_assets.erasure.forget import KeysOf, ids_are_keys
from bankseg_assets.erasure.plan import keys_of_customers
from bankseg_assets.landing.archive import RECORDS_FILE
from bankseg_assets.landing.customer_rows import ID, customer_rows
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.privacy.customer_ids import KnownIds, normalised
from bankseg_assets.privacy.objections import objections
from bankseg_assets.privacy.tombstones import Tombstones
from bankseg_assets.release.releases import Release, all_releases, current_release
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.version_store import VersionStore

SHOWN = (
    *("cleaned_transactions", "quarantined_transactions", "rfm_table", "customer_segments"),
    *("product_holdings", "quarantined_holdings", "product_recommendations", "watch_list"),
)
"""The tables of a release that hold persons, in the order of the report."""
PURPOSE = (
    "Purpose: segmentation of customers for marketing. Not used: credit decisions. Recipients: the "
    "bank's marketing, through lists of a segment or group."
)


@dataclass(frozen=True)
class Held:
    """Everything that is held on a customer."""

    customer_id: str
    release: str = ""
    files: list[dict[str, Any]] = field(default_factory=list)
    """Delivered files with rows of the customer."""
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Table of the release in use -> rows, with every column."""
    earlier_releases: list[str] = field(default_factory=list)
    """Other kept releases with rows of the customer."""
    unreleased: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The same of newer data that are not released, such as before the first release."""
    campaigns: list[dict[str, Any]] = field(default_factory=list)
    """Campaigns with the customer: name, days, and the row of its table."""
    objects: bool = False
    was_erased: bool = False

    def as_document(self) -> dict[str, Any]:
        """Return a JSON document; dates and amounts as text."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def held_on(
    settings: Settings,
    contract: DeliveryContract,
    customer_id: str,
    keys_of: KeysOf = ids_are_keys,
) -> Held:
    """Return what is held on a customer; `keys_of`: for a customer key other than the ID."""
    one = normalised(customer_id, contract.columns[ID])
    ids = KnownIds({one, *keys_of_customers(settings, [one], keys_of)})
    release = current_release(settings.published_dir)
    tombstones = Tombstones(settings.privacy_dir)
    earlier = [
        other.name
        for other in all_releases(settings.published_dir)
        if release is not None
        and other.versions != release.versions
        and _rows(other, "customer_segments", ids, contract)
    ]
    return Held(
        one,
        release.name if release else "",
        [
            *_files(settings.raw_dir, settings.ledger_path, ids, contract),
            *_files(
                *(settings.raw_holdings_dir, settings.holdings_ledger_path),
                *(ids, contract.of_holdings()),
            ),
        ],
        {name: rows for name in SHOWN if release and (rows := _rows(release, name, ids, contract))},
        earlier,
        _unreleased(settings, release, ids, contract),
        _campaigns(settings, ids, contract),
        one in objections(settings.published_dir),
        bool(tombstones.digests()) and tombstones.digest(one) in tombstones.digests(),
    )


def in_words(held: Held) -> str:
    """Return the report for the customer, as text."""
    lines = [f"What is held on customer {held.customer_id}", "", PURPOSE, ""]
    if held.was_erased:
        lines.append("The customer was erased; only a keyed hash of the ID is kept.")
    if not (held.files or held.tables or held.unreleased or held.campaigns):
        lines.append("No delivered file and no table has a row of this customer.")
    lines.append(f"Objection to marketing: {'yes' if held.objects else 'none recorded'}.")
    for file in held.files:
        lines.append(f"Delivered: {file['rows']:,} rows in {file['file']}, on {file['on']}.")
    for name, rows in held.tables.items():
        lines += ["", f"{name.replace('_', ' ').capitalize()}: {len(rows):,} rows"]
        for number, row in enumerate(rows, 1):
            if len(rows) > 1:
                lines.append(f"  {number}.")
            lines += _row(row, TABLES[name])
    for name, rows in held.unreleased.items():
        lines += ["", f"{name.replace('_', ' ').capitalize()}, not released: {len(rows):,} rows"]
        lines += [line for row in rows for line in _row(row, TABLES[name])]
    for campaign in held.campaigns:
        lines += ["", f"Campaign {campaign['name']}, {campaign['days']}:"]
        lines += _row(campaign["row"], CAMPAIGN_MEMBERS)
    if held.earlier_releases:
        lines += ["", f"Also in earlier releases: {', '.join(held.earlier_releases)}."]
    return "\n".join(lines) + "\n"


def _row(row: Mapping[str, Any], table: Table) -> list[str]:
    """Return a line for each known value of a row."""
    meanings = {column.name: column.meaning for column in table.columns}
    return [
        f"    {column}: {_plain(value)}  ({meanings.get(column, '')})"
        for column, value in row.items()
        if value is not None
    ]


def _unreleased(
    settings: Settings, release: Release | None, ids: KnownIds, contract: DeliveryContract
) -> dict[str, list[dict[str, Any]]]:
    """Return table -> rows of the newest versions that the release in use does not name."""
    store = VersionStore(settings.published_dir)
    found = {}
    for name in SHOWN:
        newest = store.versions(name)[-1:]
        if not newest or (release and release.versions.get(name) == newest[0].name):
            continue
        if rows := _rows_of(name, sorted(newest[0].glob("[!_.]*")), ids, contract):
            found[name] = rows
    return found


def _campaigns(
    settings: Settings, ids: KnownIds, contract: DeliveryContract
) -> list[dict[str, Any]]:
    """Return the campaigns that a customer is in, oldest first."""
    found = []
    for one in reversed(all_campaigns(settings.data_dir)):
        path = members_file(settings.data_dir, one)
        rows = _rows_in([path], ids, contract) if path.exists() else []
        days = f"{one.starts_on} to {one.ends_on}"
        found += [{"name": one.name, "days": days, "row": row} for row in rows]
    return found


def _files(
    raw_dir: Path, ledger_path: Path, ids: KnownIds, contract: DeliveryContract
) -> list[dict[str, Any]]:
    if not ledger_path.exists():
        return []
    found = []
    for delivery in Ledger(ledger_path).deliveries():
        records = raw_dir / delivery.sha256 / RECORDS_FILE
        if records.exists() and (rows := _rows_in([records], ids, contract)):
            found.append(
                {
                    "file": delivery.file_name,
                    "on": delivery.taken_at[:10],
                    "status": delivery.status,
                    "rows": len(rows),
                    "records": rows,
                }
            )
    return found


def _rows(
    release: Release, asset: str, ids: KnownIds, contract: DeliveryContract
) -> list[dict[str, Any]]:
    if asset not in release.versions:
        return []
    return _rows_of(asset, release.files(asset), ids, contract)


def _rows_of(
    asset: str, files: Iterable[Path], ids: KnownIds, contract: DeliveryContract
) -> list[dict[str, Any]]:
    """Return rows of the files of an asset's version."""
    tables = (path for path in files if path.suffix == ".parquet")
    return _rows_in(tables, ids, contract.of_holdings() if "holdings" in asset else contract)


def _rows_in(
    files: Iterable[Path], ids: KnownIds, contract: DeliveryContract
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(1 << 17):
                table = pa.Table.from_batches([batch])
                found += table.filter(customer_rows(table, ids, contract)).to_pylist()
    return found


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)
