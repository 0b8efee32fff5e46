"""Tests of the comparison of algorithms."""

from pathlib import Path
from typing import Any

import pytest

from app.panels.comparison import ASSET, as_table, newest_comparison
from bankseg_assets.release.releases import current_release
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.app.publishing import publish

INPUTS = {"rfm_table": "r1", "pca_model": "p1", "kmeans_model": "k1"}
ROW = {
    "space": "3 components",
    "algorithm": "k-means",
    "k": 5,
    "silhouette": 0.71,
    "silhouette_euclidean": 0.512,
    "smallest_share": 0.0914,
    "largest_share": 0.4,
    "f1_macro": 0.981,
    "stability": 0.97,
}


def compared(data_dir: Path, run: str, verdict: str) -> Path:
    document: dict[str, Any] = {"rows": [ROW, ROW | {"algorithm": "other"}], "verdict": verdict}
    with VersionStore(data_dir / "published").draft(ASSET, run, INPUTS) as draft:
        write_json(draft.path / "model.json", document)
    assert draft.version is not None
    return draft.version


def test_newest_comparison_is_none_before_the_first(tmp_path: Path) -> None:
    assert newest_comparison(tmp_path / "published") is None


def test_newest_comparison_skips_unreadable_ones(tmp_path: Path) -> None:
    compared(tmp_path, "one", "First.")
    damaged = compared(tmp_path, "two", "Second.") / "model.json"
    found = newest_comparison(tmp_path / "published")
    assert found is not None
    assert found.verdict == "Second."
    damaged.write_text("{", encoding="utf-8")
    found = newest_comparison(tmp_path / "published")
    assert found is not None
    assert found.verdict == "First."


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        (INPUTS, "UTC, from the customers and the model of this version."),
        (INPUTS | {"kmeans_model": "k2"}, "UTC, from the customers of this version and another"),
        (dict.fromkeys(INPUTS, "x"), "UTC, from other data than this version: run the job"),
        ({}, "from other data than this version"),
    ],
)
def test_provenance_compares_with_the_release(
    tmp_path: Path, versions: dict[str, str], message: str
) -> None:
    publish(tmp_path)
    compared(tmp_path, "study", "Not beaten.")
    release, found = (
        current_release(tmp_path / "published"),
        newest_comparison(tmp_path / "published"),
    )
    assert release is not None
    assert found is not None
    assert message in found.provenance(release.model_copy(update={"versions": versions}))


def test_comparison_table_marks_the_default() -> None:
    found = as_table([ROW, ROW | {"algorithm": "Gaussian mixture"}])
    assert found["Algorithm"].tolist() == [
        f"k-means, {ROW['space']} (the default)",
        f"Gaussian mixture, {ROW['space']}",
    ]
    assert found["Smallest segment"].tolist() == ["9.1%", "9.1%"]
    assert found["Silhouette, Euclidean"].tolist() == ["0.512", "0.512"]
