"""Scoring of files: all formats, invalid files, and atomic results."""

import csv
import gzip
import io
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from bankseg_assets.scoring.lists import reading, workbook
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.reading import CustomerList, Dialect, open_list, unique
from bankseg_assets.scoring.lists.score_file import score_list
from bankseg_assets.scoring.lists.score_table import Scorer
from bankseg_assets.scoring.lists.summary import ListSummary
from bankseg_assets.scoring.lists.writing import writer_to
from bankseg_assets_tests.scoring.lists.sample_lists import bundle

SCORER = Scorer(bundle(), {"frequency": "frequency", "monetary": "monetary"})
HEADER = "id,frequency,monetary\n"
TEXT = HEADER + "C1,1,300\nC2,,\nC3,x,3\n"


def score(source: Path, target: Path, dialect: Dialect | None = None) -> ListSummary:
    dialect = dialect or Dialect()
    with open_list(source, dialect) as customers:
        return score_list(customers, target, replace(SCORER, decimal=dialect.decimal), dialect)


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def read(path: Path, dialect: Dialect | None = None) -> list[list[str | None]]:
    """Return the rows of a list as read."""
    with open_list(path, dialect or Dialect()) as customers:
        tables = [chunk.table for chunk in customers.chunks]
    return [list(row.values()) for table in tables for row in table.to_pylist()]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(reading, "CHUNK_ROWS", 2)
    return


@pytest.mark.parametrize("target", ["out.csv", "out.csv.gz", "out.parquet", "OUT.CSV"])
@pytest.mark.parametrize("source", ["list.csv", "list.csv.gz", "list.parquet"])
def test_every_kind_is_read_and_written(tmp_path: Path, source: str, target: str) -> None:
    listed = tmp_path / source
    if source.endswith("parquet"):
        columns = {"id": ["C1", "C2", "C3"], "frequency": [1, None, 0], "monetary": [300, None, 3]}
        pq.write_table(pa.table(columns), listed)
    else:
        put(listed, gzip.compress(TEXT.encode()) if source.endswith("gz") else TEXT)
    out = tmp_path / target
    found_counts = score(listed, out)
    assert (found_counts.sure_rows, found_counts.unsure_rows, found_counts.failed) == (1, 1, 1)
    found = pq.read_table(out).to_pylist() if out.suffix == ".parquet" else rows(out)
    assert [row["id"] for row in found] == ["C1", "C2", "C3"]
    assert [str(row["segment"]) for row in found[:2]] == ["0", "0"]
    assert found[2]["segment"] in ("", None)
    # A CSV's header is row 1; a Parquet file has none.
    assert found[2]["error"].startswith("Row 3:" if source.endswith("parquet") else "Row 4:")


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("target", ["out.csv", "out.csv.gz", "out.parquet"])
def test_list_of_many_chunks_has_one_header_and_every_row(tmp_path: Path, target: str) -> None:
    text = HEADER + "".join(f"C{number},1,{number + 1}\n" for number in range(7)) + "C7,0,1\n"
    out = tmp_path / target
    progress: list[int] = []
    with open_list(put(tmp_path / "list.csv", text), Dialect()) as customers:
        score_list(customers, out, SCORER, Dialect(), progress.append)
    found = pq.read_table(out).to_pylist() if out.suffix == ".parquet" else rows(out)
    assert [row["id"] for row in found] == [f"C{number}" for number in range(8)]
    assert found[7]["error"].startswith("Row 9:")
    assert progress == [2, 4, 6, 8]


def test_same_list_gives_same_bytes(tmp_path: Path) -> None:
    listed = put(tmp_path / "list.csv", TEXT)
    for suffix in ("csv", "csv.gz", "parquet"):
        contents = []
        for name in ("a", "b"):
            score(listed, tmp_path / f"{name}.{suffix}")
            contents.append((tmp_path / f"{name}.{suffix}").read_bytes())
        assert contents[0] == contents[1], suffix


def test_other_notation_is_read_and_written(tmp_path: Path) -> None:
    dialect = Dialect(delimiter=";", decimal=",", encoding="cp1252")
    content = "id;frequency;monetary;Ort\nK1;1;314,19066;KÖLN\nK2;1;1.5;\n".encode("cp1252")
    score(put(tmp_path / "list.csv", content), tmp_path / "out.csv", dialect)
    header, first, second, _ = (tmp_path / "out.csv").read_bytes().split(b"\r\n")
    assert header.startswith(b"id;frequency;monetary;Ort;segment;")
    assert first.startswith("K1;1;314,19066;KÖLN;0;Small spenders;0,999491;sure;".encode("cp1252"))
    assert b"found '1.5'" in second


