"""After withdrawal of a file, the next batch equals one without it."""

from pathlib import Path

import pyarrow as pa
import pytest

from bankseg_assets.defs.build import resources
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.landing.archive import sha256_of
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.batch.test_incremental import TABLES, Bank, lines, other_amount
from bankseg_assets_tests.running import run_platform

pytestmark = pytest.mark.slow

__all__ = ["lines"]


def made(bank: Bank) -> dict[str, pa.Table]:
    """Clean the landed files, compute the customers, and return the tables."""
    bank.clean()
    platform = resources(bank.settings, spark=bank.spark)
    run = run_platform(platform, assets=["rfm_table"])
    assert run.failures == {}
    return {name: bank.table(name) for name in TABLES} | {
        "rfm_table": run.table("rfm_table").sort_by("customer_id")
    }


@pytest.fixture
def banks(tmp_path: Path, spark_resource: SparkResource) -> tuple[Bank, Bank]:
    """A platform and a second one to compare with."""
    one, other = (Bank(Settings(data_dir=tmp_path / name), spark_resource) for name in "ab")
    return one, other


def test_withdrawn_file_leaves_no_trace(banks: tuple[Bank, Bank], lines: list[str]) -> None:
    """It contradicted, repeated and corrected rows of another file; its copy is still in
    landing."""
    bank, never = banks
    first = [*lines[:300], "DT1,too,few\n"]
    for one in banks:
        one.land("first.csv", *first)
    bank.clean()
    contradicting = [other_amount(line) for line in lines[10:200]]
    bank.land("corrections.csv", *contradicting, *lines[250:400], "DT2,too,few\n")
    with_it = made(bank)
    path = bank.settings.landing_dir / "corrections.csv"
    ledger = Ledger(bank.settings.ledger_path)
    ledger.withdraw(sha256_of(path), "Wrong month.")
    without_it, expected = made(bank), made(never)
    assert path.exists()
    for name, table in expected.items():
        assert without_it[name].equals(table), name
        assert not with_it[name].equals(table), name
    ledger.undo_withdrawal(sha256_of(path))
    again = made(bank)
    for name, table in with_it.items():
        assert again[name].equals(table), name
