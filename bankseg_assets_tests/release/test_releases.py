"""Readers see a consistent release of data and model; one command rolls back."""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bankseg_assets.release.releases import (
    FORMAT,
    PROMOTION,
    RELEASE,
    ROLLBACK,
    Refusal,
    Release,
    ReleaseError,
    all_releases,
    closure,
    current_refusal,
    current_release,
    note_refusal,
    prune,
    read_release,
    roll_back,
)
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import DamagedVersionError, VersionStore

DATA, MODEL = "rfm_table", "nb_classifier"


class Bank:
    """A store with a table and a model made from it."""

    def __init__(self, folder: Path, keep: int = 3) -> None:
        self.store = VersionStore(folder, keep)
        self.runs = 0

    def make(self, asset: str, text: str, **inputs: str) -> str:
        """Publish a version; return its name."""
        with self.store.draft(asset, f"run-{self.runs}", inputs) as draft:
            (draft.path / "text").write_text(text)
        assert draft.version is not None
        return draft.version.name

    def release(self, text: str) -> dict[str, str]:
        """Publish table and model and release them together."""
        self.runs += 1
        table = self.make(DATA, text)
        versions = {DATA: table, MODEL: self.make(MODEL, text, **{DATA: table})}
        with self.store.draft(RELEASE, f"run-{self.runs}", versions) as draft:
            write_json(draft.path / "model.json", manifest(versions))
        prune(self.store, [DATA, MODEL, RELEASE])
        return versions

    def texts(self, release: Release | None) -> set[str]:
        """Return what a reader sees of a release."""
        assert release is not None
        return {(release.path(asset) / "text").read_text() for asset in (DATA, MODEL)}


def manifest(versions: Mapping[str, str]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": PROMOTION,
        "note": "",
        "created_at": "2026-01-01T00:00:00+00:00",
        "run_id": "run",
        "is_demo": False,
        "versions": dict(versions),
        "model_sha256": "",
        "metrics": {"f1_macro": 0.9},
        "distributions": {"age": {"30": 2}},
    }


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path)


def test_current_release_is_none_and_creates_nothing(tmp_path: Path) -> None:
    assert current_release(tmp_path / "published") is None
    assert all_releases(tmp_path / "published") == []
    assert list(tmp_path.iterdir()) == []


def test_release_is_consistent_for_readers(bank: Bank, tmp_path: Path) -> None:
    versions = bank.release("first")
    found = current_release(tmp_path)
    assert found is not None
    assert (found.versions, found.kind) == (versions, PROMOTION)
    assert found.distributions == {"age": {30: 2}}
    assert bank.texts(found) == {"first"}


def test_release_files_are_recorded_ones(bank: Bank, tmp_path: Path) -> None:
    bank.release("first")
    found = current_release(tmp_path)
    assert found is not None
    assert found.files(DATA) == [found.path(DATA) / "text"]
    found.files(DATA)[0].unlink()
    with pytest.raises(FileNotFoundError):
        found.files(DATA)[0].read_text()
    found.path(DATA).joinpath("_version.json").unlink()
    with pytest.raises(DamagedVersionError, match="Materialize rfm_table again"):
        found.files(DATA)


def test_release_parquet_files_leave_others_out(bank: Bank, tmp_path: Path) -> None:
    versions = bank.release("first")
    found = current_release(tmp_path)
    assert found is not None
    assert found.parquet_files(DATA) == []
    with bank.store.draft(DATA, "run-tables") as draft:
        for name in ("b.parquet", "a.parquet", "report.html"):
            (draft.path / name).touch()
    assert draft.version is not None
    other = found.model_copy(update={"versions": versions | {DATA: draft.version.name}})
    assert other.parquet_files(DATA) == [
        draft.version / name for name in ("a.parquet", "b.parquet")
    ]


def test_unreleased_versions_are_invisible(bank: Bank, tmp_path: Path) -> None:
    bank.release("first")
    bank.make(DATA, "second")
    assert bank.texts(current_release(tmp_path)) == {"first"}


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 2}', '{"format": 1}'])
def test_damaged_release_keeps_previous_in_use(bank: Bank, tmp_path: Path, damage: str) -> None:
    bank.release("first")
    bank.release("second")
    (bank.store.latest(RELEASE) / "model.json").write_text(damage)
    assert bank.texts(current_release(tmp_path)) == {"first"}


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ({"format": 2}, r"model\.json: format is 2; this program reads 1\."),
        ({"versions": ["nb_classifier"]}, r"model\.json: versions is \['nb_classifier'\]: input"),
        ({"gates": [{"verdict": "passed"}]}, r"model\.json: gates\[0\]\.name is missing\."),
    ],
)
def test_unreadable_release_names_file_and_field(
    bank: Bank, tmp_path: Path, damage: dict[str, Any], sentence: str
) -> None:
    versions = bank.release("first")
    with bank.store.draft(RELEASE, "run-of-another-build", versions) as draft:
        write_json(draft.path / "model.json", manifest(versions) | damage)
    assert draft.version is not None
    with pytest.raises(ReleaseError, match=sentence):
        read_release(draft.version)
    with pytest.raises(ReleaseError, match=sentence):
        roll_back(bank.store, draft.version.name)
    assert bank.texts(current_release(tmp_path)) == {"first"}