def test_formulas_in_names_and_cells_are_escaped(tmp_path: Path) -> None:
    text = "id,frequency,monetary,=name\n=1+1,1,300,@SUM(A1)\n-5,=x,1,ok\n"
    listed = put(tmp_path / "list.csv", text)
    score(listed, tmp_path / "out.csv")
    first, second = rows(tmp_path / "out.csv")
    assert (first["id"], first["'=name"]) == ("'=1+1", "'@SUM(A1)")
    assert second["id"] == "-5"
    assert "found '=x'" in second["error"]


def test_parquet_integers_stay_integers_beside_empty_cell(tmp_path: Path) -> None:
    columns = {"id": [1, None], "frequency": [1, None], "monetary": [300.5, None]}
    pq.write_table(pa.table(columns), tmp_path / "list.parquet")
    score(tmp_path / "list.parquet", tmp_path / "out.csv")
    assert [row["id"] for row in rows(tmp_path / "out.csv")] == ["1", ""]


def test_row_of_wrong_length_is_kept_and_reported(tmp_path: Path) -> None:
    listed = put(tmp_path / "list.csv", HEADER + "C1,1\nC2,1,300,PUNE, EAST\nC3,1,300\n")
    assert score(listed, tmp_path / "out.csv").failed == 2
    short, long, _ = rows(tmp_path / "out.csv")
    assert short["error"] == "Row 2: It has 2 fields; expected 3, as in the header."
    assert long["monetary"] == "300,PUNE, EAST"
    assert long["error"].startswith("Row 3: It has 5 fields; expected 3, as in the header.")


def test_blank_lines_are_left_out_and_counted(tmp_path: Path) -> None:
    listed = put(tmp_path / "list.csv", HEADER + "\nC1,1,300\n\nC2,0,1\n\n\n")
    score(listed, tmp_path / "out.csv")
    first, second = rows(tmp_path / "out.csv")
    assert first["error"] == ""
    assert second["error"].startswith("Row 5:")


def test_empty_list_gives_header(tmp_path: Path) -> None:
    assert score(put(tmp_path / "list.csv", HEADER), tmp_path / "out.csv").rows == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig").startswith("id,frequency,")
    score(tmp_path / "out.csv", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0
    score(tmp_path / "out.parquet", tmp_path / "again.csv")
    assert rows(tmp_path / "again.csv") == []


def test_empty_or_duplicate_names_get_position() -> None:
    assert unique([" id ", "", "id", " "]) == (
        *("id (column 1)", "column 2", "id (column 3)", "column 4"),
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("list.csv", b"", "is empty"),
        ("list.csv", b"\n\n", "has no header"),
        ("list.csv", HEADER.encode() + b"C1,1,\xff\n", "is not in the encoding utf-8"),
        ("list.csv", HEADER.encode() + b"1," * 500_000, "a line of 1,000,000 characters or more"),
        ("list.csv.gz", gzip.compress(TEXT.encode(), mtime=0)[:-9], "cut off or not a gzip file"),
        ("list.parquet", b"PAR1" + TEXT.encode(), "damaged Parquet file"),
        ("list.xlsx", b"PK\x03\x04" + TEXT.encode(), "damaged XLSX file"),
        ("list.csv", b"%PDF-1.7\n", "is a PDF document. Export the list as CSV or XLSX"),
    ],
)
def test_unreadable_list_raises_and_writes_nothing(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(ListError, match=message) as refused:
        score(put(tmp_path / name, content), tmp_path / "out.csv")
    assert name in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["list.csv", "list.parquet"])
def test_missing_list_raises(tmp_path: Path, name: str) -> None:
    with pytest.raises(ListError, match=r"cannot be read \(No such file or directory\)"):
        score(tmp_path / name, tmp_path / "out.csv")
    (tmp_path / name).mkdir()
    with pytest.raises(ListError, match=r"cannot be read \(Is a directory\)"):
        score(tmp_path / name, tmp_path / "out.csv")


