"""Rows and customers that new data lacks, computed from changed files only."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.cleaning.row_counts import accounts
from bankseg_assets.release.lost_customers import Losses, NotReadableError, losses
from bankseg_assets.release.releases import Release
from bankseg_assets.storage.version_store import VersionStore

A, B, C = "a" * 12, "b" * 12, "c" * 12
Rows = Sequence[tuple[str, ...]]
"""Transaction ID and customer ID; the direction where it is known."""

SCHEMA = pa.schema(
    {
        **{"transaction_id": pa.string(), "customer_id": pa.string(), "birth_date": pa.date32()},
        **{"gender": pa.string(), "location": pa.string(), "balance": pa.decimal128(18, 2)},
        **{"transaction_at": pa.timestamp("us"), "amount": pa.decimal128(18, 2)},
        **{"outlier_flags": pa.string(), "source_file": pa.string(), "delivery": pa.string()},
        **{"row_number": pa.int64(), "direction": pa.string()},
    }
)


@dataclass(frozen=True)
class Bank:
    """A store to publish data in and compare them with a release."""

    store: VersionStore
    spark: SparkSession

    def publish(
        self, clean: Mapping[str, Rows], quarantined: Mapping[str, Sequence[str]]
    ) -> dict[str, str]:
        """Publish delivery -> clean rows, and delivery -> reasons; return the versions."""
        with self.store.draft("raw_transactions", "run") as raw:
            for delivery in clean.keys() | quarantined.keys():
                n = len(clean.get(delivery, ())) + len(quarantined.get(delivery, ()))
                numbers = {"row_number": list(range(n))}
                pq.write_table(pa.table(numbers), raw.path / f"{delivery}.parquet")
        with self.store.draft("cleaned_transactions", "run") as cleaned:
            for delivery, rows in clean.items():
                _write(cleaned.path / f"{delivery}-00000.parquet", delivery, rows)
        with self.store.draft("quarantined_transactions", "run") as refused:
            found = [(delivery, one) for delivery, all_ in quarantined.items() for one in all_]
            columns = {
                "delivery": [delivery for delivery, _ in found],
                "disposition": ["quarantined"] * len(found),
                "reason": [reason for _, reason in found],
            }
            table = pa.table({name: pa.array(v, pa.string()) for name, v in columns.items()})
            pq.write_table(table, refused.path / "broken.parquet")
        with self.store.draft("rfm_table", "run") as rfm:
            counted = [row for rows in clean.values() for row in rows if "income" not in row]
            customers = sorted({row[1] for row in counted})
            pq.write_table(pa.table({"customer_id": customers}), rfm.path / "part.parquet")
        drafts = {
            "raw_transactions": raw,
            "cleaned_transactions": cleaned,
            "quarantined_transactions": refused,
            "rfm_table": rfm,
        }
        return {name: draft.version.name for name, draft in drafts.items() if draft.version}

    def compare(
        self,
        before: Mapping[str, str],
        now: Mapping[str, str],
        *,
        withdrawn: Sequence[str] = (),
        customer_key: str = "customer_id",
    ) -> Losses:
        """Compare versions with those of a release."""
        folder = self.store.folder
        paths = {asset: folder / asset / version for asset, version in now.items()}
        rfm = self.spark.read.parquet(str(paths["rfm_table"]))
        names = ("raw_transactions", "cleaned_transactions", "quarantined_transactions")
        return losses(
            Release(
                name="1",
                folder=folder,
                kind="promotion",
                note="",
                created_at="",
                run_id="r",
                is_demo=False,
                versions=before,
                model_sha256="",
                customer_key="customer_id",
            ),
            paths["cleaned_transactions"],
            rfm,
            accounts(*(paths[name] for name in names)),
            withdrawn=withdrawn,
            customer_key=customer_key,
        )


def _write(path: Path, delivery: str, rows: Rows) -> None:
    entries = [
        {
            **dict(zip(("transaction_id", "customer_id", "direction"), row, strict=False)),
            "location": "PUNE",
            "transaction_at": datetime(2016, 8, 1),
            "amount": Decimal(1),
            "source_file": "x.csv",
            "delivery": delivery,
            "row_number": number,
        }
        for number, row in enumerate(rows)
    ]
    pq.write_table(pa.Table.from_pylist(entries, SCHEMA), path)


@pytest.fixture
def bank(tmp_path: Path, spark: SparkSession) -> Bank:
    return Bank(VersionStore(tmp_path), spark)


FIRST = [("T1", "C1"), ("T2", "C1"), ("T3", "C2"), ("T4", "C3")]


@pytest.mark.slow
def test_ordinary_delivery_has_no_losses(bank: Bank) -> None:
    """A new file is added; the part of the old one is unchanged."""
    before = bank.publish({A: FIRST}, {})
    now = bank.publish({A: FIRST, B: [("T5", "C4")]}, {})
    found = bank.compare(before, now)
    assert (found.rows_before, found.rows_lost) == (4, 0)
    assert (found.customers_before, found.customers_lost) == (3, 0)
    assert (found.reasons, found.why_not) == ({}, "")


@pytest.mark.slow
def test_contradicted_rows_count_as_lost(bank: Bank) -> None:
    """Both versions of T2 and T3 are quarantined; C2 has no other row, C1 has."""
    before = bank.publish({A: FIRST}, {A: ["invalid_amount"]})
    conflict = "conflicting_duplicate"
    now = bank.publish(
        {A: [("T1", "C1"), ("T4", "C3")], B: [("T9", "C9")]},
        {A: ["invalid_amount", conflict, conflict], B: [conflict, conflict]},
    )
    found = bank.compare(before, now)
    assert (found.rows_before, found.rows_lost) == (4, 2)
    assert (found.customers_before, found.customers_lost) == (3, 1)
    assert found.reasons == {conflict: 4}


@pytest.mark.slow
def test_rows_with_changed_derived_id_are_kept(bank: Bank) -> None:
    """With one more column in the contract every derived ID changes; one row is missing."""
    made = [(f"{number:024x}", f"C{number}") for number in range(3)]
    other = [(f"{number:024x}~2", f"C{number}") for number in range(10, 12)]
    before, now = bank.publish({A: made}, {}), bank.publish({A: other}, {A: ["invalid_amount"]})
    assert bank.compare(before, now).rows_lost == 1


def test_corrected_rows_are_kept(bank: Bank) -> None:
    """The correction has the same transaction ID, in another file."""
    before = bank.publish({A: FIRST}, {})
    now = bank.publish({A: FIRST[1:], B: [("T1", "C1")]}, {A: ["corrected"]})
    found = bank.compare(before, now)
    assert (found.rows_lost, found.customers_lost) == (0, 0)


@pytest.mark.slow
def test_customer_with_reassigned_rows_is_lost(bank: Bank) -> None:
    """No transaction is lost, but a correction assigns T3 to another customer."""
    before = bank.publish({A: FIRST}, {})
    now = bank.publish({A: [*FIRST[:2], FIRST[3]], B: [("T3", "C1")]}, {A: ["corrected"]})
    found = bank.compare(before, now)
    assert (found.rows_lost, found.customers_lost) == (0, 1)


@pytest.mark.slow
def test_withdrawn_rows_do_not_count_as_lost(bank: Bank) -> None:
    """C4 was only in the withdrawn file; C1 has rows in both."""
    before = bank.publish({A: FIRST, B: [("T5", "C4"), ("T6", "C1")]}, {})
    now = bank.publish({A: FIRST}, {})
    found = bank.compare(before, now, withdrawn=[B])
    assert (found.rows_before, found.rows_lost) == (4, 0)
    assert (found.customers_before, found.customers_lost) == (3, 0)
    found = bank.compare(before, now)
    assert (found.rows_before, found.rows_lost) == (6, 2)
    assert (found.customers_before, found.customers_lost) == (4, 1)


@pytest.mark.slow
def test_withdrawal_hides_no_other_loss(bank: Bank) -> None:
    """The remaining file loses two rows and a customer at the same time."""
    before = bank.publish({A: FIRST, B: [("T5", "C4")]}, {})
    now = bank.publish({A: FIRST[:2]}, {A: ["invalid_amount", "invalid_amount"]})
    found = bank.compare(before, now, withdrawn=[B])
    assert (found.rows_before, found.rows_lost) == (4, 2)
    assert (found.customers_before, found.customers_lost) == (3, 2)


def test_customers_of_another_key_are_not_compared(bank: Bank) -> None:
    """Transactions are compared; the sentence names both keys."""
    before = bank.publish({A: FIRST}, {})
    now = bank.publish({A: FIRST[1:]}, {A: ["invalid_amount"]})
    found = bank.compare(before, now, customer_key="location")
    assert (found.rows_lost, found.customers_lost) == (1, None)
    assert "`customer_id`" in found.why_not
    assert "`location`" in found.why_not


@pytest.mark.slow
def test_customers_with_income_only_are_kept(bank: Bank) -> None:
    """A new contract classifies T3 as a salary; T4, which was one, is missing."""
    spent = [("T1", "C1", "spending"), ("T2", "C1", "spending")]
    before = bank.publish({A: [*spent, ("T3", "C2"), ("T4", "C3", "income")]}, {})
    now = bank.publish({A: [*spent, ("T3", "C2", "income")]}, {A: ["invalid_amount"]})
    found = bank.compare(before, now)
    assert (found.rows_before, found.rows_lost) == (4, 1)
    assert (found.customers_before, found.customers_lost) == (2, 0)
    gone = bank.publish({A: spent}, {A: ["invalid_amount"] * 2})
    assert bank.compare(before, gone).customers_lost == 1


def test_release_with_missing_data_is_not_compared(bank: Bank) -> None:
    """The error is a sentence rather than a traceback."""
    before = bank.publish({A: FIRST}, {})
    now = bank.publish({A: FIRST}, {})
    shutil.rmtree(bank.store.folder / "cleaned_transactions" / before["cleaned_transactions"])
    with pytest.raises(NotReadableError, match="data of the release in use cannot be read"):
        bank.compare(before, now)
