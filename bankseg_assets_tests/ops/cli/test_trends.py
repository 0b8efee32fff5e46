"""Tests of `bankseg trends`: the table, files and errors."""

from pathlib import Path

import pytest

from bankseg_assets.runtime.settings import CALLED_FROM
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.publishing import publish
from ops.cli import trends


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to write to, and a platform with two releases of a hundred customers."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "data"))
    for _ in range(2):
        publish(tmp_path / "data", tables())
    monkeypatch.setenv(CALLED_FROM, str(tmp_path))
    return tmp_path


def test_trends_shows_all_customers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert folder.is_dir()
    assert trends.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["version", "snapshot", "Customers"]
    assert [line.split()[2] for line in lines[1:]] == ["100", "100"]


@pytest.mark.parametrize(
    ("name", "start"), [("t.xlsx", b"pk"), ("t.csv", b"\xef\xbb\xbf"), ("t.html", b"<!doctype")]
)
def test_trends_writes_a_file(folder: Path, name: str, start: bytes) -> None:
    assert trends.main([name]) == 0
    assert (folder / name).read_bytes().lower().startswith(start)


def test_trends_refuses_other_formats(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trends.main(["t.pdf"]) == 2
    assert "must end in .xlsx, .csv, .html; found 't.pdf'" in capsys.readouterr().err
    assert not (folder / "t.pdf").exists()
