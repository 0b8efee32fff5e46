"""Small inputs of kinds that banks reported, from file to release."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT
from bankseg_assets_tests.batch.foreign import bundle_of, released, run_bank
from bankseg_assets_tests.running import Platform

CASES = Path(__file__).parents[3] / "shared" / "data" / "cases"
SECOND_CONTRACT = DEFAULT_CONTRACT.parent / "docs" / "contracts" / "differently_shaped_bank.toml"

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@pytest.fixture
def run_case(tmp_path: Path, spark_resource: SparkResource) -> Callable[..., Platform]:
    """Run a case by the prefix of its name; skip if the cases are absent."""
    if not CASES.exists():
        pytest.skip(f"the cases are not here ({CASES})")

    def run(name: str, contract: Path | None = None) -> Platform:
        (folder,) = CASES.glob(f"{name}-*")
        own = folder / "contract.toml"
        return run_bank(
            tmp_path / "data",
            spark_resource,
            sorted(folder.glob("*.csv")),
            contract=contract or (own if own.exists() else DEFAULT_CONTRACT),
            holdings=sorted(folder.glob("holdings/*.csv")),
        )

    return run


def test_overdrafts_are_released(run_case: Callable[..., Platform]) -> None:
    """40: the shipped second contract allows them, and one stopped the batch."""
    bank = run_case("40", contract=SECOND_CONTRACT)
    assert released(bank)
    customers = bank.run.table("customer_segments")
    assert min(filter(None, customers["average_balance"].to_pylist())) < 0


@pytest.mark.parametrize("case", ["41", "43"])
def test_missing_data_properties_are_warnings(run_case: Callable[..., Platform], case: str) -> None:
    """41, no balances; 43, one transaction a customer: neither had a model."""
    assert bundle_of(run_case(case)).warnings


def test_holders_written_as_decimals_are_customers(run_case: Callable[..., Platform]) -> None:
    """63: holders are `1000.0`, customers `1000`: all got fallback offers, and no check failed.

    Read as the same customer they match; `test_product_checks` has holders who are not customers.
    """
    bank = run_case("63")
    held, offered = (
        {(row["customer_id"], row["product"]) for row in bank.run.table(asset).to_pylist()}
        for asset in ("product_holdings", "product_recommendations")
    )
    customers = set(bank.run.table("rfm_table")["customer_id"].to_pylist())
    holders = {customer for customer, _ in held}
    assert 2 * len(holders & customers) > len(holders)
    assert bank.run.checks["holdings_are_of_the_customers"].passed
    assert offered
    assert not held & offered


def test_small_segment_is_released_or_avoided(run_case: Callable[..., Platform]) -> None:
    """69: eight of 181 customers were "0.00 % of the customers", and nothing was released."""
    bank = run_case("69")
    assert released(bank)
    for check in bank.run.checks.values():
        assert "0.00%" not in (check.description or "")
        assert "0.00 %" not in (check.description or "")
