"""Damaged records are rebuilt identically from the archive."""

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.intake import take_landed
from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.landing.repair import LostContentError, repair_records
from bankseg_assets.runtime.settings import Settings
from ops.demo.transactions import write_demo_transactions

CONTRACT = DeliveryContract()


@pytest.fixture
def delivery(settings: Settings) -> Delivery:
    """Return an ingested delivery of 50 rows."""
    file = settings.landing_dir / "bank.csv"
    write_demo_transactions(file, rows=50, seed=1)
    file.with_name("bank.csv.done").touch()
    ledger = Ledger(settings.ledger_path)
    take_landed(settings.landing_dir, settings.raw_dir, ledger, CONTRACT, run_id="run")
    (found,) = ledger.deliveries()
    return found


def records_of(settings: Settings, delivery: Delivery) -> Path:
    return settings.raw_dir / delivery.sha256 / "records.parquet"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def test_repair_skips_intact_records(settings: Settings, delivery: Delivery) -> None:
    before = records_of(settings, delivery).stat().st_ino
    assert repair_records(settings.raw_dir, [delivery], CONTRACT) == []
    assert records_of(settings, delivery).stat().st_ino == before


@pytest.mark.parametrize(
    "damage", [cut, Path.unlink, lambda path: path.write_bytes(b"")], ids=["cut", "gone", "empty"]
)
def test_repair_rebuilds_damaged_records(
    settings: Settings, delivery: Delivery, damage: Callable[[Path], object]
) -> None:
    records = records_of(settings, delivery)
    before = pq.read_table(records)
    damage(records)
    (outcome,) = repair_records(settings.raw_dir, [delivery], CONTRACT)
    assert (outcome.file_name, outcome.outcome, outcome.is_warning) == (
        "bank.csv",
        "repaired",
        True,
    )
    assert pq.read_table(records).equals(before)
    assert repair_records(settings.raw_dir, [delivery], CONTRACT) == []


def test_repair_rebuilds_records_known_to_be_damaged(
    settings: Settings, delivery: Delivery
) -> None:
    (outcome,) = repair_records(
        settings.raw_dir, [delivery], CONTRACT, known_damaged={delivery.sha256}
    )
    assert outcome.outcome == "repaired"


@pytest.mark.parametrize("damage", [cut, Path.unlink], ids=["cut", "gone"])
def test_repair_without_original_asks_for_a_new_delivery(
    settings: Settings, delivery: Delivery, damage: Callable[[Path], object]
) -> None:
    records = records_of(settings, delivery)
    cut(records)
    damage(records.with_name("original"))
    with pytest.raises(LostContentError, match=r"Remove .* and deliver bank\.csv again\.$"):
        repair_records(settings.raw_dir, [delivery], CONTRACT)
