"""Versions are published atomically, and readers follow the newest one."""

import hashlib
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bankseg_assets.storage.fencing import SupersededError
from bankseg_assets.storage.version_store import (
    BASIS_FILE,
    WRITERS_FILE,
    DamagedVersionError,
    NothingPublishedError,
    VersionRecord,
    VersionStore,
    verify,
    version_basis,
    version_record,
)

REPOSITORY = Path(__file__).parents[2]


RUN = "0123456789abcdef"


def publish(store: VersionStore, text: str, *, asset: str = "rfm_table", run_id: str = RUN) -> Path:
    with store.draft(asset, run_id) as draft:
        (draft.path / "parts").mkdir()
        (draft.path / "parts" / "a.txt").write_text(text)
    assert draft.version is not None
    return draft.version


def content(version: Path) -> str:
    return (version / "parts" / "a.txt").read_text()


def test_latest_without_version_says_what_to_do(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    assert store.versions("rfm_table") == []
    with pytest.raises(NothingPublishedError, match="Materialize rfm_table first, or run the job"):
        store.latest("rfm_table")


def test_latest_returns_newest_version(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    first, second = publish(store, "first"), publish(store, "second")
    assert store.versions("rfm_table") == [first, second]
    assert store.latest("rfm_table") == second
    assert (content(first), content(second)) == ("first", "second")
    assert second.parent == tmp_path / "rfm_table"
    assert second.name.endswith("-01234567")


def test_assets_do_not_share_versions(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    other = publish(store, "other", asset="pca_model")
    assert store.versions("rfm_table") == []
    assert store.latest("pca_model") == other


def test_draft_is_invisible_until_published(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    before = publish(store, "before")
    with store.draft("rfm_table", "run") as draft:
        (draft.path / "half.txt").write_text("half")
        assert draft.version is None
        assert store.versions("rfm_table") == [before]
    assert store.latest("rfm_table") == draft.version


def test_scratch_folder_is_removed_even_after_failure(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "published")
    with pytest.raises(ValueError, match="full"), store.scratch(RUN) as folder:
        (folder / "part.txt").write_text("text")
        assert folder.parent == tmp_path / "published"  # on the versions' file system
        raise ValueError("full")
    assert [path.name for path in (tmp_path / "published").iterdir()] == [WRITERS_FILE]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_failed_writer_keeps_previous_version(tmp_path: Path, failure: type[BaseException]) -> None:
    store = VersionStore(tmp_path)
    before = publish(store, "before")
    with pytest.raises(failure), store.draft("rfm_table", "run") as draft:
        (draft.path / "half.txt").write_text("half")
        raise failure
    assert list((tmp_path / "rfm_table").iterdir()) == [before]


@pytest.mark.subprocess
def test_killed_writer_keeps_previous_version(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    before = publish(store, "before")
    program = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from bankseg_assets.storage.version_store import VersionStore\n"
        f"with VersionStore(Path({str(tmp_path)!r})).draft('rfm_table', 'run') as draft:\n"
        "    (draft.path / 'half.txt').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], check=False, cwd=REPOSITORY)
    assert killed.returncode == -signal.SIGKILL
    assert store.versions("rfm_table") == [before]
    assert content(store.latest("rfm_table")) == "before"
    after = publish(store, "after", run_id="the-next-run")
    assert store.latest("rfm_table") == after


@pytest.mark.parametrize(("keep", "kept"), [(3, 3), (1, 1), (0, 1), (-1, 1)])
def test_prune_keeps_last_versions(tmp_path: Path, keep: int, kept: int) -> None:
    store = VersionStore(tmp_path, keep)
    published = [publish(store, str(number)) for number in range(5)]
    store.prune("rfm_table")
    assert store.versions("rfm_table") == published[-kept:]
    assert [path for path in published if path.exists()] == published[-kept:]


def test_removal_is_atomic_for_readers_and_resumable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = VersionStore(tmp_path, 1)
    first, second = publish(store, "first"), publish(store, "second")
    with monkeypatch.context() as patched:
        patched.setattr("bankseg_assets.storage.version_store.shutil.rmtree", lambda *_, **__: None)
        store.prune("rfm_table")
    assert not first.exists()
    assert store.versions("rfm_table") == [second]
    assert len(list((tmp_path / "rfm_table").iterdir())) == 2
    store.begin("the-next-run")
    assert list((tmp_path / "rfm_table").iterdir()) == [second]


def test_prune_keeps_versions_in_use(tmp_path: Path) -> None:
    store = VersionStore(tmp_path, 1)
    first, second, third = (publish(store, text) for text in ("first", "second", "third"))
    store.prune("rfm_table", in_use={first.name})
    assert store.versions("rfm_table") == [first, third]
    assert not second.exists()


def test_versions_sort_by_start_of_run(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    first, second = publish(store, "1", run_id="run-a"), publish(store, "2", run_id="run-b")
    assert (first.name[:9], second.name[:9]) == ("00000001-", "00000002-")
    assert store.latest("rfm_table") == second


def test_superseded_run_cannot_publish(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    with (
        pytest.raises(SupersededError, match="the later run run-b took over"),
        store.draft("rfm_table", "run-a") as draft,
    ):
        (draft.path / "old.txt").write_text("old")
        after = publish(store, "new", run_id="run-b")
    assert store.versions("rfm_table") == [after]
    assert [path.name for path in (tmp_path / "rfm_table").iterdir()] == [after.name]


def test_begin_removes_drafts_of_killed_writer(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    version = publish(store, "whole", run_id="run-a")
    left = [tmp_path / "rfm_table" / ".draft-00000001-x", tmp_path / ".scratch-00000001-x"]
    mine = tmp_path / "rfm_table" / ".draft-00000002-y"
    for folder in (*left, mine):
        folder.mkdir()
        (folder / "part").write_text("half")
    store.begin("run-b")
    assert [folder for folder in left if folder.exists()] == []
    assert mine.exists()
    assert store.latest("rfm_table") == version


def test_versions_ignores_stray_files(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    version = publish(store, "whole")
    (tmp_path / "rfm_table" / "zz-notes.txt").write_text("mine")
    assert store.versions("rfm_table") == [version]


@pytest.mark.parametrize(("text", "found"), [('{"a": 1}', {"a": 1}), ('{"a"', {}), (None, {})])
def test_version_basis_is_empty_if_missing_or_unreadable(
    tmp_path: Path, text: str | None, found: dict[str, int]
) -> None:
    if text is not None:
        (tmp_path / BASIS_FILE).write_text(text, encoding="utf-8")
    assert version_basis(tmp_path) == found


def test_version_records_inputs_and_files(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    with store.draft("pca_model", RUN, inputs={"rfm_table": "v1"}) as draft:
        (draft.path / "model.json").write_text("{}")
    assert draft.version is not None
    assert version_record(draft.version) == VersionRecord(
        run_id=RUN,
        inputs={"rfm_table": "v1"},
        files={"model.json": (2, hashlib.sha256(b"{}").hexdigest())},
    )
    verify(draft.version)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_text("tex"), r"a\.txt is 3 bytes; expected 4 bytes"),
        (
            lambda path: path.write_text("tfxt"),
            r"a\.txt is damaged: other content; expected 4 bytes",
        ),
        (lambda path: path.unlink(), r"a\.txt is missing; expected 4 bytes"),
        (
            lambda path: (path.parents[1] / "_version.json").write_text("{"),
            r"has no readable _version\.json\. Materialize rfm_table again\.",
        ),
        (
            lambda path: (path.parents[1] / "_version.json").write_text('{"run_id": "r"}'),
            r"_version\.json: inputs is missing\. Materialize rfm_table again\.",
        ),
    ],
    ids=["cut", "flipped", "gone", "record", "field"],
)
def test_verify_detects_damage(
    tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    version = publish(VersionStore(tmp_path), "text")
    verify(version)
    damage(version / "parts" / "a.txt")
    with pytest.raises(DamagedVersionError, match=message):
        verify(version)


def test_files_are_flushed_before_version_appears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, happened = VersionStore(tmp_path), []
    rename = Path.rename

    def flushed(descriptor: int) -> None:
        happened.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    def renamed(path: Path, target: Path) -> Path:
        happened.append("renamed")
        return rename(path, target)

    monkeypatch.setattr("bankseg_assets.storage.fsync.os.fsync", flushed)
    monkeypatch.setattr(Path, "rename", renamed)
    publish(store, "text")
    assert happened.index("a.txt") < happened.index("_version.json") < happened.index("renamed")
    assert happened[-1] == "rfm_table"
