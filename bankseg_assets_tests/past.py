"""A previous release: customers with one feature, recency, and two segments."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.release.releases import FORMAT, PROMOTION, RELEASE
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import VersionStore

FEATURE = {"name": "recency", "measure": "recency", "transform": "identity"}
# One component, pc1 = (recency - 10) / 5; the boundary between the centroids is at 10 days.
PCA = {"features": [FEATURE], "mean": [10.0], "scale": [5.0], "components": [[1.0]]}
KMEANS = {"centroids": [[-1.0], [1.0]], "names": ["Recent", "Dormant"]}
COLUMNS = ("customer_id", "segment", "snapshot_date", "monetary", "recency")


def publish_past(store: VersionStore, customers: pa.Table, **changes: Mapping[str, Any]) -> str:
    """Publish a release of these customers; `changes` are of `pca`, `kmeans` and `manifest`."""
    documents = {
        "pca_model": PCA | dict(changes.get("pca", {})),
        "kmeans_model": KMEANS | dict(changes.get("kmeans", {})),
    }
    versions = {"customer_segments": publish_customers(store, customers).name}
    for asset, document in documents.items():
        with store.draft(asset, "old") as draft:
            write_json(draft.path / "model.json", document)
        assert draft.version is not None
        versions[asset] = draft.version.name
    manifest = {
        "format": FORMAT,
        "kind": PROMOTION,
        "note": "",
        "created_at": "2026-01-01T00:00:00+00:00",
        "run_id": "old",
        "is_demo": False,
        "customer_key": "customer_id",
        "versions": versions,
        "model_sha256": "",
        "distributions": {},
    }
    with store.draft(RELEASE, "old", versions) as draft:
        write_json(draft.path / "model.json", manifest | dict(changes.get("manifest", {})))
    assert draft.version is not None
    return draft.version.name


def publish_customers(store: VersionStore, customers: pa.Table) -> Path:
    """Publish a version of `customer_segments`; return it."""
    with store.draft("customer_segments", "old") as draft:
        pq.write_table(customers, draft.path / "part.parquet")
    assert draft.version is not None
    return draft.version
