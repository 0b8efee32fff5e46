"""What `suggest` proposes and asks, for files of many banks."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankseg_assets.contracts.delivery import ContractError, load_contract
from bankseg_assets.onboarding.draft import AnswerError
from bankseg_assets.onboarding.sample import SampleError
from bankseg_assets.onboarding.suggest import suggest
from bankseg_assets_tests.onboarding.evaluate import answers_of, score, suggest_bank
from bankseg_assets_tests.onboarding.made_up import BANKS, Bank, ambiguous_days, german, table

IDS = [bank.name.replace(" ", "_") for bank in BANKS]
CASES = Path(__file__).parents[3] / "shared" / "data" / "cases"


@pytest.mark.slow
@pytest.mark.parametrize("bank", BANKS, ids=IDS)
def test_suggest_asks_what_is_open_and_is_never_wrong(bank: Bank, tmp_path: Path) -> None:
    found = score(suggest_bank(bank, tmp_path), bank.right)
    assert found.wrong == ()
    assert set(found.asked) == bank.asked


@pytest.mark.slow
@pytest.mark.parametrize("bank", BANKS, ids=IDS)
def test_suggest_with_answers_is_a_whole_contract(bank: Bank, tmp_path: Path) -> None:
    contract = tmp_path / "contract.toml"
    answers: dict[str, str] = {}
    found = suggest_bank(bank, tmp_path)
    if not found.is_complete:
        contract.write_text(found.text, encoding="utf-8")
        with pytest.raises(ContractError, match=re.escape(f"{found.questions[0].key} is '?'")):
            load_contract(contract)
    for _ in range(4):  # some questions follow from an answer
        answers |= answers_of(bank, {question.key for question in found.questions})
        found = suggest_bank(bank, tmp_path, answers)
    assert found.is_complete
    assert score(found, bank.right).wrong == ()
    contract.write_text(found.text, encoding="utf-8")
    load_contract(contract)


@pytest.mark.parametrize("bank", BANKS, ids=IDS)
def test_suggest_shows_no_value_of_a_customer(bank: Bank, tmp_path: Path) -> None:
    """Settings hold codes and words of few kinds; what could be a person's is masked."""
    found = suggest_bank(bank, tmp_path)
    digits = set(re.findall(r"\d{4,}", found.text)) - {"1252", "4217"}  # cp1252, ISO 4217
    assert not {text for text in digits if text.strip("9")}


def test_suggest_reads_the_header_below_a_preamble(tmp_path: Path) -> None:
    found = suggest_bank(german(), tmp_path)
    assert "header_line = 4  # names 7 of its 7 columns" in found.text


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.dates(datetime(2001, 1, 1).date(), datetime(2025, 12, 31).date()), min_size=3),
    st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%y"]),
)
def test_suggest_never_reads_a_day_wrongly(tmp_path: Path, days: list, form: str) -> None:  # type: ignore[type-arg]
    content = table(
        "TransactionID;CustomerID;Date;Amount EUR",
        lambda n: (f"T{n}", f"C{n % 3}", days[n].strftime(form), "1,50"),
        ";",
        rows=len(days),
    )
    path = tmp_path / "days.csv"
    path.write_bytes(content)
    found = suggest(path)
    right = {"%d/%m/%Y": "d/M/yyyy", "%m/%d/%Y": "M/d/yyyy", "%d.%m.%Y": "d.M.yyyy"}
    said = found.value("columns.transaction_date.format")
    assert said in ("?", right.get(form, "d-M-yy"))
    if said == "?":
        question = next(q for q in found.questions if q.key.endswith("format"))
        assert right.get(form, "d-M-yy") in question.options


def test_suggest_doubts_an_order_that_few_rows_decide(tmp_path: Path) -> None:
    """One typing error among 300 days of the first twelve is not evidence."""
    days = [datetime(2024, 1 + n % 12, 1 + n % 11) for n in range(300)]
    texts = [f"{day:%m/%d/%Y}" for day in days] + ["13/01/2024"]
    content = table(
        "TransactionID,CustomerID,Date,Amount (USD)",
        lambda n: (f"T{n}", f"C{n % 9}", texts[n], "1.50"),
        rows=len(texts),
    )
    (tmp_path / "slip.csv").write_bytes(content)
    found = suggest(tmp_path / "slip.csv")
    assert [question.key for question in found.questions] == ["columns.transaction_date.format"]
    assert "may be errors" in found.questions[0].why


