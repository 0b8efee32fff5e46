"""A search finds whole IDs in bytes, compressed files and columns, for few and for many IDs."""

import gzip
import os
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.erasure.search import FEW, Search
from bankseg_assets_tests.erasure.bank import CONTRACT

ID, LONGER, NUMBER = "C7777777", "C77777771", "17850123"
MANY = [f"X{number:08}" for number in range(FEW)]


@pytest.fixture(params=["few", "many"])
def search(request: pytest.FixtureRequest) -> Search:
    return Search([ID, NUMBER, "É-77777"] + MANY * (request.param == "many"), CONTRACT)


def hits(search: Search, path: Path) -> int:
    (found,) = search.below(path.parent) if search.hits_in(path) else (None,)
    return 0 if found is None else found.count


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (f"{ID},{ID};x{ID}", 2),
        (f"{LONGER} C777777", 0),
        (f"a {NUMBER}.0 b", 1),
        ("É-77777", 1),
        ("", 0),
    ],
)
def test_whole_ids_are_found_in_text(
    tmp_path: Path, search: Search, content: str, count: int
) -> None:
    for name, data in (
        ("plain", content.encode()),
        ("packed", gzip.compress(content.encode())),
        ("wide", content.encode("utf-16-le") if content.isascii() else content.encode()),
    ):
        path = tmp_path / name / "file"
        path.parent.mkdir()
        path.write_bytes(data)
        assert hits(search, path) == count, name


def test_ids_are_found_in_columns_of_texts_and_numbers(tmp_path: Path, search: Search) -> None:
    path = tmp_path / "table.parquet"
    columns = {
        "customer_id": [ID, LONGER, None],
        "note": ["none", f"see {ID}", LONGER],
        "number": [int(NUMBER), 1, None],
        "amount": [float(NUMBER), 1.0, 2.0],
    }
    pq.write_table(pa.table(columns), path, compression="zstd", write_statistics=False)
    assert search.hits_in(path) >= 3  # also in bytes that compression left as they were
    found = search.rows_with(pq.read_table(path))
    assert found.to_pylist() == [True, True, False]


def test_ids_are_found_in_archives_and_databases(tmp_path: Path, search: Search) -> None:
    with zipfile.ZipFile(tmp_path / "list.zip", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("part.txt", f"{ID} " * 3)
    assert search.hits_in(tmp_path / "list.zip") == 3
    with sqlite3.connect(tmp_path / "base.sqlite") as base:
        base.execute("create table t (id text)")
        base.execute("insert into t values (?)", (ID,))
    assert search.hits_in(tmp_path / "base.sqlite") >= 1


@pytest.mark.parametrize(
    "kind", [pa.dictionary(pa.int32(), pa.string()), pa.list_(pa.string()), pa.binary()]
)
def test_ids_are_found_in_other_types_of_columns(
    tmp_path: Path, search: Search, kind: pa.DataType
) -> None:
    texts = [ID, LONGER, None]
    values = [one and [one] for one in texts] if pa.types.is_nested(kind) else texts
    column = pa.array([one and one.encode() for one in texts] if kind == pa.binary() else values)
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"owner": column.cast(kind)}), path, compression="zstd")
    assert search.hits_in(path) > 0
    assert search.rows_with(pq.read_table(path)).to_pylist() == [True, False, False]


def test_ids_are_found_in_a_log_of_a_database(tmp_path: Path, search: Search) -> None:
    """Its values follow each other without anything between them."""
    path = tmp_path / "base.sqlite"
    with closing(sqlite3.connect(path)) as base:
        base.execute("pragma journal_mode=wal")
        base.execute("create table t (job text, id text, at text)")
        base.execute("insert into t values ('refresh', ?, '2027')", (ID,))
        base.commit()
        assert search.hits_in(path.with_name("base.sqlite-wal")) >= 1


def test_names_of_files_and_folders_are_searched(tmp_path: Path, search: Search) -> None:
    folder = tmp_path / f"answer to {ID}"
    folder.mkdir()
    (folder / f"{ID}.csv").write_text("nothing", encoding="utf-8")
    (folder / f"{LONGER}.csv").write_text("nothing", encoding="utf-8")
    assert [(hit.path.name, hit.count) for hit in search.below(tmp_path)] == [
        (f"answer to {ID}", 1),
        (f"{ID}.csv", 1),
    ]


def test_short_ids_are_found_by_the_column_of_ids() -> None:
    """Elsewhere `17850` may be an amount."""
    short = Search(["17850"], CONTRACT)
    for head in ("customer_id;note", "\ufeffCustomerID;note"):
        text = f'{head}\n 17850 ;a\n17850.0;b\n"17850";c\n1785;17850\n\n'.encode()
        assert short.lines_without(text) == (f"{head}\n1785;17850\n\n".encode(), 3)
    assert short.lines_without(b"note,amount\nx,17850\n") == (b"note,amount\nx,17850\n", 0)
    assert short.lines_without(b"") == (b"", 0)


def test_id_at_the_border_of_two_parts_is_found_once(
    tmp_path: Path, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bankseg_assets.erasure.search.CHUNK_BYTES", 64)
    for before in range(40, 80):
        path = tmp_path / f"{before}.txt"
        path.write_text(f"{'-' * before}{ID}{'-' * 90}", encoding="utf-8")
        assert search.hits_in(path) == 1, before


def test_links_of_a_file_are_searched_once(
    tmp_path: Path, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text(ID, encoding="utf-8")
    os.link(path, tmp_path / "b.txt")
    (tmp_path / "c.txt").symlink_to(path)
    searched: list[Path] = []
    monkeypatch.setattr(search, "hits_in", lambda found: searched.append(found) or 1)
    assert [hit.path.name for hit in search.below(tmp_path)] == ["a.txt", "b.txt"]
    assert searched == [path]
