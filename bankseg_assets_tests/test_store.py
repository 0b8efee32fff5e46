"""A version appears whole or not at all, and readers follow the newest."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bankseg_assets.store import NothingPublishedError, VersionStore

REPOSITORY = Path(__file__).parents[1]


def publish(store: VersionStore, text: str, *, asset: str = "rfm_table") -> Path:
    with store.draft(asset, "0123456789abcdef") as draft:
        (draft.path / "parts").mkdir()
        (draft.path / "parts" / "a.txt").write_text(text)
    assert draft.version is not None
    return draft.version


def content(version: Path) -> str:
    return (version / "parts" / "a.txt").read_text()


def test_nothing_published_says_what_to_do(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    assert store.versions("rfm_table") == []
    with pytest.raises(NothingPublishedError, match="Materialize rfm_table first, or run the job"):
        store.latest("rfm_table")


def test_readers_follow_the_newest_version(tmp_path: Path) -> None:
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


def test_a_draft_is_invisible_until_it_is_whole(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    before = publish(store, "before")
    with store.draft("rfm_table", "run") as draft:
        (draft.path / "half.txt").write_text("half")
        assert draft.version is None
        assert store.versions("rfm_table") == [before]
    assert store.latest("rfm_table") == draft.version


def test_a_scratch_folder_is_no_version_and_goes_even_after_a_failure(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "published")
    with pytest.raises(ValueError, match="full"), store.scratch() as folder:
        (folder / "part.txt").write_text("text")
        assert folder.parent == tmp_path / "published"  # on the versions' file system
        raise ValueError("full")
    assert list((tmp_path / "published").iterdir()) == []


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_writer_that_fails_leaves_what_was_there(
    tmp_path: Path, failure: type[BaseException]
) -> None:
    store = VersionStore(tmp_path)
    before = publish(store, "before")
    with pytest.raises(failure), store.draft("rfm_table", "run") as draft:
        (draft.path / "half.txt").write_text("half")
        raise failure
    assert list((tmp_path / "rfm_table").iterdir()) == [before]


def test_a_writer_that_is_killed_leaves_what_was_there(tmp_path: Path) -> None:
    store = VersionStore(tmp_path)
    before = publish(store, "before")
    program = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from bankseg_assets.store import VersionStore\n"
        f"with VersionStore(Path({str(tmp_path)!r})).draft('rfm_table', 'run') as draft:\n"
        "    (draft.path / 'half.txt').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], check=False, cwd=REPOSITORY)
    assert killed.returncode == -signal.SIGKILL
    assert store.versions("rfm_table") == [before]
    assert content(store.latest("rfm_table")) == "before"
    after = publish(store, "after")
    assert store.latest("rfm_table") == after


@pytest.mark.parametrize(("keep", "kept"), [(3, 3), (1, 1), (0, 1), (-1, 1)])
def test_the_last_versions_stay_and_older_ones_go(tmp_path: Path, keep: int, kept: int) -> None:
    store = VersionStore(tmp_path, keep)
    published = [publish(store, str(number)) for number in range(5)]
    assert store.versions("rfm_table") == published[-kept:]
    assert [path for path in published if path.exists()] == published[-kept:]


def test_every_file_reaches_the_disk_before_the_version_appears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, happened = VersionStore(tmp_path), []
    rename = Path.rename

    def flushed(descriptor: int) -> None:
        happened.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    def renamed(path: Path, target: Path) -> Path:
        happened.append("renamed")
        return rename(path, target)

    monkeypatch.setattr("bankseg_assets.store.os.fsync", flushed)
    monkeypatch.setattr(Path, "rename", renamed)
    publish(store, "text")
    assert happened.index("a.txt") < happened.index("renamed")
    assert happened[-1] == "rfm_table"