def test_suggest_leaves_out_no_record_as_a_footer(tmp_path: Path) -> None:
    """A customer's name may begin as a line of totals does."""
    content = table(
        "Customer,TransactionID,Date,Amount (USD)",
        lambda n: ("Total Gas" if n % 5 == 0 else f"C{n % 9}", f"T{n}", "2024-03-13", "1.50"),
        below="Total,,,90.00\n",
    )
    (tmp_path / "totals.csv").write_bytes(content)
    found = suggest(tmp_path / "totals.csv")
    assert found.value("file.footer_starts_with") is None
    assert "1 sampled row does not have the header's fields" in found.text


def test_suggest_asks_whether_the_end_is_a_footer(tmp_path: Path) -> None:
    content = table(
        "Customer,TransactionID,Date,Amount (USD)",
        lambda n: (f"C{n % 9}", f"T{n}", "2024-03-13", "1.50"),
        below="Checked by,J. D.\n",
    )
    (tmp_path / "end.csv").write_bytes(content)
    assert [q.key for q in suggest(tmp_path / "end.csv").questions] == ["file.footer_lines"]
    found = suggest(tmp_path / "end.csv", {"file.footer_lines": "1"})
    assert (found.is_complete, found.value("file.footer_lines")) == (True, 1)


def test_suggest_refuses_an_answer_to_no_question(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match=r"no setting columns\.gander\.name to answer"):
        suggest_bank(ambiguous_days(), tmp_path, {"columns.gander.name": "Sex"})


def test_suggest_refuses_an_answer_that_is_not_possible(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match='expected "d/M/yyyy" or "M/d/yyyy"'):
        suggest_bank(ambiguous_days(), tmp_path, {"columns.transaction_date.format": "yyyy-MM-dd"})


def test_suggest_names_a_column_that_was_answered(tmp_path: Path) -> None:
    """An answer may also replace what was proposed."""
    found = suggest_bank(ambiguous_days(), tmp_path, {"columns.customer_id.name": "TransactionID"})
    assert found.value("columns.customer_id.name") == "TransactionID"
    assert found.value("columns.transaction_id.name") != "TransactionID"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"1,2016-01-01,5.00\n2,2016-01-02,6.00\n", "no line that looks like a header"),
        (b"TransactionID,CustomerID,Date,Amount\n", "has a header but no record"),
        (b"\x1f\x8b\x08\x00cut", "is damaged"),
    ],
)
def test_suggest_says_why_a_file_has_no_contract(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "bank.csv"
    path.write_bytes(content)
    with pytest.raises(SampleError, match=said):
        suggest(path)


@pytest.mark.slow
def test_suggest_samples_the_end_of_a_long_file(tmp_path: Path) -> None:
    """The first megabytes are ASCII and have no footer; the end has an umlaut and totals."""
    rows = 170_000
    content = table(
        "TransactionID;CustomerID;Date;Ort;Betrag EUR",
        lambda n: (
            f"T{n}",
            f"C{n % 999}",
            f"{datetime(2024, 1, 1) + timedelta(minutes=n):%d.%m.%Y}",
            "Köln" if n == rows - 1 else "Bonn",
            "1,50",
        ),
        ";",
        rows=rows,
        encoding="cp1252",
        below="Summe;;;;225.000,00\n",
    )
    assert len(content) > 5 << 20
    (tmp_path / "long.csv").write_bytes(content)
    found = suggest(tmp_path / "long.csv")
    assert found.value("file.encoding") == "cp1252"
    assert found.value("file.footer_starts_with") == ["Summe"]
    assert found.is_complete


@pytest.mark.real_data
@pytest.mark.skipif(not CASES.exists(), reason="needs ../shared/data/cases")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("12-sep-line/c12.csv", {"file.delimiter": ","}),
        ("13-preamble/c13.csv", {"file.header_line": 5}),
        ("22-month-names/c22.csv", {"columns.transaction_date.format": "d-MMM-yyyy"}),
        ("28-crdr/c28.csv", {"columns.debit.name": "Debit", "columns.credit.name": "Credit"}),
        ("29-newline-header/c29.csv", {"columns.amount.name": "TransactionAmount (INR)"}),
        ("40-overdraft/umsatz.csv", {"columns.balance.decimal_separator": ","}),
        ("64-excel-hours/c64.csv", {"columns.transaction_date.format": "d/M/yyyy H:mm"}),
        ("20-parquet-double-noise/c20.parquet", {"columns.amount.name": "TransactionAmount (INR)"}),
    ],
)
def test_suggest_reads_the_cases(name: str, expected: dict[str, object]) -> None:
    found = suggest(CASES / name)
    assert {key: found.value(key) for key in expected} == expected
    assert {question.key for question in found.questions} <= {"currency"}


