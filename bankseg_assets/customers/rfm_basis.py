"""Inputs of the newest RFM table, which decide whether an incremental update is possible."""

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
class PreviousTable:
    """The newest RFM table, its snapshot date, and the transaction files changed since."""

    table: Path
    snapshot: date
    arrived: tuple[Path, ...]
    gone: tuple[Path, ...]


class FullRecomputeError(LookupError):
    """The RFM table cannot be updated incrementally; the message says why."""


def basis(cleaned: Path, *, customer_key: str, snapshot: date) -> dict[str, Any]:
    """Return what an RFM table depends on, apart from the version of its input.

    `files`: SHA-256 -> name. Parts of the transactions are linked from version to version.
    """
    return {
        BASIS_KEY: customer_key,
        "snapshot_date": snapshot.isoformat(),
        "fingerprint": _fingerprint(),
        "rows_by": _rules_of(cleaned),
        "files": _files(cleaned),
    }


def newest(store: VersionStore, cleaned: Path, *, customer_key: str) -> PreviousTable:
    """Return the newest RFM table, if made in the same way; raises FullRecomputeError."""
    versions = store.versions(RFM_TABLE.name)
    if not versions:
        raise FullRecomputeError("There is no previous table.")
    table = versions[-1]
    found = version_basis(table)
    if found.get(BASIS_KEY) != customer_key:
        raise FullRecomputeError("The previous table uses another customer key.")
    if found.get("fingerprint") != _fingerprint():
        raise FullRecomputeError("The RFM rules have changed.")
    if found.get("rows_by") != _rules_of(cleaned):
        # Rows may have the same file and number, but different values.
        raise FullRecomputeError("The contract or the cleaning rules have changed.")
    then, now = found["files"], _files(cleaned)
    arrived = tuple(cleaned / now[sha256] for sha256 in sorted(now.keys() - then.keys()))
    gone = tuple(_old_file(table, then[sha256]) for sha256 in sorted(then.keys() - now.keys()))
    try:
        verify(table)
    except DamagedVersionError as error:
        raise FullRecomputeError(str(error)) from error
    return PreviousTable(table, date.fromisoformat(found["snapshot_date"]), arrived, gone)


def columns_with_values(version: Path, names: Iterable[str]) -> set[str]:
    """Return the columns of a written table that have any value, according to its footers."""
    files = [pq.read_metadata(file) for file in sorted(version.glob("*.parquet"))]
    return {name for name in names if any(_has_values(file, name) for file in files)}


def _has_values(file: pq.FileMetaData, name: str) -> bool:
    if name not in file.schema.names:
        return False
    place = file.schema.names.index(name)
    groups = (file.row_group(number) for number in range(file.num_row_groups))
    found = ((group.num_rows, group.column(place).statistics) for group in groups)
    # Without statistics, the column is read.
    return any(
        statistics is None or not statistics.has_null_count or statistics.null_count < rows
        for rows, statistics in found
    )


def _rules_of(cleaned: Path) -> str:
    """Return the contract and rules that cleaned the transactions; empty if unknown."""
    return str(version_basis(cleaned).get("fingerprint", ""))


def _files(cleaned: Path) -> dict[str, str]:
    files = version_record(cleaned).files
    return {sha256: name for name, (_, sha256) in files.items() if name.endswith(".parquet")}


def _old_file(table: Path, name: str) -> Path:
    """Return an input file of an earlier table. Raises FullRecomputeError."""
    version = version_record(table).inputs.get(_CLEANED, "")
    path = table.parent.parent / _CLEANED / version / name
    if not version or not path.is_file():
        raise FullRecomputeError(
            f"Transactions were removed, and {path}, which names their customers, is missing."
        )
    return path


def _fingerprint() -> str:
    """Return a SHA-256 of what decides a customer's measures, besides the transactions."""
    said = f"{RFM_RULES} {RFM_TABLE.ddl}"
    return hashlib.sha256(said.encode()).hexdigest()
