"""A bank whose files name directions, dinars and ages, from file to release."""

import random
from collections.abc import Iterator
from decimal import Decimal

import pyarrow.compute as pc
import pytest

from bankseg_assets.defs.resources import SparkResource
from bankseg_assets_tests.batch.foreign import released, run_bank
from bankseg_assets_tests.running import Platform, run_platform

pytestmark = pytest.mark.slow

CONTRACT = """
currency = "KWD"
number_format = "plain"
customer_key = "customer_id"

[file]
delimiter = ","
encoding = "utf-8"

[columns.transaction_id]
name = "Ref"

[columns.customer_id]
name = "Client"

[columns.transaction_date]
name = "Date"
format = "yyyy-MM-dd"

[columns.balance]
name = "Balance"

[columns.debit]
name = "Debit"
minimum = 0.001

[columns.credit]
name = "Credit"
minimum = 0.001

[columns.age]
name = "Age"
nullable = true
"""
HEADER = "Ref,Client,Date,Balance,Debit,Credit,Age"
CUSTOMERS, SAVERS = 240, 15


def rows() -> Iterator[tuple[int, bool, Decimal]]:
    """Customer, whether it is income, amount; the last fifteen customers have income only."""
    rng = random.Random(7)
    for customer in range(CUSTOMERS):
        for _ in range(rng.choice((1, 1, 2, 5))):
            if customer < CUSTOMERS - SAVERS:
                yield customer, False, Decimal(int(rng.lognormvariate(9, 1))) / 1000 + 1
        if customer % 3 == 0 or customer >= CUSTOMERS - SAVERS:
            yield customer, True, Decimal(700_001 + customer) / 1000


def lines(spend: str = "0.000") -> list[str]:
    found = []
    for number, (customer, is_income, amount) in enumerate(rows()):
        day = f"2025-{number % 9 + 1:02d}-{number % 28 + 1:02d}"
        debit, credit = (spend, amount) if is_income else (amount, "")
        age = 20 + customer % 50
        found.append(f"T{number},C{1000 + customer},{day},{customer}.125,{debit},{credit},{age}")
    return found


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, spark_resource: SparkResource) -> Platform:
    folder = tmp_path_factory.mktemp("dinars")
    contract, file = folder / "contract.toml", folder / "2025.csv"
    contract.write_text(CONTRACT, encoding="utf-8")
    bad = ["B1,C1000,2025-01-01,1.000,5.0005,,30", "B2,C1000,2025-01-01,1.000,5,5,30"]
    file.write_text("\n".join([HEADER, *lines(), *bad, ""]), encoding="utf-8")
    return run_bank(folder / "data", spark_resource, [file], contract=contract)


def test_bank_with_directions_is_released(bank: Platform) -> None:
    assert released(bank)
    reasons = bank.run.table("quarantined_transactions")["reason"].to_pylist()
    assert sorted(reasons) == ["debit_and_credit", "debit_with_too_many_decimals"]


def test_money_is_exact_in_dinars(bank: Platform) -> None:
    customers = bank.run.table("customer_segments")
    assert customers.num_rows == CUSTOMERS - SAVERS
    assert str(customers.schema.field("monetary").type) == "decimal128(18, 3)"
    spent = sum(amount for _, is_income, amount in rows() if not is_income)
    earned = sum(amount for c, is_income, amount in rows() if is_income and c < CUSTOMERS - SAVERS)
    assert pc.sum(customers["monetary"]).as_py() == spent
    assert pc.sum(customers["income"]).as_py() == earned
    assert pc.min(customers["age"]).as_py() >= 20
    grid = bank.run.table("rfm_grid")["monetary"].to_pylist()
    assert {money.as_tuple().exponent for money in grid if money is not None} == {-4}


def test_customers_with_income_alone_are_reported(bank: Platform) -> None:
    assert bank.run.metadata["rfm_table"]["customers_with_income_alone"] == SAVERS
    check = bank.run.checks["transactions_have_a_customer"]
    assert check.passed, check.description


def test_later_delivery_keeps_ages_and_dinars(bank: Platform) -> None:
    """All customers but one are carried over, and one with income only starts to spend."""
    landing = bank.settings.landing_dir
    more = landing / "later.csv"
    saver = 1000 + CUSTOMERS - 1
    more.write_text(f"{HEADER}\nN1,C{saver},2025-10-02,1.000,1.005,0,\n", encoding="utf-8")
    more.with_name("later.csv.done").touch()
    before = {row["customer_id"]: row for row in bank.run.table("rfm_table").to_pylist()}
    assets = ["raw_transactions", "cleaned_transactions", "quarantined_transactions", "rfm_table"]
    run = run_platform(bank.resources, assets=assets)
    assert run.success, run.failures
    assert run.metadata["rfm_table"]["customers_recomputed"] == 1
    after = {row["customer_id"]: row for row in run.table("rfm_table").to_pylist()}
    assert set(after) - set(before) == {f"C{saver}"}
    assert {name: after[name]["age"] for name in before} == {
        name: row["age"] for name, row in before.items()
    }
    new = after[f"C{saver}"]
    assert (new["monetary"], new["income"]) == (Decimal("1.005"), Decimal("700.240"))
    assert new["age"] == 20 + (CUSTOMERS - 1) % 50
