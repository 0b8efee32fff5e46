"""`bankseg score`: what an analyst is told, and what stops the list."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bankseg_assets.runtime.settings import CALLED_FROM
from bankseg_assets.scoring.bundle import BUNDLE_FILE
from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.scoring.lists.sample_lists import INPUTS
from ops.cli import score

ROOT = Path(__file__).parents[3]
LIST = "CustomerID,frequency,monetary\nC1,1,300\nC2,,\nC3,0,1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a list, beside a platform with a model."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "data"))
    publish(tmp_path / "data", inputs=INPUTS)
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    monkeypatch.setenv(CALLED_FROM, str(tmp_path))
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run what must be refused; return what is told."""
    assert score.main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    return told.err


def test_the_summary_says_how_many_and_by_which_model(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score.main(["list.csv", "out.csv"]) == 0
    told = capsys.readouterr()
    assert told.out == (
        "out.csv: 3 rows, 1 sure, 1 not sure, 1 with an error.\n"
        "Model first, snapshot of 22 October 2016, F1 on held-out customers 98.1%.\n"
    )
    assert told.err == ""
    assert [row["segment"] for row in rows(folder / "out.csv")] == ["0", "0", ""]


def test_the_hold_out_is_by_the_contract_s_customer_and_by_campaign(folder: Path) -> None:
    text = "frequency,CustomerID\n" + "".join(f"1,C{number}\n" for number in range(300))
    (folder / "list.csv").write_text(text, encoding="utf-8")
    held = []
    for campaign in ([], ["--campaign", "spring"], ["--campaign", "spring", "--hold-out", "0.5"]):
        assert score.main(["list.csv", "out.csv", *campaign]) == 0
        found = rows(folder / "out.csv")
        held.append({row["CustomerID"] for row in found if row["held_out_of_campaign"] == "True"})
    assert 10 < len(held[0]) < 60
    assert held[0] != held[1]
    assert held[1] < held[2]


def test_what_is_unknown_held_by_nobody_or_replaced_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "list.csv").write_text("frequency,segment\n1,A\n", encoding="utf-8")
    assert score.main(["list.csv", "out.csv"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "bankseg: Unknown of every customer: monetary.",
        "bankseg: Columns that the list had already are replaced: segment.",
        "bankseg: Nobody is held out: there is no column customer_id or CustomerID; "
        "name one with --id.",
    ]


def test_a_similar_name_is_a_question_that_the_person_answers(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "list.csv").write_text("CustomerID,frequenzy,monetary\nC1,1,300\n", encoding="utf-8")
    told = refused(capsys, "list.csv", "out.csv")
    assert "If 'frequenzy' is it, say --column frequency='frequenzy'" in told
    assert score.main(["list.csv", "out.csv", "--column", "frequency=frequenzy"]) == 0
    assert rows(folder / "out.csv")[0]["certainty"] == "sure"
    assert score.main(["list.csv", "out.csv", "--column", "frequency="]) == 0
    assert rows(folder / "out.csv")[0]["certainty"] == "not sure"


def test_the_notation_is_the_contract_s_unless_it_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "Kundennummer;frequency;monetary\nK1;1;300,50\n"
    (folder / "list.csv").write_text(content, encoding="cp1252")
    shown = ["--delimiter", ";", "--decimal", ",", "--id", "Kundennummer"]
    assert score.main(["list.csv", "out.csv", *shown]) == 0
    said = (folder / "out.csv").read_bytes()
    contract = ROOT / "docs" / "contracts" / "differently_shaped_bank.toml"
    monkeypatch.setenv("BANKSEG_CONTRACT", str(contract))
    assert score.main(["list.csv", "out.csv"]) == 0
    assert (folder / "out.csv").read_bytes() == said.removeprefix(b"\xef\xbb\xbf")


def test_a_tab_can_be_said(folder: Path) -> None:
    (folder / "list.csv").write_text(LIST.replace(",", "\t"), encoding="utf-8")
    assert score.main(["list.csv", "out.csv", "--delimiter", r"\t"]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["list.csv", "list.csv"], "The list would be replaced"),
        (["gone.csv", "out.csv"], "gone.csv cannot be read (No such file"),
        (["list.csv", "out.xlsx"], "out.xlsx does not end in .csv, .csv.gz, .parquet"),
        (["list.csv", "out.csv", "--id", "Name"], "There is no column 'Name' for --id"),
        (["list.csv", "out.csv", "--column", "age=CustomerID"], "'age' is no input"),
        (["list.csv", "out.csv", "--delimiter", ";;"], "is not one character"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert told in refused(capsys, *arguments)
    assert not (folder / "out.csv").exists()


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--hold-out", "10"), "10 is not from 0 to 1"),
        (("--hold-out", "many"), "invalid"),
        (("--column", "frequency"), "has no ="),
        (("--encoding", "latin-99"), "is no encoding"),
        (("--decimal", "x"), "invalid choice"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(
    capsys: pytest.CaptureFixture[str], option: tuple[str, str], told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        score.main(["list.csv", "out.csv", *option])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_before_the_first_model_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    assert "Run `make materialize`" in refused(capsys, "list.csv", "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_while_the_newest_model_is_broken_the_one_before_scores_and_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = publish(folder / "data", inputs=INPUTS, version="second")
    (newest / BUNDLE_FILE).write_text("{", encoding="utf-8")
    assert score.main(["list.csv", "out.csv"]) == 0
    told = capsys.readouterr()
    assert "an earlier one scores" in told.err
    assert "Model first" in told.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_midway_it_leaves_nothing(folder: Path, number: signal.Signals) -> None:
    with (folder / "list.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"C{row},1,300\n" for row in range(400_000))
    command = [sys.executable, "-m", "ops.cli.score", "list.csv", "out.csv"]
    environ = os.environ | {CALLED_FROM: str(folder)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not list(folder.glob(".draft-*")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(number)
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "bankseg: stopped; nothing was written.\n")
    assert {path.name for path in folder.iterdir()} == {"data", "list.csv"}