def test_flipped_digit_is_detected_as_damage(bank: Bank, tmp_path: Path) -> None:
    bank.release("first")
    bank.release("second")
    file = bank.store.latest(RELEASE) / "model.json"
    file.write_text(file.read_text().replace("2026-01-01", "2026-01-02"))
    assert bank.texts(current_release(tmp_path)) == {"first"}


def test_roll_back_goes_one_release_further_each_time(bank: Bank, tmp_path: Path) -> None:
    for text in ("first", "second", "third"):
        bank.release(text)
    found = roll_back(bank.store)
    assert found.kind == ROLLBACK
    assert "by the operator" in found.note
    assert bank.texts(found) == bank.texts(current_release(tmp_path)) == {"second"}
    assert bank.texts(roll_back(bank.store, note="Why not.")) == {"first"}
    with pytest.raises(ReleaseError, match="no earlier release"):
        roll_back(bank.store)


def test_roll_back_to_name_can_go_forward(bank: Bank) -> None:
    for text in ("first", "second"):
        bank.release(text)
    newest = bank.store.latest(RELEASE).name
    roll_back(bank.store)
    assert bank.texts(roll_back(bank.store, newest[:8])) == {"second"}


@pytest.mark.parametrize("name", ["nothing", "0000"])
def test_roll_back_to_unknown_release_raises(bank: Bank, name: str) -> None:
    for text in ("first", "second"):
        bank.release(text)
    with pytest.raises(ReleaseError, match=f"names that begin with {name}; available: 0000000"):
        roll_back(bank.store, name)


def test_roll_back_to_removed_data_raises(bank: Bank) -> None:
    bank.release("first")
    bank.release("second")
    for file in bank.store.versions(DATA)[0].iterdir():
        file.unlink()
    bank.store.versions(DATA)[0].rmdir()
    with pytest.raises(ReleaseError, match="cannot be restored: rfm_table was removed"):
        roll_back(bank.store)


def test_roll_back_supersedes_running_run(bank: Bank) -> None:
    bank.release("first")
    bank.release("second")
    bank.runs += 1
    bank.make(DATA, "third")
    roll_back(bank.store)
    with pytest.raises(RuntimeError, match="may no longer publish"):
        bank.make(MODEL, "third")


def test_prune_keeps_versions_of_last_releases(tmp_path: Path) -> None:
    bank = Bank(tmp_path, keep=2)
    for number in range(5):
        bank.release(str(number))
    assert [len(bank.store.versions(asset)) for asset in (DATA, MODEL, RELEASE)] == [2, 2, 2]
    for number in range(3):  # unreleased data does not displace it
        bank.make(DATA, f"more {number}")
        prune(bank.store, [DATA])
    assert bank.texts(current_release(tmp_path)) == {"4"}


def test_closure_contains_everything_upstream(bank: Bank, tmp_path: Path) -> None:
    table = bank.make(DATA, "one")
    pca = bank.make("pca_model", "one", rfm_table=table)
    model = bank.make(MODEL, "one", rfm_table=table, pca_model=pca)
    bank.make(DATA, "two")
    found = closure(tmp_path, {MODEL: model})
    assert found == {MODEL: model, "pca_model": pca, DATA: table}


def test_closure_names_inconsistent_versions(bank: Bank, tmp_path: Path) -> None:
    old = bank.make(DATA, "one")
    pca = bank.make("pca_model", "one", rfm_table=old)
    model = bank.make(MODEL, "one", rfm_table=bank.make(DATA, "two"), pca_model=pca)
    with pytest.raises(ReleaseError, match=r"their versions differ\. Materialize both in one run"):
        closure(tmp_path, {MODEL: model})


def test_refusal_is_reported_until_cleared(tmp_path: Path) -> None:
    assert current_refusal(tmp_path) is None
    found = Refusal(run_id="run", at="now", reasons=("Why.", "And why."))
    note_refusal(tmp_path, found)
    assert current_refusal(tmp_path) == found
    note_refusal(tmp_path, None)
    assert current_refusal(tmp_path) is None
    (tmp_path / "refused.json").write_text(json.dumps({"run_id": "run"}))
    assert current_refusal(tmp_path) is None


def test_reads_are_consistent_during_releases(tmp_path: Path) -> None:
    bank, stop = Bank(tmp_path, keep=2), threading.Event()
    bank.release("0")

    def republish() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            bank.release(str(number))

    writer = threading.Thread(target=republish)
    writer.start()
    seen: set[str] = set()
    try:
        reads = 0
        while reads < 300 or len(seen) < 3:
            texts = read_whole(bank, tmp_path)
            assert len(texts) == 1
            seen |= texts
            reads += 1
    finally:
        stop.set()
        writer.join()


def read_whole(bank: Bank, folder: Path) -> set[str]:
    """Read the current release; retry if it is removed meanwhile."""
    while True:
        try:
            return bank.texts(current_release(folder))
        except FileNotFoundError:
            continue
