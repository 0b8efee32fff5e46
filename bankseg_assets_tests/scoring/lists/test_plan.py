"""Detection of a list's notation and columns, and its preview."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.scoring.documents import NumberInput
from bankseg_assets.scoring.lists.detection import Settings
from bankseg_assets.scoring.lists.plan import ListPlan, make_plan
from bankseg_assets.scoring.lists.preview import WRONG, preview
from bankseg_assets.scoring.lists.scored_list import ScoredList, score_plan
from bankseg_assets_tests.landing.xlsx_files import write_xlsx
from bankseg_assets_tests.scoring.lists.sample_lists import bundle

CASES = Path(__file__).parents[4] / "shared" / "data" / "cases" / "50-lists"
CONTRACT = DeliveryContract()
COMMA = replace(
    CONTRACT,
    delimiter=";",
    encoding="cp1252",
    columns={name: replace(rule, decimal_separator=",") for name, rule in CONTRACT.columns.items()},
)
"""The contract of a bank that writes 1.234,56."""
MODEL = bundle()

needs_cases = pytest.mark.skipif(not CASES.exists(), reason=f"the cases are not here ({CASES})")


def plan(path: Path, contract: DeliveryContract = CONTRACT, **given: Any) -> ListPlan:
    return make_plan(path, path.name, MODEL, contract, Settings(**given))


def put(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


def scored(found: ListPlan) -> ScoredList:
    columns = found.matching.alike | found.matching.columns
    return score_plan(found, found.scorer(MODEL, {}, columns))


def amounts(found: ListPlan) -> list[float]:
    """Return the sums of a list as they are understood."""
    columns = found.matching.alike | found.matching.columns
    result = score_plan(found, found.scorer(MODEL, {}, columns))
    known, problems = result.scorer.read(result.table)
    assert not problems
    return [float(value) for value in known["monetary"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_and_encoding_are_detected(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = "customer_id,frequency,monetary,city\nC1,2,500,Köln\nC2,1,90.5,Bonn\n"
    found = plan(put(tmp_path, text.replace(",", delimiter), encoding))
    assert found.names == ("customer_id", "frequency", "monetary", "city")
    result = scored(found)
    assert result.table["city"].to_pylist() == ["Köln", "Bonn"]
    assert result.failed == []


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("1,23,456", "90.5"), [123456, 90.5]),
        (("1,500.00", "12,345"), [1500, 12345]),
        (("1.234,56", "90,5"), [1234.56, 90.5]),
        (("1 234,5", "12.000"), [1234.5, 12000]),
        (("1'234.5", "7"), [1234.5, 7]),
        (("INR 1,23,456", "₹ 5"), [123456, 5]),
    ],
)
def test_numbers_are_read_in_the_notation_of_the_list(
    tmp_path: Path, cells: tuple[str, str], expected: list[float]
) -> None:
    text = "".join(f"C{n};1;{cell}\n" for n, cell in enumerate(cells))
    assert amounts(plan(put(tmp_path, "customer_id;frequency;monetary\n" + text))) == expected


def test_contract_decides_between_two_readings(tmp_path: Path) -> None:
    """1,234 is one thousand or one: without other evidence, the contract decides."""
    path = put(tmp_path, "customer_id;frequency;monetary\nC1;1;1,234\n")
    found = plan(path)
    assert amounts(found) == [1234]
    assert "no number shows which is meant" in " ".join(found.detection.notes)
    assert amounts(plan(path, COMMA)) == [1.234]
    assert amounts(plan(path, decimal=",")) == [1.234]
    assert plan(path, decimal=",").detection.notes == (
        "Detected, other than in the contract: the delimiter ; (semicolon).",
    )


def test_contract_notation_is_the_default(tmp_path: Path) -> None:
    path = put(tmp_path, "customer_id;frequency;monetary;Ort\nC1;1;300,5;Köln\n", "cp1252")
    found = plan(path, COMMA)
    assert (found.dialect.delimiter, found.dialect.decimal) == (";", ",")
    assert (found.dialect.encoding, found.detection.notes) == ("cp1252", ())


def test_settings_win_over_detection(tmp_path: Path) -> None:
    path = put(tmp_path, "a;frequency\nC1;2\n")
    assert plan(path, delimiter=",").names == ("a;frequency",)
    assert plan(path, columns={"frequency": "a"}).matching.columns == {"frequency": "a"}


def test_near_names_are_preselected(tmp_path: Path) -> None:
    text = "Kunden-Nr;Anzahl;Umsatz (INR)\nC1;1;5\n"
    found = plan(put(tmp_path, text))
    assert found.matching.alike == {"frequency": "Anzahl", "monetary": "Umsatz (INR)"}
    assert found.identity == "Kunden-Nr"


def test_doubled_column_is_a_problem_unless_unused(tmp_path: Path) -> None:
    path = put(tmp_path, "id,frequency,frequency,monetary,note,note\nC1,2,3,5,a,b\n")
    found = plan(path)
    assert "'frequency' occurs 2 times" in found.problems[0]
    assert found.matching.columns == {"monetary": "monetary"}
    second = {"frequency": "frequency (column 3)"}
    assert plan(path, columns=second).problems == ()


def test_lines_above_the_header_are_left_out(tmp_path: Path) -> None:
    path = put(tmp_path, "Customers of Pune\n\nid,frequency,monetary\nC1,1,5\nC2,x,5\n")
    found = plan(path)
    assert found.dialect.header_line == 3
    assert scored(found).table["error"].to_pylist()[1].startswith("Row 5:")


def test_empty_rows_and_fields_at_the_end_are_left_out(tmp_path: Path) -> None:
    path = put(tmp_path, "id,frequency,monetary\nC1,1,5,\n,,\nC2,1,5,,\n,,,\n")
    result = scored(plan(path))
    assert (result.table.num_rows, result.failed) == (2, [])


@pytest.mark.subprocess
def test_sheet_with_the_inputs_is_read(tmp_path: Path) -> None:
    rows = [["id", "frequency", "monetary"], ["C1", 2, 1234.567], ["C2", 1, "1.234,56"]]
    path = write_xlsx(tmp_path / "list.xlsx", {"Cover": [["Report"]], "Data": rows})
    found = plan(path)
    assert found.dialect.sheet == "Data"
    assert found.dialect.decimal == "."
    result = scored(found)
    assert result.failed == [1]
    assert amounts(plan(path, COMMA)) == [1234.567, 1234.56]


@needs_cases
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sep.csv", [500]),
        ("sep_semicolon.csv", [500]),
        ("thousands.csv", [1500, 90.5]),
        ("excel_eq.csv", [500]),
        ("rfm_names.csv", [500]),
    ],
)
def test_cases_are_read(name: str, expected: list[float]) -> None:
    assert amounts(plan(CASES / name)) == expected


@needs_cases
def test_cases_with_faults_are_reported() -> None:
    assert "'frequency' occurs 2 times" in plan(CASES / "dupcols.csv").problems[0]
    ids = scored(plan(CASES / "excel_eq.csv")).table["customer_id"]
    assert ids.to_pylist() == ["0001"]


def test_preview_shows_rows_as_understood(tmp_path: Path) -> None:
    text = "customer_id;frequency;monetary\nC1;2;1,23,456\nC2;1.5;\nC3;1\n"
    found = plan(put(tmp_path, text))
    shown = preview(found, found.scorer(MODEL, {}, found.matching.columns), "customer_id", "lakh")
    count, money = (field.label for field in MODEL.inputs if isinstance(field, NumberInput))
    assert shown.understood == [
        {"Row": "2", "Customer ID": "C1", count: "2 transactions", money: "INR 1,23,456"},
        {"Row": "3", "Customer ID": "C2", count: WRONG, money: "unknown"},
        {"Row": "4", "Customer ID": "C3", count: WRONG, money: WRONG},
    ]
    assert shown.written[0] == {"customer_id": "C1", "frequency": "2", "monetary": "1,23,456"}