def test_suggest_takes_no_line_of_commas_for_the_header(tmp_path: Path) -> None:
    """Split by the colon, `Total:,,,` has two fields, and is repeated below itself."""
    path = tmp_path / "bank.csv"
    path.write_text(
        "Ort,Betrag,Buchungs-Nr,Datum,Kunde\n"
        '"Bad\nEms","0,50",T1,14.03.2020,C0\nTotal:,,,\nTotal:,,,\n',
        encoding="utf-8",
    )
    found = suggest(path)
    assert (found.rows, found.value("file.delimiter")) == (1, ",")
    assert found.value("file.footer_starts_with") == ["Total"]


def words_file(folder: Path, amounts: list[str], balances: list[str]) -> Path:
    """Write a file of transactions with these amounts and balances, over and over."""
    lines = ["Txn ID,Customer ID,Date,Amount (INR),Balance"]
    for number in range(60):
        amount, balance = amounts[number % len(amounts)], balances[number % len(balances)]
        day = f"2016-08-{number % 28 + 1:02d}"
        lines.append(f'T{number},C{number % 20},{day},"{amount}","{balance}"')
    path = folder / "bank.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_suggest_reads_words_beside_amounts(tmp_path: Path) -> None:
    path = words_file(tmp_path, ["1,234.50 Cr", "500.00Dr"], ["2,000.00 Dr", "9.00 Cr", "0.00"])
    found = suggest(path)
    assert found.value("columns.amount.spending") == ["DR"]
    assert found.value("columns.amount.income") == ["CR"]
    assert found.value("columns.balance.negative_words") == ["DR"]
    assert found.value("columns.balance.positive_words") == ["CR"]
    assert found.is_complete, found.questions


def test_suggest_asks_what_no_word_beside_an_amount_means(tmp_path: Path) -> None:
    path = words_file(tmp_path, ["500.00 CR", "20.50"], ["5.00 Dr", "7.00"])
    asked = {one.key for one in suggest(path).questions}
    sides = {"columns.amount.spending", "columns.amount.income"}
    words = {"columns.balance.negative_words", "columns.balance.positive_words"}
    assert asked == sides | words
    answers = {
        "columns.amount.spending": "empty",
        "columns.amount.income": "CR",
        "columns.balance.negative_words": "DR",
        "columns.balance.positive_words": "empty",
    }
    found = suggest(path, answers)
    assert found.is_complete, found.questions
    assert found.value("columns.amount.spending") == [""]
    (tmp_path / "contract.toml").write_text(found.text, encoding="utf-8")
    rules = load_contract(tmp_path / "contract.toml").columns
    assert (rules["amount"].spending, rules["amount"].income) == (("",), ("CR",))
    assert rules["balance"].negative_words == ("DR",)


def test_suggest_asks_which_letter_is_spending(tmp_path: Path) -> None:
    """C may be cargo or credit: only the pair with D shows which."""
    path = words_file(tmp_path, ["500.00 C", "20.50 A"], ["5.00"])
    asked = {one.key for one in suggest(path).questions}
    assert {"columns.amount.spending", "columns.amount.income"} <= asked
    path = words_file(tmp_path, ["500,00 S", "20,50 H"], ["5,00"])
    assert suggest(path).value("columns.amount.income") == ["H"]


def test_suggest_reads_a_sign_that_agrees_with_the_word(tmp_path: Path) -> None:
    found = suggest(words_file(tmp_path, ["-500.00 Dr", "20.50 Cr"], ["5.00"]))
    assert found.value("columns.amount.negative") == "spending"
    assert found.value("columns.amount.spending") == ["DR"]
    found = suggest(words_file(tmp_path, ["-500.00 Dr", "20.50 Dr", "7 Cr"], ["5.00"]))
    assert found.value("columns.amount.negative") is None
    assert "20 have a sign, too" in found.text


def test_suggest_finds_ages_of_a_float_column(tmp_path: Path) -> None:
    lines = [f"2016-08-{n % 28 + 1:02d},C{n % 9},{20 + n % 60}.0,{n}.50" for n in range(60)]
    path = tmp_path / "bank.csv"
    path.write_text("\n".join(["Date,Customer ID,Age,Amount EUR", *lines, ""]), encoding="utf-8")
    assert suggest(path).value("columns.age.name") == "Age"


def test_suggest_reads_values_below_an_empty_name(tmp_path: Path) -> None:
    """As the landing parser does; without them, no row has the header's fields."""
    path = tmp_path / "bank.csv"
    rows = "".join(f"T{n:03d};C{n % 7};{n + 10}.03.2024;{n},50;booked\n" for n in range(9))
    path.write_text(f"Transaktions-ID;Kundennummer;Buchungsdatum;Betrag;\n{rows}", encoding="utf-8")
    found = suggest(path)
    assert (found.rows, found.value("columns.amount.name")) == (9, "Betrag")
