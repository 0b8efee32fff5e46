"""`bankseg export` and `bankseg fetch`: what they say, and that a list is scored from a copy."""

from pathlib import Path

import pytest

from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.scoring.lists.sample_lists import INPUTS
from ops.cli import export, fetch, score


def test_a_machine_that_computes_nothing_scores_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = (tmp_path / "there").as_uri()
    publish(tmp_path / "bank", inputs=INPUTS)
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "bank"))
    assert export.main([url]) == 0
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "branch"))
    assert fetch.main([url, "--only", "nb_classifier"]) == 0
    sent, came = capsys.readouterr().out.splitlines()
    assert "2 versions were sent" in sent
    assert "2 versions came" in came
    (tmp_path / "list.csv").write_text("customer_id,frequency\nC1,1\n", encoding="utf-8")
    assert score.main([str(tmp_path / "list.csv"), str(tmp_path / "out.csv")]) == 0
    assert "1 rows" in capsys.readouterr().out


@pytest.mark.parametrize("command", [export, fetch])
def test_what_cannot_be_done_is_told_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: object,
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    assert command.main([(tmp_path / "there").as_uri()]) == 2  # type: ignore[attr-defined]
    told = capsys.readouterr().err
    assert told.startswith("bankseg: There is no release")
    assert told.count("\n") == 1
