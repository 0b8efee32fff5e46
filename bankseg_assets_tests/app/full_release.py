"""Extend a release of the demo batch by what only a second release has."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from app.panels.comparison import ASSET
from bankseg_assets.release.gates import Limits, Measures, ReleaseComparison, gates
from bankseg_assets.release.releases import RELEASE
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import VersionStore, version_record

MIGRATION = "segment_migration"
DRIFT = {"recency": 0.4, "average_amount": 0.02, "age": 0.12}
COMPARED = {
    "space": "2 components",
    "algorithm": "k-means",
    "k": 4,
    "silhouette": 0.7,
    "silhouette_euclidean": 0.5,
    "smallest_share": 0.1,
    "largest_share": 0.4,
    "f1_macro": 0.98,
    "stability": 0.97,
}


def complete(published: Path) -> None:
    """Publish flows, a comparison, and a release compared with a previous one."""
    store = VersionStore(published)
    manifest = json.loads((store.latest(RELEASE) / "model.json").read_text(encoding="utf-8"))
    versions: dict[str, str] = manifest["versions"]
    with store.draft(MIGRATION, str(uuid4())) as draft:
        pq.write_table(_flows(store), draft.path / "part-0.parquet")
    assert draft.version is not None
    inputs = {name: versions[name] for name in ("rfm_table", "pca_model", "kmeans_model")}
    with store.draft(ASSET, str(uuid4()), inputs) as study:
        document: dict[str, Any] = {"rows": [COMPARED], "verdict": "k-means is not beaten."}
        write_json(study.path / "model.json", document)
    measured = Measures(**manifest["metrics"])
    found = gates(measured, measured, ReleaseComparison(0.93, DRIFT), Limits())
    manifest["versions"] = versions | {MIGRATION: draft.version.name}
    manifest["gates"] = [
        {
            "name": gate.name,
            "verdict": gate.verdict.value,
            "sentence": gate.sentence,
            "numbers": dict(gate.numbers),
        }
        for gate in found
    ]
    with store.draft(RELEASE, str(uuid4()), manifest["versions"]) as draft:
        write_json(draft.path / "model.json", manifest)


def _flows(store: VersionStore) -> pa.Table:
    """Return flows of each kind between the first two segments."""
    schema = pq.read_schema(_parquet(store.latest(MIGRATION)))
    profiles = pq.read_table(_parquet(store.latest("segment_profiles"))).to_pylist()
    first, second = profiles[0], profiles[1]
    rows = [
        {
            "kind": kind,
            "from_segment": one["segment"],
            "from_name": one["segment_name"],
            "to_segment": other["segment"],
            "to_name": other["segment_name"],
            "moved": one is not other,
            "customers": 50,
            "money": 1000,
            "from_snapshot": None,
            "to_snapshot": None,
            "compared_with": "before",
        }
        for kind in ("both", "customer", "model")
        for one in (first, second)
        for other in (first, second)
    ]
    days = pq.read_table(_parquet(store.latest("customer_segments")), columns=["snapshot_date"])
    day = days["snapshot_date"][0].as_py()
    return pa.Table.from_pylist(
        [row | {"from_snapshot": day, "to_snapshot": day} for row in rows], schema=schema
    )


def _parquet(version: Path) -> Path:
    files: list[str] = list(version_record(version).files)
    return version / next(name for name in files if name.endswith(".parquet"))
