"""Actions are read from the release, if it has them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.release.releases import Release, current_release
from bankseg_assets.scoring.lists.actions import ACTIONS, read_actions
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.app.publishing import release, write_model


def released(data_dir: Path, table: pa.Table | None) -> Release:
    versions = {}
    if table is not None:
        with VersionStore(data_dir / "published").draft(ACTIONS, "run") as draft:
            pq.write_table(table, draft.path / "part.parquet")
        assert draft.version is not None
        versions[ACTIONS] = draft.version.name
    release(data_dir, write_model(data_dir), "0" * 64, versions=versions)
    found = current_release(data_dir / "published")
    assert found is not None
    return found


def test_actions_of_segments_are_read(tmp_path: Path) -> None:
    columns = {"segment": [0, 2], "action": ["Write", "Call"], "reason": ["a", "b"]}
    assert read_actions(released(tmp_path, pa.table(columns))) == {0: "Write", 2: "Call"}


def test_release_without_actions_has_none(tmp_path: Path) -> None:
    assert read_actions(released(tmp_path, None)) == {}


def test_missing_or_invalid_actions_raise(tmp_path: Path) -> None:
    found = released(tmp_path, pa.table({"segment": [0], "advice": ["Write"]}))
    with pytest.raises(ListError, match=r"recommended_actions of the release .* cannot be read"):
        read_actions(found)
    found.files(ACTIONS)[0].unlink()
    with pytest.raises(ListError, match="cannot be read"):
        read_actions(found)
