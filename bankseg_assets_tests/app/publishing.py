"""Publish small models as the platform does: a folder for a version, then Dagster's record."""

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dagster import AssetKey, AssetMaterialization, DagsterInstance

from bankseg_assets.scoring import BUNDLE_FILE, BUNDLE_FORMAT, bundle_hash, feature_list

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
        "measure": "average_amount",
        "label": "Average amount of a transaction",
        "unit": "INR",
        "help": "Sum of the amounts divided by their number",
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
        "features": [asdict(f) for f in feature_list(["log_frequency", "log_average_amount"])],
        "mean": [0.12, 6.2],
        "scale": [0.3, 1.5],
        "components": [[1.0, 0.0], [0.0, 1.0]],
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


def write_model(data_dir: Path, **changes: object) -> tuple[Path, str]:
    """Write a model as a published version; return its folder and its hash."""
    document = model(**changes)
    folder = data_dir / "published" / "nb_classifier" / document["version"]
    folder.mkdir(parents=True)
    (folder / BUNDLE_FILE).write_text(json.dumps(document), encoding="utf-8")
    return folder, document["sha256"]


def make_instance(home: Path) -> None:
    """Make an empty Dagster instance."""
    for name, content in _empty_instance().items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)


@cache
def _empty_instance() -> dict[Path, bytes]:
    # Dagster takes a second or more to create its tables; a copy takes a few milliseconds.
    with TemporaryDirectory() as folder:
        with DagsterInstance.from_config(folder) as instance:
            instance.get_latest_materialization_event(AssetKey("nb_classifier"))
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        return {path.relative_to(folder): path.read_bytes() for path in files}


def record(data_dir: Path, **metadata: str) -> None:
    """Record a materialization of the classifier in the Dagster instance of `data_dir`."""
    home = data_dir / "dagster_home"
    if not home.exists():
        make_instance(home)
    with DagsterInstance.from_config(str(home)) as instance:
        instance.report_runless_asset_event(
            AssetMaterialization("nb_classifier", metadata=metadata)
        )


def publish(data_dir: Path, **changes: object) -> Path:
    """Write a model and record it; return its folder."""
    folder, sha256 = write_model(data_dir, **changes)
    record(data_dir, model_path=str(folder), model_sha256=sha256)
    return folder
