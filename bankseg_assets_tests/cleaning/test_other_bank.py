"""A bank with other file formats needs only another contract (docs/contracts/)."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.validation import validate
from bankseg_assets.contracts.delivery import load_contract
from bankseg_assets.contracts.tables import RAW_TRANSACTIONS
from bankseg_assets.landing.parse import parse_delivery
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT

CONTRACT = load_contract(
    DEFAULT_CONTRACT.parent / "docs" / "contracts" / "differently_shaped_bank.toml"
)
CSV = """\
Buchungszeit;Betrag;Kundennummer;Buchungsnummer;Ort;Kontostand;Geburtsdatum
2016-08-02 14:32:07;1234,5;K000001;2016-1;"Köln; Süd";-20,25;1994-01-10
2016-08-02 00:00:00;0,01;K000002;2016-2;;;1900-01-01
2016-08-02 14:32:07;0;K000003;2016-3;Köln;1,00;2020-01-10
1999-12-31 14:32:07;1,00;K000003;2016-4;Köln;1,00;1980-01-10
2016-08-02 14:32;1,00;K000003;2016-5;Köln;1,00;1980-01-10
"""
MOMENTS = [
    datetime(2016, 8, 2, 14, 32, 7),
    datetime(2016, 8, 2),
    datetime(2016, 8, 2, 14, 32, 7),
    datetime(1999, 12, 31, 14, 32, 7),
    None,
]
TYPED = pa.table(
    {
        "Buchungszeit": pa.array(MOMENTS, pa.timestamp("us")),
        "Betrag": pa.array([1234.5, 0.01, 0.0, 1.0, 1.0]),
        "Kundennummer": ["K000001", "K000002", "K000003", "K000003", "K000003"],
        "Buchungsnummer": [f"2016-{number}" for number in range(1, 6)],
        "Ort": ["Köln; Süd", None, "Köln", "Köln", "Köln"],
        "Kontostand": pa.array([*map(Decimal, ["-20.25"]), None, *[Decimal("1.00")] * 3]),
        "Geburtsdatum": [date(1994, 1, 10), None, date(2020, 1, 10), *[date(1980, 1, 10)] * 2],
    }
)
CLEAN: list[dict[str, Any]] = [
    {
        "transaction_id": "2016-1",
        "customer_id": "K000001",
        "birth_date": date(1994, 1, 10),
        "gender": None,
        "location": "KÖLN; SÜD",
        "balance": Decimal("-20.25"),
        "transaction_at": MOMENTS[0],
        "amount": Decimal("1234.50"),
    },
    {
        "transaction_id": "2016-2",
        "customer_id": "K000002",
        "birth_date": None,
        "gender": None,
        "location": None,
        "balance": None,
        "transaction_at": MOMENTS[1],
        "amount": Decimal("0.01"),
    },
]
REASONS = ["invalid_amount", "invalid_transaction_date", "invalid_transaction_date"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_other_contract_gives_the_same_clean_rows(
    tmp_path: Path, spark: SparkSession, kind: str
) -> None:
    original, output = tmp_path / f"bank.{kind}", tmp_path / "records.parquet"
    if kind == "csv":
        original.write_bytes(CSV.encode("cp1252"))
    else:
        pq.write_table(TYPED, original)
    parse_delivery(original, CONTRACT, file_name=original.name, sha256="a" * 64, output=output)
    raw = spark.read.schema(RAW_TRANSACTIONS.ddl).parquet(str(output))
    rows = (
        validate(raw, CONTRACT, not_after=F.lit(date(2021, 1, 1))).orderBy("row_number").collect()
    )
    kept = [row.asDict() for row in rows if row["reason"] is None]
    assert [{name: row[name] for name in CLEAN[0]} for row in kept] == CLEAN
    assert [row["reason"] for row in rows if row["reason"]] == REASONS
