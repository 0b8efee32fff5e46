"""The report of `check`, which leaves no files behind."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bankseg_assets.contracts.delivery import load_contract
from bankseg_assets.onboarding import check as checking
from bankseg_assets.onboarding.advice import advise
from bankseg_assets.onboarding.check import check
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT

ROOT = Path(__file__).parents[2]
HEADER = "No,Who,Day,Sum\n"
CONTRACT = """
currency = "USD"
number_format = "plain"
customer_key = "customer_id"
[file]
delimiter = ","
encoding = "utf-8"
[columns.transaction_id]
name = "No"
[columns.customer_id]
name = "Who"
[columns.transaction_date]
name = "Day"
format = "d/M/yyyy"
[columns.amount]
name = "Sum"
"""


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "contract.toml"
    path.write_text(CONTRACT, encoding="utf-8")
    return path


def write(folder: Path, text: str, name: str = "bank.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {
        "BANKSEG_CALLED_FROM": str(folder),
        "BANKSEG_DATA_DIR": str(folder / "data"),
    }
    return subprocess.run(
        [sys.executable, "-m", "ops.cli.contract", "check", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No,Who,Date,Sum\n1,2,1/2/2016,5\n", "no column 'Day' (is it 'Date'?)"),
        ("Bank\nPune\n" + HEADER + "1,2,1/2/2016,5\n", "set `header_line = 3`"),
        ("No;Who;Day;Sum\n1;2;1/2/2016;5\n", '`delimiter = ";"`'),
        (HEADER, "has a header but no record"),
        ("", "is empty (0 bytes)"),
    ],
)
def test_check_rejects_a_file_before_spark_starts(
    tmp_path: Path, contract: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    def start(_: Path) -> None:
        raise AssertionError("Spark was started")

    monkeypatch.setattr(checking, "start_spark", start)
    path = write(tmp_path, text)
    report = check(path, load_contract(contract))
    assert (report.outcome, report.exit_code) == ("rejected", 2)
    assert said in report.detail


def test_check_ignores_what_a_batch_ignores(tmp_path: Path, contract: Path) -> None:
    path = write(tmp_path, HEADER + "1,2,1/2/2016,5\n", "bank.txt")
    report = check(path, load_contract(contract))
    assert (report.outcome, report.exit_code) == ("ignored", 2)
    assert "does not end in .csv" in report.detail


@pytest.mark.subprocess
def test_check_counts_rows_as_a_batch_does(tmp_path: Path, contract: Path) -> None:
    """Sound rows, a repeated one, and four that break different rules."""
    rows = [f"T{n},C{n % 7},{13 + n % 15}/2/2016,{n}.50" for n in range(40)]
    rows += [rows[0], "T90,C1,2/28/2016,5", "T91,C1,1/2/2016,5;00", "T92,,1/2/2016,5", "T93,C1"]
    path = write(tmp_path, HEADER + "\n".join(rows) + "\n")
    found = run(tmp_path, "bank.csv", "--contract", "contract.toml", "--json")
    assert found.returncode == 1, found.stderr
    report: dict[str, Any] = json.loads(found.stdout)
    assert (report["sampled"], report["accepted"], report["duplicates"]) == (45, 40, 1)
    reasons = {one["code"]: one for one in report["reasons"]}
    assert {code: one["rows"] for code, one in reasons.items() if code != "duplicate"} == {
        "wrong_number_of_fields": 1,
        "missing_customer_id": 1,
        "invalid_transaction_date": 1,
        "invalid_amount": 1,
    }
    date = reasons["invalid_transaction_date"]
    assert date["examples"] == ["9/99/9999"]
    assert 'Set `format = "M/d/yyyy"`' in date["advice"]
    assert "/2016" not in found.stdout  # masked, but for what all rows say together
    assert report["facts"][0] == "Days from 2016-02-13 to 2016-02-27"
    assert not (tmp_path / "data").exists()
    assert path.exists()


@pytest.mark.subprocess
def test_check_shows_values_on_request(tmp_path: Path, contract: Path) -> None:
    write(tmp_path, HEADER + "T1,C77,13/2/2016,5.25\n")
    found = run(tmp_path, "bank.csv", "-c", "contract.toml", "--show-values")
    assert found.returncode == 0, found.stderr
    assert 'transaction_date="13/2/2016"' in found.stdout
    assert 'transaction_at="2016-02-13 00:00:00"' in found.stdout
    assert found.stdout.splitlines()[-1].startswith("Of 1 sampled rows 1 would be accepted")


@pytest.mark.subprocess
def test_check_refuses_a_contract_with_a_question(tmp_path: Path, contract: Path) -> None:
    contract.write_text(CONTRACT.replace('"USD"', '"?"'), encoding="utf-8")
    write(tmp_path, HEADER + "T1,C77,13/2/2016,5.25\n")
    found = run(tmp_path, "bank.csv", "--contract", "contract.toml")
    assert found.returncode == 2
    assert "currency is '?'" in found.stderr


@pytest.mark.parametrize(
    ("reason", "values", "said"),
    [
        ("invalid_transaction_date", ["2-Aug-2016"], 'Set `format = "d-MMM-yyyy"`'),
        ("invalid_amount", ["1.234,50"], '`decimal_separator = ","` and `thousands_separator'),
        ("invalid_amount", ["1,234"], "Set the separator"),
        ("invalid_amount", ["500 Dr", "5 Cr"], "to `spending` and `income` under [columns.amount]"),
        ("invalid_balance", ["500 Dr"], "to `negative_words` and `positive_words` under"),
        ("invalid_balance", [""], "set `nullable = true` under [columns.balance]"),
        ("invalid_birth_date", ["nan", "N/A"], 'Set `placeholders = ["1/1/1800", "nan", "N/A"]`'),
        ("invalid_gender", ["x"], "Add these values to `values` under [columns.gender]"),
        ("invalid_transaction_time", ["9:05 PM"], 'Set `format = "h:mm a"`'),
        ("invalid_customer_id", ["#1"], "do not match `pattern` under [columns.customer_id]"),
        ("wrong_number_of_fields", [], "`footer_lines`"),
        ("some_new_reason", [], "docs/reference/contract.md"),
    ],
)
def test_advice_names_the_setting(reason: str, values: list[str], said: str) -> None:
    assert said in advise(reason, values, load_contract(DEFAULT_CONTRACT))


@pytest.mark.parametrize(
    ("reason", "values", "said"),
    [
        ("invalid_direction", ["500", "5"], 'add "" to `spending` or `income` under [columns.am'),
        ("invalid_amount", ["-500 Dr", "-5 Dr"], "Amounts have a sign although words give"),
        ("invalid_amount", ["-500 Dr", "5 XX"], "`spending` and `income` under [columns.amount]"),
        ("invalid_amount", ["500 Debit"], 'such as "DEBIT", to `spending` and `income`'),
    ],
)
def test_advice_on_words_beside_amounts(
    tmp_path: Path, reason: str, values: list[str], said: str
) -> None:
    text = DEFAULT_CONTRACT.read_text(encoding="utf-8")
    words = "[columns.amount]\nspending = ['Dr']\nincome = ['Cr']"
    (tmp_path / "c.toml").write_text(text.replace("[columns.amount]", words), encoding="utf-8")
    assert said in advise(reason, values, load_contract(tmp_path / "c.toml"))


@pytest.mark.parametrize(
    ("reason", "values", "change", "said"),
    [
        ("invalid_amount", ["N/A", "-"], {}, "but a value is required"),
        ("invalid_gender", ["-"], {}, 'Set `placeholders = ["-"]` under [columns.gender].'),
        (
            "invalid_location",
            ["n/a"],
            {"nullable": False, "placeholders": ("x",)},
            'Set `placeholders = ["x", "n/a"]` and `nullable = true` under [columns.location].',
        ),
        (
            "invalid_customer_id",
            ["1.23457E+15"],
            {"pattern": ""},
            "ask the bank to send them as text",
        ),
    ],
)
def test_advise_names_what_accepts_the_rows(
    reason: str, values: list[str], change: dict[str, Any], said: str
) -> None:
    contract = load_contract(DEFAULT_CONTRACT)
    ours = reason.removeprefix("invalid_")
    columns = {**contract.columns, ours: replace(contract.columns[ours], **change)}
    assert said in advise(reason, values, replace(contract, columns=columns))