def test_message_never_holds_row_of_list(tmp_path: Path) -> None:
    listed = put(tmp_path / "list.csv", HEADER + "C7305391," + "9" * 1_000_000)
    with pytest.raises(ListError) as refused:
        score(listed, tmp_path / "out.csv")
    assert "7305391" not in str(refused.value)


@pytest.mark.usefixtures("small_chunks")
def test_result_is_replaced_atomically(tmp_path: Path) -> None:
    out = put(tmp_path / "out.csv", "earlier")
    listed = put(tmp_path / "list.csv", HEADER + "C1,1,300\nC2,1,300\nC3," + "9" * 1_000_000)
    with pytest.raises(ListError, match="a line of 1,000,000 characters"):
        score(listed, out)
    assert out.read_text() == "earlier"
    assert {path.name for path in tmp_path.iterdir()} == {"out.csv", "list.csv"}


def test_workbook_has_numbers_where_all_are_valid(tmp_path: Path, small_chunks: None) -> None:
    german = Dialect(delimiter=";", decimal=",")
    text = "id;frequency;monetary\n0001;1;1.300,50\n0002;x;3\n0003;;7,25\n"
    score(put(tmp_path / "list.csv", text), tmp_path / "out.xlsx", german)
    (sheet,) = CalamineWorkbook.from_path(tmp_path / "out.xlsx").sheet_names
    header, *found = (
        CalamineWorkbook.from_path(tmp_path / "out.xlsx").get_sheet_by_name(sheet).to_python()
    )
    cells = [dict(zip(header, row, strict=True)) for row in found]
    assert [row["id"] for row in cells] == ["0001", "0002", "0003"]
    assert [row["monetary"] for row in cells] == [1300.5, 3, 7.25]
    assert [row["frequency"] for row in cells] == ["1", "x", ""]  # one is not a number
    assert [row["segment"] for row in cells] == [0, "", 0]
    assert cells[1]["error"].startswith("Row 3:")


def test_workbook_refuses_more_rows_than_a_sheet(
    tmp_path: Path, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    with pytest.raises(ListError, match="at most 2 rows below its header"):
        score(put(tmp_path / "list.csv", TEXT), tmp_path / "out.xlsx")
    assert not (tmp_path / "out.xlsx").exists()


def test_missing_folder_raises(tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"out.csv cannot be written \(No such file"):
        score(put(tmp_path / "list.csv", TEXT), tmp_path / "nowhere" / "out.csv")


def test_disk_error_raises(tmp_path: Path) -> None:
    def full() -> Iterator[None]:
        with writer_to(tmp_path / "out.csv", Dialect(), SCORER):
            raise OSError(28, "No space left on device")
        yield

    with pytest.raises(ListError, match=r"cannot be written \(No space left on device\)"):
        next(full())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_memory_does_not_grow_with_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow's memory is not traced, but Python's rows and texts are, which dominate."""
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1_000)

    def most(number_of_rows: int) -> int:
        lines = (f"C{number},1,{number + 1}\n" for number in range(number_of_rows))
        listed = put(tmp_path / "list.csv", HEADER + "".join(lines))
        tracemalloc.start()
        score(listed, tmp_path / "out.csv")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(1_000)  # permanent imports and caches
    assert most(8_000) < 1.25 * most(2_000)


def test_chunk_size_is_limited_in_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK_CHARACTERS", 1_000)
    listed = put(tmp_path / "list.csv", HEADER + f"C1,1,{'9' * 600}\n" * 10)
    with open_list(listed, Dialect()) as customers:
        assert [chunk.table.num_rows for chunk in customers.chunks] == [2] * 5


CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\0", exclude_categories=["Cs"]),
    max_size=8,
)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1), st.sampled_from(",;\t|"))
def test_csv_round_trip_is_exact(
    tmp_path_factory: pytest.TempPathFactory, cells: Sequence[list[str]], delimiter: str
) -> None:
    cells = [row for row in cells if any(row)] or [["x", ""]]  # blank rows are left out
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerows([["a", "b"], *cells])
    listed = put(tmp_path_factory.mktemp("list") / "list.csv", text.getvalue())
    assert read(listed, Dialect(delimiter=delimiter)) == cells


def test_open_list_has_columns_before_rows(tmp_path: Path) -> None:
    with open_list(put(tmp_path / "list.csv", "\ufeff" + TEXT), Dialect()) as customers:
        assert isinstance(customers, CustomerList)
        assert customers.names == ("id", "frequency", "monetary")
