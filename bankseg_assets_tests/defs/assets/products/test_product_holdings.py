"""product_holdings: the last landed file is used, no row is lost, and nothing blocks on it."""

from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.batch_fixtures import Platform
from bankseg_assets_tests.running import Run, run_platform
from ops.demo.transactions import write_demo_transactions

HEADER = "customer_id,product\n"
TABLES = ("product_holdings", "quarantined_holdings")
SOUND = "".join(f"C{n},{product}\n" for n in range(20) for product in ("Loan", "Fund"))


def land(settings: Settings, name: str, content: str | bytes) -> Path:
    settings.holdings_dir.mkdir(parents=True, exist_ok=True)
    path = settings.holdings_dir / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.with_name(f"{name}.done").touch()
    return path


def take(platform: dict[str, object]) -> Run:
    run = run_platform(platform, assets=TABLES)
    assert run.failures == {}
    assert run.checks["every_holding_is_accounted_for"].passed
    return run


def metadata_of(run: Run, asset: str = "product_holdings") -> dict[str, Any]:
    return run.metadata[asset]


def customers(run: Run) -> set[str]:
    return set(run.table("product_holdings")["customer_id"].to_pylist())


def test_demo_holdings_are_ingested_and_quarantined(batch: Platform) -> None:
    kept, quarantined = (batch.run.table(name) for name in TABLES)
    delivered = (batch.settings.holdings_dir / "demo_holdings.csv").read_text().splitlines()
    assert kept.num_rows == len(delivered) - 4
    assert sorted(quarantined["reason"].to_pylist()) == [
        "duplicate",
        "duplicate",
        "missing_product",
    ]
    found = metadata_of(batch.run)
    assert found["rows_in"] == len(delivered) - 1
    assert found["rows_kept"] == kept.num_rows
    assert found["products"] == len(set(kept["product"].to_pylist())) == 14
    assert "match none of the bank's" in found["state"]
    assert "| Savings account | " in found["holders"]
    check = batch.run.checks["every_holding_is_accounted_for"].metadata
    assert check["rows_lost"].value == 0
    assert check["reason_duplicate"].value == 2


def test_no_holdings_file_gives_empty_tables(
    settings: Settings, platform: dict[str, object]
) -> None:
    run = take(platform)
    for name in TABLES:
        assert run.table(name).num_rows == 0
        assert metadata_of(run, name)["state"].startswith("Waiting for a file of product holdings")
        assert str(settings.holdings_dir) in metadata_of(run, name)["state"]
    assert run.checks["every_holding_is_accounted_for"].description == "There are no holdings yet."
    assert run.checks["no_holdings_file_is_rejected"].passed


def test_rows_are_kept_or_quarantined_with_origin(
    settings: Settings, platform: dict[str, object]
) -> None:
    land(settings, "h.csv", f"{HEADER}{SOUND},Loan\nC1,Loan\nC1,Yacht\nC1,Loan,x\n")
    run = take(platform)
    assert run.table("product_holdings").num_rows == 40
    rows = run.table("quarantined_holdings").to_pylist()
    assert {(row["row_number"], row["disposition"], row["reason"]) for row in rows} == {
        (42, "quarantined", "missing_customer_id"),
        (43, "duplicate", "duplicate"),
        (44, "quarantined", "rare_product"),
        (45, "quarantined", "wrong_number_of_fields"),
    }
    assert {row["source_file"] for row in rows} == {"h.csv"}


def test_later_file_replaces_earlier_of_any_format(
    settings: Settings, platform: dict[str, object]
) -> None:
    table = pa.table({"product": ["Loan"] * 12, "customer_id": list(range(1, 13))})
    pq.write_table(table, settings.data_dir / "x")
    land(settings, "b.parquet", (settings.data_dir / "x").read_bytes())
    assert customers(take(platform)) == {str(n) for n in range(1, 13)}
    land(settings, "c.csv", HEADER + SOUND)
    assert customers(take(platform)) == {f"C{n}" for n in range(20)}
    assert customers(take(platform)) == {f"C{n}" for n in range(20)}


def test_unreadable_file_is_reported_and_previous_used(
    settings: Settings, platform: dict[str, object]
) -> None:
    land(settings, "good.csv", HEADER + SOUND)
    take(platform)
    land(settings, "other.csv", "customer,product\nC1,Loan\n")
    land(settings, "transactions.csv", "a,b,c\n1,2,3\n")
    (settings.holdings_dir / "link.csv").symlink_to("/etc/passwd")
    run = take(platform)
    assert len(customers(run)) == 20
    check = run.checks["no_holdings_file_is_rejected"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.metadata["rejected_files"].value == 2
    assert any(
        "other.csv has no column 'customer_id' (is it 'customer'?)" in text for text in run.warnings
    )
    assert any(text.startswith("link.csv: ignored. It is a symbolic link") for text in run.warnings)


def test_banks_own_holdings_replace_demo_holdings(
    settings: Settings, platform: dict[str, object]
) -> None:
    land(settings, "demo_holdings.csv", HEADER + SOUND)
    assert "match none of the bank's" in metadata_of(take(platform))["state"]
    land(settings, "bank.csv", HEADER + SOUND.replace("C", "B"))
    run = take(platform)
    assert customers(run) == {f"B{n}" for n in range(20)}
    assert metadata_of(run)["state"].startswith("bank.csv, ingested at ")


def test_demo_holdings_are_ignored_for_own_customers(
    settings: Settings, platform: dict[str, object]
) -> None:
    Ledger(settings.ledger_path).record(Delivery("a" * 64, "bank.csv", "accepted", "", 1, 1, "r"))
    land(settings, "demo_holdings.csv", HEADER + SOUND)
    run = take(platform)
    assert run.table("product_holdings").num_rows == 0
    assert "No file with holdings of the bank's own customers was" in metadata_of(run)["state"]


def test_demo_holdings_arrive_with_own_transactions(
    settings: Settings, platform: dict[str, object]
) -> None:
    land(settings, "demo_holdings.csv", HEADER + SOUND)
    own = settings.landing_dir / "bank.csv"
    own.parent.mkdir(parents=True, exist_ok=True)
    write_demo_transactions(own, rows=20, seed=1)
    own.with_name("bank.csv.done").touch()
    run = run_platform(platform, assets=(*TABLES, "raw_transactions"))
    assert run.failures == {}
    assert run.checks["every_holding_is_accounted_for"].passed
    assert run.table("product_holdings").num_rows == 0


def test_product_name_is_escaped(settings: Settings, platform: dict[str, object]) -> None:
    land(settings, "h.csv", HEADER + SOUND.replace("Loan", "<b>|Loan"))
    assert "| &lt;b&gt;&#124;Loan | 20 |" in metadata_of(take(platform))["holders"]


def test_damaged_records_are_rebuilt(settings: Settings, platform: dict[str, object]) -> None:
    land(settings, "h.csv", HEADER + SOUND)
    take(platform)
    (records,) = settings.raw_holdings_dir.glob("*/records.parquet")
    records.write_bytes(b"cut off")
    run = take(platform)
    assert len(customers(run)) == 20
    assert any("were rebuilt" in text for text in run.warnings)


def test_holdings_are_separate_from_transactions(
    settings: Settings, platform: dict[str, object]
) -> None:
    land(settings, "h.csv", HEADER + SOUND)
    take(platform)
    assert Ledger(settings.ledger_path).deliveries() == []
    assert [d.file_name for d in Ledger(settings.holdings_ledger_path).deliveries()] == ["h.csv"]
    assert all((settings.published_dir / name).is_dir() for name in TABLES)
