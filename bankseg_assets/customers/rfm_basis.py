"""What the newest RFM table was counted from, and whether the next one may go on from it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bankseg_assets.cleaning.rules_version import RFM_RULES
from bankseg_assets.contracts.tables import RFM_TABLE
from bankseg_assets.customers.customer_key import BASIS_KEY
from bankseg_assets.storage.version_store import (
    DamagedVersionError,
    VersionStore,
    verify,
    version_basis,
    version_record,
)

_CLEANED = "cleaned_transactions"


@dataclass(frozen=True)
class Before:
    """The newest RFM table, its snapshot date, and the files of transactions that changed since."""

    table: Path
    snapshot: date
    arrived: tuple[Path, ...]
    gone: tuple[Path, ...]


class CountAnewError(LookupError):
    """The RFM table cannot go on from the one before; the message says why."""


def basis(cleaned: Path, *, customer_key: str, snapshot: date) -> dict[str, Any]:
    """Return what an RFM table of a version of cleaned_transactions depends on, but for its name.

    `files`: SHA-256 -> name. Parts of the transactions are linked from version to version.
    """
    return {
        BASIS_KEY: customer_key,
        "snapshot_date": snapshot.isoformat(),
        "fingerprint": _fingerprint(),
        "rows_by": _rules_of(cleaned),
        "files": _files(cleaned),
    }


def newest(store: VersionStore, cleaned: Path, *, customer_key: str) -> Before:
    """Return the newest RFM table, if it was made in the same way. Raises CountAnewError."""
    versions = store.versions(RFM_TABLE.name)
    if not versions:
        raise CountAnewError("This is the first.")
    table = versions[-1]
    found = version_basis(table)
    if found.get(BASIS_KEY) != customer_key:
        raise CountAnewError("The one before is by another customer key.")
    if found.get("fingerprint") != _fingerprint():
        raise CountAnewError("The rules have changed.")
    if found.get("rows_by") != _rules_of(cleaned):
        # A row has the same file and number then, and may say something else.
        raise CountAnewError("The contract or the rules of cleaning have changed.")
    then, now = found["files"], _files(cleaned)
    arrived = tuple(cleaned / now[sha256] for sha256 in sorted(now.keys() - then.keys()))
    gone = tuple(_old_file(table, then[sha256]) for sha256 in sorted(then.keys() - now.keys()))
    try:
        verify(table)
    except DamagedVersionError as error:
        raise CountAnewError(str(error)) from error
    return Before(table, date.fromisoformat(found["snapshot_date"]), arrived, gone)


def columns_with_values(version: Path, names: Iterable[str]) -> set[str]:
    """Return which columns of a written table have a value anywhere, as its footers say."""
    files = [pq.read_metadata(file) for file in sorted(version.glob("*.parquet"))]
    return {name for name in names if any(_has_values(file, name) for file in files)}


def _has_values(file: pq.FileMetaData, name: str) -> bool:
    if name not in file.schema.names:
        return False
    place = file.schema.names.index(name)
    groups = (file.row_group(number) for number in range(file.num_row_groups))
    found = ((group.num_rows, group.column(place).statistics) for group in groups)
    # Without statistics nobody knows, and it is looked at.
    return any(
        statistics is None or not statistics.has_null_count or statistics.null_count < rows
        for rows, statistics in found
    )


def _rules_of(cleaned: Path) -> str:
    """Return by which contract and rules transactions were cleaned; empty where it is unknown."""
    return str(version_basis(cleaned).get("fingerprint", ""))


def _files(cleaned: Path) -> dict[str, str]:
    files: dict[str, tuple[int, str]] = version_record(cleaned)["files"]
    return {sha256: name for name, (_, sha256) in files.items() if name.endswith(".parquet")}


def _old_file(table: Path, name: str) -> Path:
    """Return a file of the transactions that a table was made from. Raises CountAnewError."""
    version: str = version_record(table)["inputs"].get(_CLEANED, "")
    path = table.parent.parent / _CLEANED / version / name
    if not version or not path.is_file():
        raise CountAnewError(
            f"Transactions were taken away, and {path} is not there to tell whose."
        )
    return path


def _fingerprint() -> str:
    """Return a SHA-256 of what decides a customer's measures, beside the transactions."""
    said = f"{RFM_RULES} {RFM_TABLE.ddl}"
    return hashlib.sha256(said.encode()).hexdigest()
