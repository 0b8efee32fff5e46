"""Small files from public bug reports are cleaned as people would read them."""

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts import RAW_TRANSACTIONS
from bankseg_assets.delivery import DeliveryContract, load_contract
from bankseg_assets.file_layout import FileLayout
from bankseg_assets.landing.parse import parse_delivery
from bankseg_assets.settings import DEFAULT_CONTRACT
from bankseg_assets.transforms.cleaning import judge

CASES = Path(__file__).parents[3] / "shared" / "data" / "cases"
OTHER_BANK = DEFAULT_CONTRACT.parent / "docs" / "contracts" / "differently_shaped_bank.toml"


def judged(spark: SparkSession, folder: Path, case: str, contract: DeliveryContract) -> DataFrame:
    """Return the rows of all files of a case; skips where the cases are absent."""
    if not CASES.exists():
        pytest.skip(f"the small cases are not here ({CASES})")
    outputs = []
    for number, original in enumerate(sorted((CASES / case).glob("*.csv"))):
        output = folder / str(number) / "records.parquet"
        output.parent.mkdir()
        name, sha256 = original.name, f"{number:064x}"
        parse_delivery(original, contract, file_name=name, sha256=sha256, output=output)
        outputs.append(str(output))
    raw = spark.read.schema(RAW_TRANSACTIONS.ddl).parquet(*outputs)
    return judge(raw, contract, not_after=F.lit(date(2021, 1, 1)))


@pytest.mark.parametrize(
    ("case", "layout"),
    [
        ("01-four-decimals", FileLayout()),
        ("02-leading-dot", FileLayout()),
        ("05-trailing-tab", FileLayout()),
        ("06-row-trailing-comma", FileLayout()),
        ("12-sep-line", FileLayout()),
        ("13-preamble", FileLayout(header_line=5)),
        ("29-newline-header", FileLayout()),
        ("31-nbsp", FileLayout()),
    ],
)
def test_judge_accepts_every_row_of_a_case(
    spark: SparkSession, tmp_path: Path, case: str, layout: FileLayout
) -> None:
    rows = judged(spark, tmp_path, case, DeliveryContract(layout=layout))
    assert rows.where("reason IS NOT NULL").select("reason", "raw_text").collect() == []
    assert rows.count() > 0


def test_judge_sees_185_customers_behind_invisible_characters(
    spark: SparkSession, tmp_path: Path
) -> None:
    """They were 318: an ID with a tab or a zero-width space was another customer."""
    rows = judged(spark, tmp_path, "61-invisible", DeliveryContract()).cache()
    assert rows.where("reason IS NOT NULL").isEmpty()
    assert rows.where("reason IS NULL").select("customer_id").distinct().count() == 185


def test_judge_accepts_overdrafts_of_the_other_bank(spark: SparkSession, tmp_path: Path) -> None:
    rows = judged(spark, tmp_path, "40-overdraft", load_contract(OTHER_BANK))
    assert rows.where("reason IS NOT NULL").isEmpty()
    assert not rows.where("balance < 0").isEmpty()
