"""What `suggest` reads in spreadsheets and Parquet."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.delivery import load_contract
from bankseg_assets.onboarding.sample import SampleError
from bankseg_assets.onboarding.suggest import suggest
from bankseg_assets.presentation.spreadsheet import write_xlsx
from ops.demo.banks import write_bank

pytestmark = pytest.mark.subprocess

HEADER = ("TransactionID", "CustomerID", "Date", "Amount (EUR)")
ROWS = [(f"T{n}", f"C{n % 9}", f"2024-03-{1 + n % 28:02d}", f"{n}.50") for n in range(30)]
NOTES: list[tuple[str, ...]] = [("Note",), ("Nothing here",)]


def write(path: Path, **sheets: list[tuple[str, ...]]) -> Path:
    with path.open("wb") as file:
        write_xlsx(file, {name: list(map(list, rows)) for name, rows in sheets.items()})
    return path


def test_suggest_finds_the_sheet_of_the_records(tmp_path: Path) -> None:
    path = write(tmp_path / "bank.xlsx", Notes=NOTES, Orders=[("Bank",), HEADER, *ROWS])
    found = suggest(path)
    assert found.is_complete
    assert found.value("file.sheet") == "Orders"
    assert found.value("file.header_line") == 2
    assert found.value("columns.amount.name") == "Amount (EUR)"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bank.xlsx"]


def test_suggest_asks_which_of_two_sheets_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "bank.xlsx", March=[HEADER, *ROWS], April=[HEADER, *ROWS[:20]])
    found = suggest(path)
    assert [question.key for question in found.questions] == ["file.sheet"]
    assert found.questions[0].options == ("March", "April")
    answered = suggest(path, {"file.sheet": "April"})
    assert answered.is_complete
    assert answered.rows == 20


@pytest.mark.parametrize("cover", [[], [("Bank",)]], ids=["empty", "one line"])
def test_suggest_looks_behind_a_cover_sheet(tmp_path: Path, cover: list[tuple[str, ...]]) -> None:
    found = suggest(write(tmp_path / "bank.xlsx", Cover=cover, Orders=[HEADER, *ROWS]))
    assert found.value("file.sheet") == "Orders"
    assert found.rows == len(ROWS)


def test_suggest_names_what_an_empty_workbook_lacks(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="has no data in its sheet 'Cover'"):
        suggest(write(tmp_path / "bank.xlsx", Cover=[]))


@pytest.mark.parametrize(
    ("mark", "said"),
    [(b"", "a spreadsheet in an unsupported format"), (None, "is encrypted. Save it without")],
)
def test_suggest_names_an_old_spreadsheet(tmp_path: Path, mark: bytes | None, said: str) -> None:
    path = tmp_path / "bank.xlsx"
    encrypted = "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600) + (encrypted if mark is None else mark))
    with pytest.raises(SampleError, match=said):
        suggest(path)


def test_suggest_refuses_a_workbook_without_records(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="no line that looks like a header"):
        suggest(write(tmp_path / "bank.xlsx", Notes=NOTES))


@pytest.mark.parametrize(
    ("bank", "answers"),
    [
        ("retail", {"currency": "EUR"}),
        ("current", {"currency": "GBP"}),
        (
            "shop",
            {
                "currency": "USD",
                "time_zone": "America/New_York",
                "columns.currency.rates": "CAD=0.73",
            },
        ),
    ],
)
def test_suggest_knows_the_demo_banks(bank: str, answers: dict[str, str], tmp_path: Path) -> None:
    """Names, formats, separators and directions are those of the contracts written by hand."""
    delivery, by_hand = write_bank(bank, tmp_path, customers=150, seed=3)
    keys = {question.key for question in suggest(delivery).questions}
    assert keys <= answers.keys()
    found = suggest(delivery, answers)
    assert found.is_complete
    (tmp_path / "proposed.toml").write_text(found.text, encoding="utf-8")
    proposed, right = load_contract(tmp_path / "proposed.toml"), load_contract(by_hand)
    assert proposed.layout == right.layout
    assert (proposed.currency, proposed.time_zone) == (right.currency, right.time_zone)
    assert set(proposed.columns) == set(right.columns)
    for ours, rule in right.columns.items():
        mine = proposed.columns[ours]
        assert (mine.name, mine.names) == (rule.name, rule.names)
        assert (mine.spending, mine.income, mine.rates) == (rule.spending, rule.income, rule.rates)
        assert mine.decimal_separator == rule.decimal_separator
        assert mine.format in (rule.format, rule.format.replace("dd/MM", "d/M"))


def test_suggest_goes_by_the_types_of_parquet(tmp_path: Path) -> None:
    moments = [datetime(2024, 1 + n % 12, 1 + n % 11, 9, 5, tzinfo=UTC) for n in range(40)]
    table = pa.table(
        {
            "id": [f"T{n}" for n in range(40)],
            "customer_id": list(range(1, 41)),
            "created_at": pa.array(moments, pa.timestamp("us", tz="UTC")),
            "dob": pa.array([one.date().replace(year=1980) for one in moments], pa.date32()),
            "amount": pa.array([n * 0.1 for n in range(40)], pa.float64()),
            "currency": ["EUR"] * 40,
            "tags": [["a"]] * 40,
        }
    )
    pq.write_table(table, tmp_path / "bank.parquet")
    found = suggest(tmp_path / "bank.parquet")
    assert [question.key for question in found.questions] == ["time_zone"]
    assert found.value("columns.transaction_date.format") == "yyyy-MM-dd HH:mm:ss"
    assert found.value("columns.birth_date.format") == "yyyy-MM-dd"
    assert found.value("currency") == "EUR"
