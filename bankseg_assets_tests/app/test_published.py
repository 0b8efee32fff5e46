"""Dagster's record of the newest classifier, and the model behind it."""

from pathlib import Path

import pytest
from dagster import DagsterInstance

from app.published import (
    Publication,
    RecordError,
    newest_publication,
    open_instance,
    read_model,
)
from bankseg_assets.scoring import BundleError
from bankseg_assets_tests.app.publishing import make_instance, publish, record, write_model


def _newest(data_dir: Path) -> Publication | None:
    with DagsterInstance.from_config(str(data_dir / "dagster_home")) as instance:
        return newest_publication(instance)


def test_an_instance_without_a_classifier_has_no_publication(tmp_path: Path) -> None:
    make_instance(tmp_path / "dagster_home")
    assert _newest(tmp_path) is None


def test_the_newest_of_two_publications_is_found_and_read(tmp_path: Path) -> None:
    publish(tmp_path, version="first")
    folder = publish(tmp_path, version="second")
    found = _newest(tmp_path)
    assert found is not None
    assert found.path == folder
    assert read_model(found).version == "second"


def test_a_record_without_a_hash_is_refused(tmp_path: Path) -> None:
    record(tmp_path, model_path="somewhere")
    with pytest.raises(RecordError, match="has no 'model_sha256'"):
        _newest(tmp_path)


def test_a_model_with_another_hash_than_recorded_is_refused(tmp_path: Path) -> None:
    folder, _ = write_model(tmp_path)
    with pytest.raises(BundleError, match="not the one that Dagster recorded"):
        read_model(Publication(folder, "0" * 64))


def test_an_instance_with_a_broken_configuration_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("no_such_setting: 1")
    with pytest.raises(RecordError, match="cannot be opened"):
        open_instance(tmp_path)


def test_an_instance_whose_database_is_broken_is_refused(tmp_path: Path) -> None:
    publish(tmp_path)
    instance = open_instance(tmp_path / "dagster_home")
    for database in (tmp_path / "dagster_home").rglob("*.db"):
        database.write_bytes(b"not a database" * 100)
    with instance, pytest.raises(RecordError, match="cannot be read"):
        newest_publication(instance)
