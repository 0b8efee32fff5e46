"""Publish small models: a version of the classifier, then a release."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.release.releases import FORMAT, PROMOTION, RELEASE
from bankseg_assets.scoring.bundle import (
    BUNDLE_FORMAT,
    bundle_hash,
    feature_list,
)
from bankseg_assets.storage.documents import DOCUMENT_FILE, write_json
from bankseg_assets.storage.version_store import VersionStore

INPUTS: list[dict[str, Any]] = [
    {
        "measure": "frequency",
        "label": "Number of transactions",
        "unit": "transactions",
        "help": "In the last 82 days",
        "minimum": 1,
        "maximum": 500,
        "default": 1,
        "step": 1,
    },
    {
        "measure": "monetary",
        "label": "Sum of the amounts",
        "unit": "INR",
        "help": "Over all these transactions",
        "minimum": 0,
        "maximum": 2_000_000,
        "default": 459,
        "step": 10,
    },
]
SEGMENTS = (
    ("Small spenders", 0.5, 0.1, 1, 300.0),
    ("Frequent spenders", 0.3, 0.4, 3, 833.33),
    ("Big spenders", 0.2, 0.5, 1, 6000.0),
)


def model(**changes: object) -> dict[str, Any]:
    """Return a model's document with its hash; `changes` replace top-level fields."""
    document: dict[str, Any] = {
        "format": BUNDLE_FORMAT,
        "version": "first",
        "snapshot_date": "2016-10-22",
        "currency": "INR",
        # A fitted offset is never zero; this one is almost zero, for figures computed by hand.
        "features": [
            asdict(f) | {"parameter": 1e-9}
            for f in feature_list(["log_frequency", "log_average_amount"])
        ],
        "mean": [0.12, 6.2],
        "scale": [0.3, 1.5],
        "components": [[1.0, 0.0], [0.0, 1.0]],
        "residual": [[0.0, 0.0], [0.0, 0.0]],
        "calibration": {},
        "evidence": {},
        "evidence_weights": {},
        "evaluation": {},
        "centroids": [[-0.4, -0.3], [3.3, 0.4], [-0.4, 1.7]],
        "prior": [0.5, 0.3, 0.2],
        "means": [[-0.4, -0.3], [3.3, 0.4], [-0.4, 1.7]],
        "variances": [[0.3, 0.3], [0.3, 0.3], [0.3, 0.3]],
        "segments": [
            {
                "segment": number,
                "name": name,
                "sentence": f"{name} in one plain sentence.",
                "share_of_customers": customers,
                "share_of_money": money,
                "medians": {"frequency": frequency, "average_amount": amount, "age": None},
                "index": {"frequency": 70.0 * frequency, "average_amount": amount / 10},
            }
            for number, (name, customers, money, frequency, amount) in enumerate(SEGMENTS)
        ],
        "inputs": INPUTS,
        "metrics": {"f1_weighted": 0.981, "n_segments": 3, "n_customers": 884265},
        "confusion": [[50, 0, 1], [0, 30, 0], [1, 0, 18]],
        **changes,
    }
    return document | {"sha256": bundle_hash(document)}


def segments_with_ids(first: int) -> list[dict[str, Any]]:
    """Return the model's segments with permanent IDs, counted from `first`."""
    segments: list[dict[str, Any]] = model()["segments"]
    return [segment | {"id": first + place} for place, segment in enumerate(segments)]


def write_model(data_dir: Path, **changes: object) -> Path:
    """Write a model as a version without a release; return its folder."""
    with _store(data_dir).draft("nb_classifier", str(uuid4())) as draft:
        (draft.path / DOCUMENT_FILE).write_text(json.dumps(model(**changes)), encoding="utf-8")
    assert draft.version is not None
    return draft.version


def write_document(data_dir: Path, asset: str, document: Mapping[str, Any]) -> str:
    """Write a report's tables or a card as a published version; return its name."""
    with _store(data_dir).draft(asset, str(uuid4())) as draft:
        write_json(draft.path / DOCUMENT_FILE, document)
    assert draft.version is not None
    return draft.version.name


def write_table(data_dir: Path, asset: str, rows: list[dict[str, Any]]) -> str:
    """Write a table as a published version; return its name."""
    with _store(data_dir).draft(asset, str(uuid4())) as draft:
        pq.write_table(pa.Table.from_pylist(rows), draft.path / "part-0.parquet")
    assert draft.version is not None
    return draft.version.name


def release(
    data_dir: Path,
    folder: Path,
    sha256: str,
    tables: Mapping[str, list[dict[str, Any]]] = MappingProxyType({}),
    documents: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    **changes: object,
) -> None:
    """Release the model in a folder, tables and documents."""
    versions = {"nb_classifier": folder.name}
    versions |= {asset: write_document(data_dir, asset, one) for asset, one in documents.items()}
    versions |= {asset: write_table(data_dir, asset, rows) for asset, rows in tables.items()}
    document = {
        "format": FORMAT,
        "kind": PROMOTION,
        "note": "",
        "created_at": "2016-10-22T10:00:00+00:00",
        "run_id": "run",
        "is_demo": False,
        "versions": versions,
        "model_sha256": sha256,
        "metrics": {"f1_macro": 0.98, "silhouette": 0.7, "smallest_share": 0.2},
        "distributions": {},
        "currency": "INR",
    }
    with _store(data_dir).draft(RELEASE, str(uuid4()), versions) as draft:
        write_json(draft.path / DOCUMENT_FILE, document | changes)


def publish(
    data_dir: Path,
    tables: Mapping[str, list[dict[str, Any]]] = MappingProxyType({}),
    documents: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    **changes: object,
) -> Path:
    """Write a model and release it with tables and documents; return its folder."""
    folder = write_model(data_dir, **changes)
    document = json.loads((folder / DOCUMENT_FILE).read_text(encoding="utf-8"))
    release(data_dir, folder, document["sha256"], tables, documents)
    return folder


def _store(data_dir: Path) -> VersionStore:
    return VersionStore(data_dir / "published")
