"""A bank without IDs delivers XLSX and CSV; then its contract changes how they are read."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bankseg_assets.defs.build import resources
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.landing.xlsx_files import write_xlsx
from bankseg_assets_tests.running import Run, run_platform

pytestmark = pytest.mark.slow

CONTRACT = """
currency = "EUR"
number_format = "plain"
customer_key = "customer_id"
[file]
delimiter = ";"
encoding = "utf-8"
[columns.customer_id]
name = "Customer"
[columns.transaction_date]
names = ["Day", "Month", "Year"]
joined_by = "."
format = "d.M.yyyy"
[columns.amount]
name = "Amount"
decimal_separator = ","
"""
FILTER = """
[[row_filters]]
column = "Status"
keep = ["posted"]
"""
HEADER = ["Customer", "Day", "Month", "Year", "Amount", "Status"]


def rows(day: int) -> list[list[Any]]:
    """Return five transactions: two identical, and one that is not posted."""
    same = [17850, day, 8, 2016, 4.5, "posted"]
    others = [17851, day, 8, 2016, 4.5, "Posted "], [17850, day, 8, 2016, 12, "declined"]
    return [same, *others, same, [17852, day, 8, 2016, 1000, "posted"]]


def run(settings: Settings, spark: SparkResource) -> Run:
    found = run_platform(resources(settings, spark=spark), job="ingestion")
    assert found.failures == {}
    assert all(check.passed for check in found.checks.values())
    return found


def amounts(settings: Settings) -> Counter[str]:
    version = VersionStore(settings.published_dir).latest("cleaned_transactions")
    table = pq.read_table(version)
    ids = table["transaction_id"].to_pylist()
    assert len(set(ids)) == len(ids)
    return Counter(map(str, table["amount"].to_pylist()))


def test_filter_is_added_to_accepted_files(tmp_path: Path, spark_resource: SparkResource) -> None:
    contract = tmp_path / "contract.toml"
    contract.write_text(CONTRACT, "utf-8")
    settings = replace(Settings(data_dir=tmp_path / "data"), contract=contract)
    landing = settings.landing_dir
    landing.mkdir(parents=True)
    write_xlsx(landing / "monday.xlsx", {"July": [HEADER, *rows(1)]})
    # Monday again, as text, in another order, with a day that is new.
    lines = [[str(cell).replace(".", ",") for cell in row] for row in [*rows(2), *rows(1)[::-1]]]
    text = "".join(";".join(line) + "\n" for line in [HEADER, *lines])
    (landing / "tuesday.csv").write_text(text, "utf-8")
    for name in ("monday.xlsx", "tuesday.csv"):
        (landing / f"{name}.done").touch()
    metadata = run(settings, spark_resource).metadata["cleaned_transactions"]
    assert (metadata["rows_in"], metadata["rows_duplicate"]) == (15, 5)
    assert amounts(settings) == {"4.50": 6, "12.00": 2, "1000.00": 2}

    contract.write_text(CONTRACT + FILTER, "utf-8")
    metadata = run(settings, spark_resource).metadata["cleaned_transactions"]
    assert (metadata["rows_in"], metadata["rows_duplicate"]) == (12, 4)
    assert amounts(settings) == {"4.50": 6, "1000.00": 2}
    deliveries = Ledger(settings.ledger_path).deliveries()
    assert {one.file_name: one.records for one in deliveries} == {
        "monday.xlsx": 4,
        "tuesday.csv": 8,
    }
