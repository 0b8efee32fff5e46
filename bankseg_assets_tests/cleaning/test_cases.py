"""Small files from public bug reports are cleaned as people would read them."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.deduplication import verdicts
from bankseg_assets.cleaning.validation import keep, validate
from bankseg_assets.contracts.delivery import DeliveryContract, load_contract
from bankseg_assets.contracts.file_layout import FileLayout
from bankseg_assets.contracts.tables import RAW_TRANSACTIONS
from bankseg_assets.landing.parse import parse_delivery
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT
from bankseg_assets_tests.cleaning.repeated_ids import repeated_ids

pytestmark = pytest.mark.slow

CASES = Path(__file__).parents[3] / "shared" / "data" / "cases"
KINDS = (".csv", ".parquet")
OTHER_BANK = DEFAULT_CONTRACT.parent / "docs" / "contracts" / "differently_shaped_bank.toml"


def delivered(
    spark: SparkSession, folder: Path, case: str, contract: DeliveryContract
) -> DataFrame:
    """Return the raw rows of all files of a case; skips where the cases are absent."""
    if not CASES.exists():
        pytest.skip(f"the small cases are not here ({CASES})")
    outputs = []
    originals = [path for path in sorted((CASES / case).iterdir()) if path.suffix in KINDS]
    for number, original in enumerate(originals):
        output = folder / str(number) / "records.parquet"
        output.parent.mkdir()
        name, sha256 = original.name, f"{number:012x}".ljust(64, "0")
        parse_delivery(original, contract, file_name=name, sha256=sha256, output=output)
        outputs.append(str(output))
    return spark.read.schema(RAW_TRANSACTIONS.ddl).parquet(*outputs)


def validated(
    spark: SparkSession, folder: Path, case: str, contract: DeliveryContract
) -> DataFrame:
    """Return the validated rows of all files of a case."""
    raw = delivered(spark, folder, case, contract)
    return validate(raw, contract, not_after=F.lit(date(2021, 1, 1)))


@pytest.mark.parametrize(
    ("case", "layout"),
    [
        ("01-four-decimals", FileLayout()),
        ("02-leading-dot", FileLayout()),
        ("05-trailing-tab", FileLayout()),
        ("06-row-trailing-comma", FileLayout()),
        ("09-parquet-decimal-28-6", FileLayout()),
        ("12-sep-line", FileLayout()),
        ("13-preamble", FileLayout(header_line=5)),
        ("20-parquet-double-noise", FileLayout()),
        ("29-newline-header", FileLayout()),
        ("31-nbsp", FileLayout()),
    ],
)
def test_validate_accepts_every_row_of_a_case(
    spark: SparkSession, tmp_path: Path, case: str, layout: FileLayout
) -> None:
    rows = validated(spark, tmp_path, case, DeliveryContract(layout=layout))
    assert rows.where("reason IS NOT NULL").select("reason", "raw_text").collect() == []
    assert rows.count() > 0


def test_validate_rounds_the_doubles_of_a_case(spark: SparkSession, tmp_path: Path) -> None:
    """20: amounts were multiplied by a rate, so that most have a third decimal, or noise."""
    rows = validated(spark, tmp_path, "20-parquet-double-noise", DeliveryContract())
    amounts = {row["transaction_id"]: row["amount"] for row in rows.collect()}
    assert [str(amounts[f"PN{number}"]) for number in (1, 2, 5)] == [
        "2443.20",
        "10657.45",
        "864.49",
    ]


def test_validate_sees_185_customers_behind_invisible_characters(
    spark: SparkSession, tmp_path: Path
) -> None:
    """They were 318: an ID with a tab or a zero-width space was another customer."""
    rows = validated(spark, tmp_path, "61-invisible", DeliveryContract()).cache()
    assert rows.where("reason IS NOT NULL").isEmpty()
    assert rows.where("reason IS NULL").select("customer_id").distinct().count() == 185


def test_validate_accepts_overdrafts_of_the_other_bank(spark: SparkSession, tmp_path: Path) -> None:
    rows = validated(spark, tmp_path, "40-overdraft", load_contract(OTHER_BANK))
    assert rows.where("reason IS NOT NULL").isEmpty()
    assert not rows.where("balance < 0").isEmpty()


def rule_changed(**changes: Any) -> DeliveryContract:
    """Return the default contract with another rule for the transaction's date."""
    contract = DeliveryContract()
    rule = replace(contract.columns["transaction_date"], **changes)
    return replace(contract, columns={**contract.columns, "transaction_date": rule})


def test_validate_reads_month_names_of_a_case(spark: SparkSession, tmp_path: Path) -> None:
    for number, formats in enumerate((("dd-MMM-yyyy",), ("d/M/yy", "d-MMM-yyyy"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        contract = rule_changed(format="", formats=formats)
        rows = validated(spark, folder, "22-month-names", contract)
        assert rows.where("reason IS NOT NULL").isEmpty()
        days = [row["day"] for row in rows.selectExpr("date(transaction_at) AS day").collect()]
        assert sorted(days) == [date(2016, 8, day) for day in range(1, 21)]


def test_validate_reads_hours_without_a_zero_of_a_case(spark: SparkSession, tmp_path: Path) -> None:
    """40 % of the rows were quarantined: spreadsheets write 9:05, and 14:21."""
    if not CASES.exists():
        pytest.skip(f"the small cases are not here ({CASES})")
    contract = load_contract(CASES / "64-excel-hours" / "contract_H.toml")
    rows = validated(spark, tmp_path, "64-excel-hours", contract)
    assert rows.where("reason IS NOT NULL").isEmpty()
    assert rows.where("hour(transaction_at) < 10").count() == 242
    at = rows.where("transaction_id = 'EH3'").select("transaction_at").first()
    assert at == (datetime(2016, 9, 18, 2, 5),)


def test_later_delivery_wins_in_a_case(spark: SparkSession, tmp_path: Path) -> None:
    """Ten of Monday's fifteen transactions came again on Tuesday with another balance."""
    contract, not_after = DeliveryContract(), F.lit(date(2021, 1, 1))
    raw = delivered(spark, tmp_path, "26-re-export", contract).cache()
    rows = validate(raw, contract, not_after=not_after)
    monday, tuesday = (f"{number:012x}" for number in range(2))
    for winners, kept, reasons in (
        ([], {monday: 5, tuesday: 5}, {"conflicting_duplicate": 20, "duplicate": 5}),
        ([monday, tuesday], {tuesday: 20}, {"corrected": 10, "duplicate": 5}),
        ([tuesday, monday], {monday: 15, tuesday: 5}, {"corrected": 10, "duplicate": 5}),
    ):
        with repeated_ids(raw, None, contract) as repeated:
            found = verdicts(raw, repeated, contract, not_after=not_after, winners=winners)
            assert dict(Counter(row["verdict"] for row in found.collect())) == reasons
            clean = keep(rows, found, F.lit(None))
            assert dict(Counter(row["delivery"] for row in clean.collect())) == kept
            first = clean.where("transaction_id = 'PB1'").select("balance").collect()
    assert [row["balance"] for row in first] == [Decimal("2023.21")]
