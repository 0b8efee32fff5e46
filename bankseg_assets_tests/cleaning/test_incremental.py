"""Incremental cleaning gives the same tables as a full run, in any order of deliveries."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.cleaning import deduplication, incremental
from bankseg_assets.cleaning.incremental import Cleaned, clean
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.tables import RAW_TRANSACTIONS
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.outputs import ParquetFiles
from bankseg_assets.storage.version_store import BASIS_FILE, VersionStore
from bankseg_assets_tests.frames import RAW_ROW

pytestmark = pytest.mark.slow

A, B, C, D = ("a" * 12, "b" * 12, "c" * 12, "d" * 12)
TAKEN_ON = {name: date(2016, 9, day) for day, name in enumerate((A, B, C, D), 1)}
CORRECTIONS = [C, B]
"""B was delivered after C, whatever their names."""

SIGNED = {
    name: replace(rule, minimum=None) if name in ("amount", "balance") else rule
    for name, rule in DeliveryContract().columns.items()
}
CONTRACT = replace(DeliveryContract(), columns=SIGNED)


def row(transaction: str, amount: str = "25", **change: str) -> dict[str, Any]:
    return {"transaction_id": transaction, "amount": amount, **change}


DELIVERIES: dict[str, list[dict[str, Any]]] = {
    A: [
        *(row("T1"), row("T2", "-12.5"), row("T3", balance="-0.5"), row("17850.0"), row("T5", "x")),
        *(row(f"T{number}", f"{number}") for number in range(100, 210)),
    ],
    # Later than C: contradicts its T1, and settles T2 and T6.
    B: [row("\ufeffT1", "3"), row("T2\t", "-13"), row("T6", "1")],
    C: [row("T1", "2"), row("T6", "1"), row("T6", "2"), row("T3", balance="-0.5")],
    # T100 again, T101 contradicted, and an ID of A in another spelling.
    D: [
        *(row("\u200bT100", "100.00"), row("T101\u00a0", "-1"), row("17850", "26")),
        *(row("T7", "-0.01", customer_id="\u3000C1"), row("T8", customer_id="NULL")),
    ],
}


class Bank:
    """The tables of a platform, without Dagster."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self._spark = spark
        self._folder = folder
        self.store = VersionStore(folder / "published")
        self._runs = 0

    def clean(
        self,
        deliveries: Iterable[str],
        winners: Sequence[str] = CORRECTIONS,
        contract: DeliveryContract = CONTRACT,
    ) -> Cleaned:
        """Update both tables to these deliveries."""
        self._runs += 1
        with self.store.draft("raw_transactions", f"run{self._runs}") as draft:
            for delivery in deliveries:
                pq.write_table(raw_table(delivery), draft.path / f"{delivery}.parquet")
        scratch = self._folder / f"scratch{self._runs}"
        scratch.mkdir(parents=True)
        cleaned = clean(
            self._spark,
            self.store,
            scratch,
            contract,
            taken_on=TAKEN_ON,
            winners=winners,
        )
        self._publish("quarantined_transactions", cleaned.quarantined)
        self._publish("cleaned_transactions", cleaned.kept)
        return cleaned

    def tables(self) -> Mapping[str, list[dict[str, Any]]]:
        """Return both tables, in an order of their own."""
        order = [("delivery", "ascending"), ("row_number", "ascending")]
        return {
            asset: pq.read_table(self.store.latest(asset)).sort_by(order).to_pylist()
            for asset in ("cleaned_transactions", "quarantined_transactions")
        }

    def _publish(self, asset: str, files: ParquetFiles) -> None:
        with self.store.draft(asset, f"run{self._runs}") as draft:
            for name, path in files.files.items():
                os.link(path, draft.path / name)
            write_json(draft.path / BASIS_FILE, files.basis)


def by_content(contract: DeliveryContract = CONTRACT) -> DeliveryContract:
    columns = {name: rule for name, rule in contract.columns.items() if name != "transaction_id"}
    return replace(contract, columns=columns)


