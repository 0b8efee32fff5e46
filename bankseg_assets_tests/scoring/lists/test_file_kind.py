"""Files that are not tables are named by what they are."""

import gzip
import zipfile
from pathlib import Path

import pytest

from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.file_kind import PARQUET, SHEET, TEXT, kind_of
from bankseg_assets_tests.landing.xlsx_files import write_xlsx


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "an image"),
        (b"\xff\xd8\xff\xe0", "an image"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel workbook (.xls)"),
        (b"<html><table>", "a web page"),
        (b"\xef\xbb\xbf<!DOCTYPE html>", "a web page"),
        (b'<?xml version="1.0"?>', "an XML document"),
        (b'[{"frequency": 1}]', "a JSON document"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"id,frequency\nC1,\x00\x01", "not a text"),
        (gzip.compress(b"%PDF-1.7\n", mtime=0), "a PDF document, compressed"),
        (b"", "empty"),
    ],
)
def test_other_files_are_called_what_they_are(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(ListError) as refused:
        kind_of(put(tmp_path / "list", content), "list.csv")
    assert str(refused.value).startswith(f"list.csv is {what}")
    assert str(refused.value).endswith("Export the list as CSV or XLSX.")


@pytest.mark.parametrize(
    ("member", "what"),
    [("word/document.xml", "a Word document"), ("list.csv", "a ZIP archive")],
)
def test_archives_are_recognised_by_content(tmp_path: Path, member: str, what: str) -> None:
    with zipfile.ZipFile(tmp_path / "list", "w") as archive:
        archive.writestr(member, "x")
    with pytest.raises(ListError, match=f"list.csv is {what}"):
        kind_of(tmp_path / "list", "list.csv")


def test_tables_are_recognised_whatever_their_name(tmp_path: Path) -> None:
    assert kind_of(put(tmp_path / "a.xlsx", b"id;frequency\n"), "a") == TEXT
    assert kind_of(put(tmp_path / "b.csv", "id\tn\n".encode("utf-16")), "b") == TEXT
    assert kind_of(put(tmp_path / "c.csv", "identity\tn\n".encode("utf-16-le")), "c") == TEXT
    assert kind_of(put(tmp_path / "d.csv", b"[id],[n]\n"), "d") == TEXT
    assert kind_of(put(tmp_path / "e.csv", gzip.compress(b"id,n\n", mtime=0)), "e") == TEXT
    assert kind_of(put(tmp_path / "f.csv", b"PAR1"), "f") == PARQUET
    assert kind_of(write_xlsx(tmp_path / "g.csv", {"A": [["id"]]}), "g") == SHEET
