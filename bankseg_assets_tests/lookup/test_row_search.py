"""Rows of a key are found in sorted and unsorted files; other row groups are not read."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.lookup.row_search import rows_of

NAMES = ["id", "value"]


def written(path: Path, ids: list[str], *, statistics: bool = True) -> Path:
    table = pa.table({"id": ids, "value": range(len(ids))})
    pq.write_table(table, path, row_group_size=3, write_statistics=statistics)
    return path


def values(found: pa.Table | None) -> list[Any]:
    return [] if found is None else found["value"].to_pylist()


@pytest.mark.parametrize("statistics", [True, False])
def test_rows_of_a_key_are_found(tmp_path: Path, statistics: bool) -> None:
    ids = ["a", "c", "e", "g", "i", "k", "b", "c", "z"]
    files = [
        written(tmp_path / "0.parquet", ids, statistics=statistics),
        written(tmp_path / "1.parquet", ["é", "", "c"], statistics=statistics),
    ]
    assert values(rows_of(files, "id", "c", NAMES)) == [1, 7, 2]
    assert values(rows_of(files, "id", "c", NAMES, limit=1)) == [1]
    assert values(rows_of(files, "id", "é", NAMES)) == [0]
    assert rows_of(files, "id", "d", NAMES) is None


def test_only_groups_that_may_have_the_key_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path / "0.parquet", [f"{number:03}" for number in range(30)])
    read: list[tuple[int, int]] = []
    read_row_group = pq.ParquetFile.read_row_group

    def recorded(self: Any, group: int, columns: list[str], **how: Any) -> pa.Table:
        read.append((group, len(columns)))
        return read_row_group(self, group, columns, **how)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", recorded)
    assert values(rows_of([file], "id", "016", NAMES)) == [16]
    assert rows_of([file], "id", "0175", NAMES) is None
    assert read == [(5, 1), (5, 2)]


def test_columns_that_a_file_lacks_are_left_out(tmp_path: Path) -> None:
    file = written(tmp_path / "0.parquet", ["a"])
    found = rows_of([file], "id", "a", ["value", "income"])
    assert found is not None
    assert found.column_names == ["value"]


def test_replaced_file_is_read_again(tmp_path: Path) -> None:
    """An erasure puts a shorter file in the place of a published one."""
    file = written(tmp_path / "0.parquet", [f"{number:03}" for number in range(30)])
    assert values(rows_of([file], "id", "016", NAMES)) == [16]
    written(tmp_path / "new", ["001", "017"]).replace(file)
    assert rows_of([file], "id", "016", NAMES) is None
    assert values(rows_of([file], "id", "017", NAMES)) == [1]