def raw_table(delivery: str) -> pa.Table:
    rows = [
        RAW_ROW | one | {"delivery": delivery, "row_number": number}
        for number, one in enumerate(DELIVERIES[delivery], 2)
    ]
    kinds = {"bigint": pa.int64(), "string": pa.string()}
    schema = pa.schema([(column.name, kinds[column.type]) for column in RAW_TRANSACTIONS.columns])
    return pa.Table.from_pylist(rows, schema)


@pytest.fixture(scope="module")
def at_once(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, list[dict[str, Any]]]:
    bank = Bank(spark, tmp_path_factory.mktemp("at_once"))
    bank.clean(DELIVERIES)
    return bank.tables()


def test_clean_all_at_once_keeps_what_is_true(
    at_once: Mapping[str, list[dict[str, Any]]],
) -> None:
    kept = {
        row["transaction_id"]: (row["delivery"], str(row["amount"]))
        for row in at_once["cleaned_transactions"]
    }
    assert {name: kept[name] for name in ("T1", "T2", "T3", "T6", "T7", "T100")} == {
        "T1": (B, "3.00"),
        "T2": (B, "-13.00"),
        "T3": (C, "25.00"),
        "T6": (B, "1.00"),
        "T7": (D, "-0.01"),
        "T100": (A, "100.00"),
    }
    assert not kept.keys() & {"T5", "T8", "T101", "17850"}
    reasons = sorted(
        (row["delivery"][0], row["reason"]) for row in at_once["quarantined_transactions"]
    )
    assert reasons == [
        *(("a", "conflicting_duplicate"), ("a", "conflicting_duplicate")),
        *(("a", "corrected"), ("a", "corrected"), ("a", "duplicate"), ("a", "invalid_amount")),
        *(("c", "corrected"), ("c", "corrected"), ("c", "duplicate")),
        *(("d", "conflicting_duplicate"), ("d", "conflicting_duplicate"), ("d", "duplicate")),
        ("d", "missing_customer_id"),
    ]


@pytest.mark.parametrize("order", [(A, B, C, D), (D, C, B, A), (C, A, D, B)], ids="-".join)
def test_clean_step_by_step_equals_all_at_once(
    spark: SparkSession,
    tmp_path: Path,
    at_once: Mapping[str, list[dict[str, Any]]],
    order: Sequence[str],
) -> None:
    """With corrections that contradict each other, invisible characters and negative money."""
    bank = Bank(spark, tmp_path)
    for count in range(1, len(order) + 1):
        cleaned = bank.clean(order[:count])
        assert (cleaned.n_new, cleaned.n_deliveries) == (1, count)
    assert bank.tables() == at_once


@pytest.mark.parametrize("most_to_look_up", [0, 100])
def test_large_deliveries_are_cleaned_as_small_ones(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_to_look_up: int
) -> None:
    small, large = Bank(spark, tmp_path / "small"), Bank(spark, tmp_path / "large")
    small.clean(DELIVERIES)
    monkeypatch.setattr(incremental, "MOST_ROWS_TO_CACHE", 0)
    monkeypatch.setattr(incremental, "MOST_ROWS_TO_LOOK_UP", most_to_look_up)
    large.clean(DELIVERIES)
    assert large.tables() == small.tables()


def test_clean_again_when_corrections_change_order(spark: SparkSession, tmp_path: Path) -> None:
    """A correction that was withdrawn and delivered again is now the later one."""
    bank = Bank(spark, tmp_path)
    bank.clean([B, C])
    assert bank.clean([B, C]).n_new == 0
    cleaned = bank.clean([B, C], winners=[B, C])
    assert cleaned.n_new == 2
    assert "Some deliveries were delivered again at another time" in cleaned.summary
    kept = {row["transaction_id"]: row["delivery"] for row in bank.tables()["cleaned_transactions"]}
    assert kept["T1"] == C


LATEST = [A, D, *CORRECTIONS]
"""Every delivery wins over those before it, and a correction over all others."""


