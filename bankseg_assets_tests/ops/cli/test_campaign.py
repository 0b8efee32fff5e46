"""Tests of `bankseg campaign`: groups and segments, lists, and errors."""

import json
from pathlib import Path

import pandas as pd
import pytest

from bankseg_assets.runtime.settings import CALLED_FROM
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.publishing import publish
from ops.cli import campaign


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to write to, and a platform with a hundred customers."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "data"))
    publish(tmp_path / "data", tables())
    monkeypatch.setenv(CALLED_FROM, str(tmp_path))
    return tmp_path


def test_campaign_shows_groups_and_segments(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder.is_dir()
    assert campaign.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["customers", "INR", "action"]
    assert lines[1].split()[:4] == ["Champions", "(group)", "62", "55,800"]
    assert any(line.startswith("Small spenders (segment)") for line in lines)


def test_campaign_writes_csv_and_details(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert campaign.main(["at risk", "--top", "20", "--campaign", "spring"]) == 0
    stem = "win-back_at-risk_2016-10-22_top-20"
    rows = pd.read_csv(folder / f"{stem}.csv")
    facts = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
    assert len(rows) == facts["customers"] == 20
    assert facts["campaign"] == "spring"
    assert f"{stem}.csv: 20 customers" in capsys.readouterr().out


def test_campaign_writes_a_workbook(folder: Path) -> None:
    assert campaign.main(["Champions", "list.xlsx"]) == 0
    assert (folder / "list.xlsx").read_bytes().startswith(b"PK")
    assert not (folder / "list.json").exists()


def test_campaign_refuses_unknown_names_and_formats(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert campaign.main(["Nowhere"]) == 2
    assert "expected one of: Champions, At risk" in capsys.readouterr().err
    assert campaign.main(["At risk", "list.pdf"]) == 2
    assert "must end in .csv or .xlsx; found 'list.pdf'" in capsys.readouterr().err
    assert not list(folder.glob("list.*"))
