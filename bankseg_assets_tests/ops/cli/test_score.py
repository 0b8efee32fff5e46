"""Tests of `bankseg score`: output, options and errors."""

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
from bankseg_assets.storage.documents import DOCUMENT_FILE
from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.landing.xlsx_files import write_xlsx
from bankseg_assets_tests.scoring.lists.sample_lists import FORM_INPUTS
from ops.cli import score

ROOT = Path(__file__).parents[3]
LIST = "CustomerID,frequency,monetary\nC1,1,300\nC2,,\nC3,0,1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a list, and a platform with a model."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "data"))
    publish(tmp_path / "data", inputs=FORM_INPUTS)
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    monkeypatch.setenv(CALLED_FROM, str(tmp_path))
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused; return its message."""
    assert score.main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def test_score_prints_counts_and_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert score.main(["list.csv", "out.csv"]) == 0
    printed = capsys.readouterr()
    assert printed.out == (
        "out.csv: 3 rows, 1 sure, 1 not sure, 1 with an error.\n"
        "  Small spenders: 2, of which 1 sure\n"
        "1 of 3 are uncertain because 'Number of transactions' and 'Sum of the amounts' are "
        "missing.\n"
        "Model first, snapshot of 22 October 2016, F1 on held-out customers 98.1%.\n"
    )
    assert printed.err == ""
    assert [row["segment"] for row in rows(folder / "out.csv")] == ["0", "0", ""]


def test_score_holds_out_by_customer_and_campaign(folder: Path) -> None:
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


def test_score_notes_unknown_and_replaced_columns(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "list.csv").write_text("frequency,segment\n1,A\n", encoding="utf-8")
    assert score.main(["list.csv", "out.csv"]) == 0
    printed = capsys.readouterr().err.splitlines()
    assert printed == [
        "bankseg: Unknown for all customers: monetary.",
        "bankseg: Existing columns of the list are replaced: segment.",
        "bankseg: No customers are held out: found no column customer_id or CustomerID; "
        "name it with --id.",
    ]


def test_score_asks_about_similar_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "list.csv").write_text("CustomerID,frequenzy,monetary\nC1,1,300\n", encoding="utf-8")
    printed = refused(capsys, "list.csv", "out.csv")
    assert "If 'frequenzy' is meant: --column frequency='frequenzy'" in printed
    assert score.main(["list.csv", "out.csv", "--column", "frequency=frequenzy"]) == 0
    assert rows(folder / "out.csv")[0]["certainty"] == "sure"
    assert score.main(["list.csv", "out.csv", "--column", "frequency="]) == 0
    assert rows(folder / "out.csv")[0]["certainty"] == "not sure"


def test_score_uses_the_contracts_notation_by_default(
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


def test_score_detects_the_notation_of_a_list(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = "Kunden-Nr;frequency;monetary;Ort\nK1;1;1.300,50;Köln\nK2;1.5;3;Bonn\n"
    (folder / "list.csv").write_text(content, encoding="cp1252")
    assert score.main(["list.csv", "out.csv"]) == 0
    printed = capsys.readouterr()
    assert "the delimiter ; (semicolon), the decimal mark ',', the encoding cp1252" in printed.err
    lines = (folder / "out.csv").read_text(encoding="cp1252").splitlines()
    assert lines[1].startswith("K1;1;1.300,50;Köln;0;Small spenders;0,")
    assert "found '1.5'" in lines[2]


@pytest.mark.subprocess
def test_score_reads_excel_files(folder: Path) -> None:
    cells = [["CustomerID", "frequency", "monetary"], ["C1", 1, 300.5], ["C2", 1.5, 3]]
    write_xlsx(folder / "list.xlsx", {"Cover": [["Report"]], "Customers": cells})
    assert score.main(["list.xlsx", "out.csv"]) == 0
    first, second = rows(folder / "out.csv")
    assert (first["segment"], first["monetary"]) == ("0", "300.5")
    assert "Row 3: Number of transactions must be a whole number" in second["error"]


def test_score_refuses_doubled_columns(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "CustomerID,frequency,frequency,monetary\nC1,1,2,300\n"
    (folder / "list.csv").write_text(text, encoding="utf-8")
    printed = refused(capsys, "list.csv", "out.csv")
    assert "'frequency' occurs 2 times" in printed
    chosen = ["--column", "frequency=frequency (column 2)"]
    assert score.main(["list.csv", "out.csv", *chosen]) == 0


def test_score_accepts_a_tab_as_delimiter(folder: Path) -> None:
    (folder / "list.csv").write_text(LIST.replace(",", "\t"), encoding="utf-8")
    assert score.main(["list.csv", "out.csv", "--delimiter", r"\t"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list.csv", "list.csv"], "The result would overwrite the list"),
        (["list.pdf", "out.csv"], "list.pdf is a PDF document. Export the list as CSV or XLSX."),
        (["gone.csv", "out.csv"], "gone.csv cannot be read (No such file"),
        (["list.csv", "out.ods"], "out.ods does not end in .csv, .csv.gz, .parquet, .xlsx"),
        (["list.csv", "out.csv", "--id", "Name"], "There is no column 'Name' for --id"),
        (["list.csv", "out.csv", "--column", "age=CustomerID"], "'age' is not an input"),
        (["list.csv", "out.csv", "--delimiter", ";;"], "is not one character"),
    ],
)
def test_score_reports_errors_in_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (folder / "list.pdf").write_bytes(b"%PDF-1.7\n")
    assert message in refused(capsys, *arguments)
    assert not (folder / "out.csv").exists()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--hold-out", "10"), "10 is not between 0 and 1"),
        (("--hold-out", "many"), "invalid"),
        (("--column", "frequency"), "has no ="),
        (("--encoding", "latin-99"), "unknown encoding"),
        (("--decimal", "x"), "invalid choice"),
    ],
)
def test_score_refuses_invalid_options(
    capsys: pytest.CaptureFixture[str], option: tuple[str, str], message: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        score.main(["list.csv", "out.csv", *option])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_score_before_the_first_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    assert "Run `make materialize`" in refused(capsys, "list.csv", "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_score_falls_back_on_the_previous_model(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = publish(folder / "data", inputs=FORM_INPUTS, version="second")
    (newest / DOCUMENT_FILE).write_text("{", encoding="utf-8")
    assert score.main(["list.csv", "out.csv"]) == 0
    printed = capsys.readouterr()
    assert "an earlier one is used" in printed.err
    assert "Model first" in printed.out


@pytest.mark.subprocess
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_score_leaves_no_file_when_stopped(folder: Path, number: signal.Signals) -> None:
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
        _, printed = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, "bankseg: stopped; nothing was written.\n")
    assert {path.name for path in folder.iterdir()} == {"data", "list.csv"}


def test_unnamed_campaign_holds_out_the_same_after_a_refit(folder: Path) -> None:
    ids = [f"C{number}" for number in range(100)]
    lines = [f"{customer},1,300" for customer in ids]
    (folder / "list.csv").write_text(
        "\n".join(["CustomerID,frequency,monetary", *lines]), encoding="utf-8"
    )
    held = []
    for version in ("first", "second"):
        publish(folder / "data", inputs=FORM_INPUTS, version=version)
        assert score.main(["list.csv", "out.csv"]) == 0
        held.append([row["held_out_of_campaign"] for row in rows(folder / "out.csv")])
    assert "True" in held[0]
    assert held[0] == held[1]
