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
from bankseg_assets.customers.cleaned_files import (
    FullRecomputeError,
    changed_files,
    files_basis,
)
from bankseg_assets.customers.customer_key import BASIS_KEY
from bankseg_assets.storage.version_store import VersionStore, version_basis


@dataclass(frozen=True)
class PreviousTable:
    """The newest RFM table, its snapshot date, and the transaction files changed since."""

    table: Path
    snapshot: date
    arrived: tuple[Path, ...]
    gone: tuple[Path, ...]


def basis(cleaned: Path, *, customer_key: str, snapshot: date) -> dict[str, Any]:
    """Return what an RFM table depends on, apart from the version of its input."""
    return {
        BASIS_KEY: customer_key,
        "snapshot_date": snapshot.isoformat(),
        "fingerprint": _fingerprint(),
    } | files_basis(cleaned)


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
    changed = changed_files(table, cleaned)
    snapshot = date.fromisoformat(found["snapshot_date"])
    return PreviousTable(table, snapshot, changed.arrived, changed.gone)


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


def _fingerprint() -> str:
    """Return a SHA-256 of what decides a customer's measures, besides the transactions."""
    said = f"{RFM_RULES} {RFM_TABLE.ddl}"
    return hashlib.sha256(said.encode()).hexdigest()
