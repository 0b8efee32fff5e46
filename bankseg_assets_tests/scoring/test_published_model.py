"""Readable releases and their classifiers."""

from pathlib import Path

import pytest

from bankseg_assets.presentation.formatting import LAKH
from bankseg_assets.scoring.bundle import BundleError, load_bundle
from bankseg_assets.scoring.published_model import newest_first, read_model
from bankseg_assets_tests.app.publishing import publish, release, write_model


def newest(data_dir: Path) -> list[str]:
    return [read_model(found).version for found in newest_first(data_dir / "published")]


def test_newest_first_is_empty_and_creates_nothing(tmp_path: Path) -> None:
    assert newest_first(tmp_path / "published") == []
    assert list(tmp_path.iterdir()) == []


def test_newest_release_comes_first(tmp_path: Path) -> None:
    for version in ("first", "second"):
        publish(tmp_path, version=version)
    assert newest(tmp_path) == ["second", "first"]


def test_model_with_another_hash_than_was_released_is_refused(tmp_path: Path) -> None:
    release(tmp_path, write_model(tmp_path), sha256="0" * 64)
    with pytest.raises(BundleError, match="not the released one"):
        newest(tmp_path)


def test_release_without_classifier_is_refused(tmp_path: Path) -> None:
    release(tmp_path, write_model(tmp_path), sha256="0" * 64, versions={"rfm_table": "v1"})
    with pytest.raises(BundleError, match="has no nb_classifier"):
        newest(tmp_path)


def test_model_uses_number_notation_of_release(tmp_path: Path) -> None:
    folder = write_model(tmp_path)
    sha256 = load_bundle(folder).sha256
    release(tmp_path, folder, sha256, number_format=LAKH)
    (found,) = newest_first(tmp_path / "published")
    assert read_model(found).number_format == LAKH
    assert read_model(found).sha256 == sha256


def test_model_knows_the_ranges_of_the_release(tmp_path: Path) -> None:
    folder = write_model(tmp_path)
    counts = {"recency": dict.fromkeys(range(1, 83), 100)}
    release(tmp_path, folder, load_bundle(folder).sha256, distributions=counts)
    (found,) = newest_first(tmp_path / "published")
    assert read_model(found).observed == {"recency": (1.0, 82.0)}
