"""Three other kinds of banks, from a file to a release and its answers."""

import re
from decimal import Decimal

import numpy as np
import pytest

from bankseg_assets.defs.resources import SparkResource
from bankseg_assets_tests.batch.foreign import answers_for_all, bundle_of, released, run_bank
from bankseg_assets_tests.ops.api.serving import serving
from bankseg_assets_tests.running import Platform
from ops.demo.banks import BANKS, CANADIAN_DOLLAR, Columns, write_bank

pytestmark = pytest.mark.slow

AGREES = 0.8  # share of the bank's own customers who are scored with their segment
NONSENSE = re.compile(r"\bnan\b|\bNone\b|[A-Z]{3} -|(?<![\d,.])1 days|\b0% of")


DIRECTION_KNOWN = {"retail_bank.toml": True, "current_accounts.toml": True, "shop.toml": False}


@pytest.fixture(scope="module", params=BANKS)
def bank(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    spark_resource: SparkResource,
) -> Platform:
    """A bank on a platform of its own, after one run."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    delivery, contract = write_bank(name, folder, customers=BANKS[name].customers, seed=7)
    return run_bank(folder / "data", spark_resource, [delivery], contract=contract)


def test_bank_of_another_shape_is_released(bank: Platform) -> None:
    assert bank.run.failures == {}
    assert released(bank).versions["customer_segments"]
    quarantined = bank.run.table("quarantined_transactions").num_rows
    assert quarantined == 0


def test_every_customer_of_another_bank_is_in_segment(bank: Platform) -> None:
    customers = bank.run.table("customer_segments")
    assert customers.num_rows == bank.run.table("rfm_table").num_rows
    names = [segment.name for segment in bundle_of(bank).segments]
    assert len(set(names)) == len(names)
    assert set(customers["segment_name"].to_pylist()) <= set(names)


def test_texts_on_another_banks_segments_are_sound(bank: Platform) -> None:
    said = [row["sentence"] for row in bank.run.table("segment_profiles").to_pylist()]
    said += [row["reason"] for row in bank.run.table("recommended_actions").to_pylist()]
    assert [text for text in said if NONSENSE.search(text)] == []


def test_another_bank_keeps_most_customers(bank: Platform) -> None:
    """With interest for all on the last day, all were "Lost" or "At risk"."""
    groups = bank.run.table("rfm_table")["rfm_group"].to_pylist()
    assert sum(group in ("Lost", "At risk") for group in groups) < len(groups) / 2


def test_another_banks_customers_are_scored(bank: Platform) -> None:
    found, segments = answers_for_all(bank)
    assert np.isfinite(found.probabilities).all()
    numbers = np.array([segment.segment for segment in bundle_of(bank).segments])
    assert (numbers[found.places] == segments).mean() >= AGREES


def test_api_scores_another_banks_customers(bank: Platform) -> None:
    bundle = bundle_of(bank)
    customer = {field.measure: field.default for field in bundle.inputs}
    with serving(bank.settings.data_dir) as client:
        answer = client.post("/score", customer)
    assert answer.status == 200
    assert answer.json["name"] in [segment.name for segment in bundle.segments]
    assert sum(answer.json["probabilities"].values()) == pytest.approx(1, abs=1e-4)


def test_bank_with_direction_has_separate_income(bank: Platform) -> None:
    is_known = DIRECTION_KNOWN[bank.settings.contract.name]
    assert bundle_of(bank).direction_known == is_known
    incomes = bank.run.table("customer_segments")["income"]
    assert incomes.null_count == (0 if is_known else len(incomes))
    sentences = " ".join(row["sentence"] for row in bank.run.table("segment_profiles").to_pylist())
    assert ("of the spending" in sentences) == is_known
    assert ("of income" in sentences or "income of about" in sentences) == is_known


def test_salaries_are_not_spending(bank: Platform) -> None:
    """Counted as spending, they were most of the money of the retail bank."""
    cleaned, rfm = (bank.run.table(name) for name in ("cleaned_transactions", "rfm_table"))
    sums: dict[str | None, Decimal] = {}
    for amount, direction in zip(
        *(cleaned[n].to_pylist() for n in ("amount", "direction")), strict=True
    ):
        sums[direction] = sums.get(direction, Decimal(0)) + amount
    is_known = DIRECTION_KNOWN[bank.settings.contract.name]
    assert set(sums) == ({"spending", "income"} if is_known else {None})
    assert sum(rfm["monetary"].to_pylist()) == sums["spending" if is_known else None]
    if is_known:
        # Customers with income only are in no row.
        assert 0 < sum(rfm["income"].to_pylist()) <= sums["income"]


def test_another_banks_rows_are_kept_once(bank: Platform) -> None:
    """Including identical rows of a bank without IDs; cancelled orders are filtered out."""
    delivered = delivered_by(bank)
    cleaned = bank.run.table("cleaned_transactions")
    statuses = delivered.get("Status", [""] * len(next(iter(delivered.values()))))
    assert cleaned.num_rows == sum(status != "Cancelled" for status in statuses)
    assert len(set(cleaned["transaction_id"].to_pylist())) == cleaned.num_rows
    assert bank.run.table("quarantined_transactions").num_rows == 0


def test_amounts_of_shop_are_products_in_one_currency(bank: Platform) -> None:
    if bank.settings.contract.name != "shop.toml":
        pytest.skip("of the shop alone")
    rows = zip(*delivered_by(bank).values(), strict=True)
    expected = sum(
        int(quantity) * float(price) * (CANADIAN_DOLLAR if currency == "CAD" else 1)
        for *_, status, quantity, price, currency in rows
        if status != "Cancelled"
    )
    monetary = sum(bank.run.table("rfm_table")["monetary"].to_pylist())
    assert float(monetary) == pytest.approx(expected, rel=1e-6)


def delivered_by(bank: Platform) -> Columns:
    """Return the delivered rows of the bank."""
    contract = bank.settings.contract.name
    (one,) = [one for one in BANKS.values() if one.contract == contract]
    return one.columns(one.customers, np.random.default_rng(7))