@pytest.mark.parametrize("order", [(A, B, C, D), (D, C, B, A), (B, D, A, C)], ids="-".join)
def test_latest_step_by_step_equals_all_at_once(
    spark: SparkSession, tmp_path: Path, order: Sequence[str]
) -> None:
    at_once, bank = Bank(spark, tmp_path / "at_once"), Bank(spark, tmp_path / "steps")
    at_once.clean(DELIVERIES, LATEST)
    for count in range(1, len(order) + 1):
        cleaned = bank.clean(order[:count], LATEST)
        assert cleaned.n_new == 1
    assert bank.tables() == at_once.tables()
    tables = bank.tables()
    kept = {row["transaction_id"]: row["delivery"] for row in tables["cleaned_transactions"]}
    assert {name: kept[name] for name in ("T1", "T6", "T100", "T101", "17850")} == {
        **dict.fromkeys(("T1", "T6"), B),
        **dict.fromkeys(("T100", "T101", "17850"), D),
    }
    reasons = [row["reason"] for row in tables["quarantined_transactions"]]
    assert (reasons.count("corrected"), reasons.count("conflicting_duplicate")) == (6, 0)


def test_clean_again_when_conflict_resolution_changes(spark: SparkSession, tmp_path: Path) -> None:
    bank = Bank(spark, tmp_path)
    bank.clean([A, D], [])
    assert bank.clean([A, D], []).n_new == 0
    cleaned = bank.clean([A, D], LATEST, replace(CONTRACT, on_conflict="latest"))
    assert cleaned.n_new == 2
    assert "The contract or the rules have changed" in cleaned.summary


def test_content_step_by_step_equals_all_at_once(spark: SparkSession, tmp_path: Path) -> None:
    """Without IDs; then a delivery is withdrawn, and its duplicates count."""
    at_once, bank = Bank(spark, tmp_path / "at_once"), Bank(spark, tmp_path / "steps")
    at_once.clean(DELIVERIES, contract=by_content())
    order = (D, B, C, A)
    for count in (1, 3, 4):
        bank.clean(order[:count], contract=by_content())
    assert bank.tables() == at_once.tables()
    kept = [row["transaction_id"] for row in bank.tables()["cleaned_transactions"]]
    assert len(set(kept)) == len(kept)
    reasons = {row["reason"] for row in bank.tables()["quarantined_transactions"]}
    assert reasons == {"duplicate", "invalid_amount", "missing_customer_id"}
    left = [delivery for delivery in order if delivery != A]
    bank.clean(left, contract=by_content())
    other = Bank(spark, tmp_path / "left")
    other.clean(left, contract=by_content())
    assert bank.tables() == other.tables()
    assert {row["transaction_id"] for row in bank.tables()["cleaned_transactions"]} < set(kept)


@pytest.mark.parametrize("scope", ["customer", "day"])
def test_scoped_ids_step_by_step_equal_all_at_once(
    spark: SparkSession, tmp_path: Path, scope: Any
) -> None:
    rule = replace(CONTRACT.columns["transaction_id"], unique_per=scope)
    contract = replace(CONTRACT, columns={**CONTRACT.columns, "transaction_id": rule})
    at_once, bank = Bank(spark, tmp_path / "at_once"), Bank(spark, tmp_path / "steps")
    at_once.clean(DELIVERIES, contract=contract)
    for count in (2, 4):
        assert bank.clean((D, B, C, A)[:count], contract=contract).n_new == 2
    assert bank.tables() == at_once.tables()


def test_failed_job_releases_cached_frames(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cached() -> int:
        return int(spark.sparkContext._jsc.getPersistentRDDs().size())  # type: ignore[union-attr]

    def fail(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    before = cached()
    monkeypatch.setattr(deduplication, "verdicts", fail)
    with pytest.raises(OSError, match="No space left on device"):
        Bank(spark, tmp_path).clean([A, B])
    assert cached() == before
