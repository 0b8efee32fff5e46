"""Transaction IDs by content and occurrence, or by an ID with its scope."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.deduplication import verdicts
from bankseg_assets.cleaning.incremental import Cleaned
from bankseg_assets.cleaning.outliers import outlier_flags
from bankseg_assets.cleaning.transaction_ids import identified, repeated_shares
from bankseg_assets.cleaning.validation import broken, keep, repeats, validate
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.defs.assets.ingestion.cleaned_transactions import identical_rows
from bankseg_assets.storage.outputs import ParquetFiles
from bankseg_assets_tests.cleaning.repeated_ids import repeated_ids
from bankseg_assets_tests.frames import raw_frame

pytestmark = pytest.mark.slow

SHIPPED = DeliveryContract()
WITHOUT = replace(
    SHIPPED,
    columns={name: rule for name, rule in SHIPPED.columns.items() if name != "transaction_id"},
)


def unique_per(scope: Literal["file", "customer", "day"]) -> DeliveryContract:
    rule = replace(SHIPPED.columns["transaction_id"], unique_per=scope)
    return replace(SHIPPED, columns={**SHIPPED.columns, "transaction_id": rule})


def clean(
    spark: SparkSession, contract: DeliveryContract, *rows: dict[str, Any]
) -> tuple[dict[tuple[str, int], str], dict[tuple[str, int], str]]:
    """Return place -> transaction ID of kept rows, and place -> reason of the others."""
    raw, not_after = raw_frame(spark, rows), F.lit(date(2021, 1, 1))
    validated = validate(raw, contract, not_after=not_after)
    with repeated_ids(raw, None, contract, not_after=not_after) as repeated:
        found = verdicts(raw, repeated, contract, not_after=not_after, winners=[])
        quarantined = broken(validated).unionByName(repeats(raw, found)).collect()
        kept = keep(identified(validated, contract), found, outlier_flags({})).collect()
    assert len(kept) + len(quarantined) == len(rows)
    ids = {place(row): row["transaction_id"] for row in kept}
    assert len(set(ids.values())) == len(ids)
    return ids, {place(row): row["reason"] for row in quarantined}


def place(row: Row) -> tuple[str, int]:
    return row["delivery"], row["row_number"]


def no_id(delivery: str = "d1", **change: Any) -> dict[str, Any]:
    return {"transaction_id": None, "delivery": delivery, **change}


def test_identical_rows_of_a_file_are_transactions(spark: SparkSession) -> None:
    ids, quarantined = clean(spark, WITHOUT, no_id(), no_id(), no_id(amount="26"), no_id())
    assert quarantined == {}
    first, second, other, third = (ids["d1", number] for number in (2, 3, 4, 5))
    assert (second, third) == (f"{first}~2", f"{first}~3")
    assert not other.startswith(first)
    assert len(first) == 24


def test_same_values_in_another_writing_are_the_same(spark: SparkSession) -> None:
    ids, quarantined = clean(
        spark,
        WITHOUT,
        no_id(),
        no_id("d2", amount="25.00", transaction_date="02/08/16", location=" pune ", balance="9.50"),
    )
    assert set(ids) == {("d1", 2)}
    assert quarantined == {("d2", 3): "duplicate"}


def test_overlapping_export_adds_what_is_new(spark: SparkSession) -> None:
    """Two of three identical rows were in the first export; row numbers and order differ."""
    ids, quarantined = clean(
        spark,
        WITHOUT,
        *(no_id(), no_id(amount="7"), no_id()),
        *(no_id("d2"), no_id("d2"), no_id("d2"), no_id("d2", amount="8")),
    )
    assert set(ids) == {("d1", 2), ("d1", 3), ("d1", 4), ("d2", 7), ("d2", 8)}
    assert quarantined == {("d2", 5): "duplicate", ("d2", 6): "duplicate"}


def test_broken_rows_take_no_number(spark: SparkSession) -> None:
    """Their content may be that of a sound row: a birth date that cannot be, and none."""
    ids, quarantined = clean(
        spark,
        WITHOUT,
        *(no_id(birth_date="32/13/94"), no_id(birth_date="nan")),
        no_id("d2", birth_date="nan"),
        no_id("d2", malformed_text="too,few"),
    )
    assert set(ids) == {("d1", 3)}
    assert quarantined == {
        ("d1", 2): "invalid_birth_date",
        ("d2", 4): "duplicate",
        ("d2", 5): "wrong_number_of_fields",
    }


def test_nulls_of_different_columns_are_not_the_same(spark: SparkSession) -> None:
    ids, quarantined = clean(
        spark, WITHOUT, no_id(gender="M", location=""), no_id(gender="", location="M")
    )
    assert (len(ids), quarantined) == (2, {})
    assert not any("~" in name for name in ids.values())


def test_id_per_file_does_not_distinguish_files(spark: SparkSession) -> None:
    """The same transaction has another number in the next file; one that is repeated is one."""
    ids, quarantined = clean(
        spark,
        unique_per("file"),
        *({"transaction_id": "1"}, {"transaction_id": "2"}, {"transaction_id": "3", "amount": "9"}),
        {"transaction_id": "2"},
        *({"transaction_id": "1", "delivery": "d2", "amount": "9"},),
        {"transaction_id": "7", "delivery": "d2", "amount": "10"},
        {"transaction_id": "", "delivery": "d2"},
    )
    assert set(ids) == {("d1", 2), ("d1", 3), ("d1", 4), ("d2", 7)}
    assert quarantined == {
        ("d1", 5): "duplicate",
        ("d2", 6): "duplicate",
        ("d2", 8): "missing_transaction_id",
    }


def test_id_per_customer(spark: SparkSession) -> None:
    ids, quarantined = clean(
        spark,
        unique_per("customer"),
        *({"transaction_id": "1"}, {"transaction_id": "1", "customer_id": "C2"}),
        *({"transaction_id": "1", "delivery": "d2"}, {"transaction_id": "2"}),
        {"transaction_id": "2", "amount": "99", "delivery": "d2"},
    )
    assert ids == {("d1", 2): "C1/1", ("d1", 3): "C2/1"}
    assert quarantined == {
        ("d2", 4): "duplicate",
        ("d1", 5): "conflicting_duplicate",
        ("d2", 6): "conflicting_duplicate",
    }


def test_id_per_customer_with_slashes_is_unique(spark: SparkSession) -> None:
    contract = unique_per("customer")
    rules = {name: replace(rule, pattern="") for name, rule in contract.columns.items()}
    ids, _ = clean(
        spark,
        replace(contract, columns=rules),
        {"transaction_id": "b/c", "customer_id": "a"},
        {"transaction_id": "c", "customer_id": "a/b"},
        {"transaction_id": "c", "customer_id": "a%2Fb"},
    )
    assert sorted(ids.values()) == ["a%252Fb/c", "a%2Fb/c", "a/b/c"]


def test_id_per_day(spark: SparkSession) -> None:
    ids, quarantined = clean(
        spark,
        unique_per("day"),
        *({"transaction_id": "1"}, {"transaction_id": "1", "transaction_date": "3/8/16"}),
        {"transaction_id": "1.0", "transaction_date": "2016-08-02", "delivery": "d2"},
        {"transaction_id": "2", "transaction_date": "x"},
    )
    assert ids == {("d1", 2): "2016-08-02/1", ("d1", 3): "2016-08-03/1"}
    assert quarantined == {("d2", 4): "duplicate", ("d1", 5): "invalid_transaction_date"}


@pytest.mark.parametrize("contract", [WITHOUT, unique_per("file")])
def test_identical_rows_of_a_delivery_are_reported(
    tmp_path: Path, contract: DeliveryContract
) -> None:
    digests = [f"{number:024x}" for number in range(90)]
    ids = [*digests, *(f"{digests[0]}~{number}" for number in range(2, 12))]
    rows = {"delivery": ["d1"] * 100 + ["d2"], "transaction_id": [*ids, digests[0]]}
    pq.write_table(pa.table(rows), tmp_path / "a")
    assert repeated_shares([tmp_path / "a"], contract) == {"d1": 0.1, "d2": 0.0}
    assert repeated_shares([tmp_path / "a"], SHIPPED) == {}
    files = ParquetFiles({"a": tmp_path / "a"}, {})
    cleaned = Cleaned(files, ParquetFiles({}, {}), 101, {}, {}, 2, 2, "")
    (message,) = identical_rows(cleaned, contract)
    assert message.startswith("10% of the rows of delivery d1 are identical")
