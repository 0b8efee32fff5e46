"""Tests of `bankseg export` and `bankseg fetch`."""

from pathlib import Path

import pytest

from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.scoring.lists.sample_lists import FORM_INPUTS
from ops.cli import export, fetch, score


def test_list_is_scored_from_a_fetched_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = (tmp_path / "there").as_uri()
    publish(tmp_path / "bank", inputs=FORM_INPUTS)
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "bank"))
    assert export.main([url]) == 0
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "branch"))
    assert fetch.main([url, "--only", "nb_classifier"]) == 0
    sent, came = capsys.readouterr().out.splitlines()
    assert "2 versions sent" in sent
    assert "2 versions were copied" in came
    (tmp_path / "list.csv").write_text("customer_id,frequency\nC1,1\n", encoding="utf-8")
    assert score.main([str(tmp_path / "list.csv"), str(tmp_path / "out.csv")]) == 0
    assert "1 rows" in capsys.readouterr().out


@pytest.mark.parametrize("command", [export, fetch])
def test_export_and_fetch_report_errors(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: object,
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    assert command.main([(tmp_path / "there").as_uri()]) == 2  # type: ignore[attr-defined]
    output = capsys.readouterr().err
    assert output.startswith("bankseg: There is no release")
    assert output.count("\n") == 1
