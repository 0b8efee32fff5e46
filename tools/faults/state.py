"""One digest per published asset, to compare two platforms."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.contracts.tables import TABLES
from bankseg_assets.storage.version_store import VersionStore

RAW = ("raw_transactions",)
INGESTION = (*RAW, "quarantined_transactions", "cleaned_transactions")
MODELS = ("pca_model", "kmeans_model", "nb_classifier", "eda_report", "transaction_counts")
SMALL = ("segment_profiles", "segment_demographics", "rfm_grid", "rfm_groups")
EVERYTHING = (*INGESTION, "rfm_table", "customer_segments", *SMALL, *MODELS)

# Keys that identify a run, or come from the release before it, are not results: a kept name has the
# facts of the release that gave it.
OF_THE_RUN = {"version", "run_id", "created_at", "matching", "named_for"}

State = dict[str, str]
"""Asset -> digest of the set of rows, or of the document without OF_THE_RUN."""


def newest_state(published_dir: Path, assets: Iterable[str] = EVERYTHING) -> State:
    """Return the digests of the newest versions; empty for an asset without one."""
    store = VersionStore(published_dir)
    found = {}
    for asset in assets:
        versions = store.versions(asset)
        found[asset] = digest(asset, versions[-1]) if versions else ""
    return found


def digest(asset: str, version: Path) -> str:
    """Return the digest of one version."""
    if asset in TABLES:
        rows = _rows(version)
    else:
        document = json.loads((version / "model.json").read_text(encoding="utf-8"))
        rows = [json.dumps(_without_run(document), sort_keys=True)]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def differences(found: State, wanted: State) -> str:
    """Return the names of the assets that differ; empty if none does."""
    return ", ".join(asset for asset in wanted if found.get(asset) != wanted[asset])


def _rows(version: Path) -> list[str]:
    tables = [pq.read_table(path) for path in sorted(version.glob("*.parquet"))]
    if not tables:
        return []
    table = pa.concat_tables(tables)
    # The file name is not part of the content: see the scenario "same name, new content".
    names = sorted(set(table.column_names) - {"source_file"})
    return sorted(map(repr, zip(*(table[name].to_pylist() for name in names), strict=True)))


def _without_run(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_run(v) for key, v in value.items() if key not in OF_THE_RUN}
    if isinstance(value, list):
        return [_without_run(one) for one in value]
    return value
