"""Tests of `bankseg contract`: arguments, exit codes and output files."""

from pathlib import Path

import pytest

from bankseg_assets.contracts.delivery import load_contract
from bankseg_assets.runtime.settings import CALLED_FROM, DEFAULT_CONTRACT
from bankseg_assets_tests.onboarding.made_up import ambiguous_days, german
from ops.cli import contract, main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CALLED_FROM, str(tmp_path))
    (tmp_path / "open.csv").write_bytes(ambiguous_days().content)
    (tmp_path / "whole.csv").write_bytes(german().content)
    return tmp_path


def test_suggest_prints_a_whole_contract(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["contract", "suggest", "whole.csv"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    (folder / "contract.toml").write_text(printed.out, encoding="utf-8")
    assert load_contract(folder / "contract.toml").currency == "EUR"


def test_suggest_lists_open_questions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert contract.main(["suggest", "open.csv"]) == 3
    printed = capsys.readouterr()
    assert (
        'format = "?"  # ASK: "d/M/yyyy" or "M/d/yyyy": no value has a day above 12' in printed.out
    )
    assert "2 questions are open" in printed.err
    assert "columns.transaction_date.format" in printed.err


def test_suggest_writes_an_answered_contract(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = ["-a", "currency=GBP", "-a", "columns.transaction_date.format=d/M/yyyy"]
    assert contract.main(["suggest", "open.csv", "--output", "mine.toml", *answers]) == 0
    assert capsys.readouterr().out == ""
    found = load_contract(folder / "mine.toml")
    assert found.columns["transaction_date"].format == "d/M/yyyy"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.csv"], "missing.csv cannot be read: No such file or directory."),
        (["open.csv", "-a", "currency=Pounds"], "expected a code such as EUR"),
        (["open.csv", "-a", "color=red"], "There is no setting color"),
        (["open.csv", "-o", "nowhere/c.toml"], "No such file or directory"),
    ],
)
def test_suggest_says_what_is_wrong(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert contract.main(["suggest", *arguments]) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""


def test_schema_is_that_of_the_docs(capsys: pytest.CaptureFixture[str]) -> None:
    assert contract.main(["schema"]) == 0
    shipped = DEFAULT_CONTRACT.parent / "docs/reference/contract.schema.json"
    assert capsys.readouterr().out == shipped.read_text(encoding="utf-8")


def test_check_refuses_a_contract_that_is_not_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert contract.main(["check", "open.csv", "--contract", "none.toml"]) == 2
    assert "none.toml cannot be read" in capsys.readouterr().err


def test_check_rejects_a_file_of_another_contract(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is rejected by the default contract without starting Spark."""
    assert contract.main(["check", "open.csv"]) == 2
    assert "The file would be rejected: open.csv has no column" in capsys.readouterr().out
