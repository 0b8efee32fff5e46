"""A bank that writes Dr and Cr beside amounts and balances, from a proposed contract to release."""

import random
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pytest

from bankseg_assets.contracts.delivery import load_contract
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.onboarding.suggest import suggest
from bankseg_assets_tests.batch.foreign import bundle_of, released, run_bank
from bankseg_assets_tests.running import Platform, run_platform

pytestmark = pytest.mark.slow

HEADER = "Txn Date,Customer ID,Age,Amount (INR),Balance"
CUSTOMERS, SAVERS, WITHOUT_WORD = 220, 12, 3


def rows() -> list[tuple[int, str, Decimal]]:
    """Customer, word and amount; the last twelve customers have income alone."""
    rng = random.Random(11)
    found = []
    for customer in range(CUSTOMERS):
        is_saver = customer >= CUSTOMERS - SAVERS
        for number in range(1 if is_saver else rng.choice((1, 2, 3, 6))):
            money = Decimal(int(rng.lognormvariate(11, 1))) / 100 + 1
            found.append((customer, "Cr" if is_saver or number == 5 else "Dr", money))
    return found


def line(number: int, customer: int, amount: str) -> str:
    day, age = f"{number % 28 + 1:02d}-{number % 6 + 3:02d}-2025", 20 + customer % 50
    balance = f"{customer * 91 % 7_000:,}.50 {'Dr' if customer % 10 == 0 else 'Cr'}"
    return f'{day},C{1000 + customer},{age},"{amount}","{balance}"'


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, spark_resource: SparkResource) -> Platform:
    folder = tmp_path_factory.mktemp("words")
    contract, file = folder / "contract.toml", folder / "2025.csv"
    lines = [line(n, c, f"{money:,.2f} {word}") for n, (c, word, money) in enumerate(rows())]
    file.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    proposed = suggest(file)
    assert proposed.is_complete, proposed.questions
    contract.write_text(proposed.text, encoding="utf-8")
    bad = [line(n, 0, "5.00") for n in range(WITHOUT_WORD)] + [line(9, 0, "-5.00 Dr")]
    file.write_text("\n".join([HEADER, *lines, *bad, ""]), encoding="utf-8")
    return run_bank(folder / "data", spark_resource, [file], contract=contract)


def test_words_give_spending_and_income(bank: Platform) -> None:
    assert released(bank)
    assert bundle_of(bank).direction_known
    reasons = sorted(bank.run.table("quarantined_transactions")["reason"].to_pylist())
    assert reasons == ["invalid_amount", *["invalid_direction"] * WITHOUT_WORD]
    customers = bank.run.table("customer_segments")
    assert customers.num_rows == CUSTOMERS - SAVERS
    spent = sum(money for _, word, money in rows() if word == "Dr")
    earned = sum(money for c, word, money in rows() if word == "Cr" and c < CUSTOMERS - SAVERS)
    assert pc.sum(customers["monetary"]).as_py() == spent
    assert pc.sum(customers["income"]).as_py() == earned
    assert bank.run.metadata["rfm_table"]["customers_with_income_alone"] == SAVERS


def test_a_changed_contract_cleans_earlier_deliveries_again(bank: Platform) -> None:
    contract: Path = bank.settings.contract
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace('spending = ["DR"]', 'spending = ["DR", ""]'), "utf-8")
    assert load_contract(contract).columns["amount"].spending == ("DR", "")
    assets = ["raw_transactions", "cleaned_transactions", "quarantined_transactions", "rfm_table"]
    run = run_platform(bank.resources, assets=assets)
    assert run.success, run.failures
    assert run.table("quarantined_transactions")["reason"].to_pylist() == ["invalid_amount"]
    assert run.table("cleaned_transactions").num_rows == len(rows()) + WITHOUT_WORD
    by_id = {row["customer_id"]: row for row in run.table("rfm_table").to_pylist()}
    spent = sum(money for c, word, money in rows() if word == "Dr" and c == 0)
    assert by_id["C1000"]["monetary"] == spent + 5 * WITHOUT_WORD
