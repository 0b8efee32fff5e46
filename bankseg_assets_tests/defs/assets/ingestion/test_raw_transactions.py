"""raw_transactions: landed files are ingested once; unreadable ones affect nothing else."""

import gzip
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.tables import RAW_TRANSACTIONS
from bankseg_assets.defs.assets.ingestion.raw_transactions import content_of
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.scoring.bundle import load_bundle
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.batch_fixtures import Platform
from bankseg_assets_tests.running import DEMO_ROWS, Run, run_platform
from ops.demo.transactions import HEADER, write_demo_transactions

DELIVERED = RAW_TRANSACTIONS.names[:9]
BAD_FILES = ("cut.csv.gz", "empty.csv", "latin.csv", "no_amount.csv")


def land(settings: Settings, name: str, content: bytes) -> None:
    (settings.landing_dir / name).write_bytes(content)
    (settings.landing_dir / f"{name}.done").touch()


def demo_lines(folder: Path) -> list[bytes]:
    write_demo_transactions(folder / "demo", rows=600, seed=1)
    return (folder / "demo").read_bytes().splitlines(keepends=True)


def land_bad_files(settings: Settings, lines: list[bytes]) -> None:
    whole = b"".join(lines)
    land(settings, "cut.csv.gz", gzip.compress(whole)[:-2_000])
    land(settings, "empty.csv", b"")
    land(settings, "latin.csv", whole.replace(b",F,", ",F,CAFÉ ".encode("latin-1")))
    land(settings, "no_amount.csv", whole.replace(b"TransactionAmount (INR)", b"Amount (INR)"))


def outcomes(run: Run) -> dict[str, str]:
    table = str(run.metadata["raw_transactions"]["outcomes"]).splitlines()[2:]
    cells = [line.strip("| ").split(" | ") for line in table]
    return {name: outcome for name, outcome, _ in cells}


def test_records_are_kept_with_file_and_number(batch: Platform) -> None:
    table = batch.run.table("raw_transactions")
    assert table.column_names == RAW_TRANSACTIONS.names
    assert sorted(table["row_number"].to_pylist()) == list(range(2, DEMO_ROWS + 6))
    assert set(table["source_file"].to_pylist()) == {"demo_transactions.csv"}
    assert table["malformed_text"].drop_null().to_pylist() == ["DT900002,too,few"]
    delivered = (batch.settings.landing_dir / "demo_transactions.csv").read_text(encoding="utf-8")
    first = table.slice(0, 1).to_pylist()[0]
    assert first["row_number"] == 2
    assert [first[name] for name in DELIVERED] == delivered.splitlines()[1].split(",")


def test_records_are_linked_from_archive_not_copied(batch: Platform) -> None:
    (file,) = batch.run.folder("raw_transactions").glob("*.parquet")
    archived = batch.settings.raw_dir / file.stem / "records.parquet"
    assert file.samefile(archived)
    assert batch.run.metadata["raw_transactions"]["files"] == 1


def test_ingested_file_is_skipped(batch: Platform, second_batch: Run) -> None:
    assert outcomes(batch.run) == {"demo_transactions.csv": "accepted"}
    assert outcomes(second_batch) == {"demo_transactions.csv": "known"}


@pytest.fixture
def good_and_bad(settings: Settings, platform: dict[str, object], tmp_path: Path) -> list[Run]:
    """January, then February beside four files that cannot be read."""
    header, *records = demo_lines(tmp_path)
    land(settings, "january.csv", b"".join([header, *records[:300]]))
    january = run_platform(platform, job="ingestion")
    land(settings, "february.csv", b"".join([header, *records[300:]]))
    land_bad_files(settings, [header, *records])
    return [january, run_platform(platform, job="ingestion")]


def test_good_file_is_ingested_beside_unreadable_ones(
    settings: Settings, good_and_bad: list[Run]
) -> None:
    january, both = good_and_bad
    assert (january.failures, both.failures) == ({}, {})
    assert outcomes(both) == dict.fromkeys(BAD_FILES, "rejected") | {
        "february.csv": "accepted",
        "january.csv": "known",
    }
    deliveries = {d.file_name: d for d in Ledger(settings.ledger_path).deliveries()}
    assert {name for name, d in deliveries.items() if d.status == "rejected"} == set(BAD_FILES)

    reasons = {name: deliveries[name].reason for name in BAD_FILES}
    assert "cut off" in reasons["cut.csv.gz"]
    assert "empty (0 bytes)" in reasons["empty.csv"]
    assert "not utf-8" in reasons["latin.csv"]
    assert "no column 'TransactionAmount (INR)' (is it 'Amount (INR)'?)" in reasons["no_amount.csv"]
    for name in BAD_FILES:
        assert f"{name}: rejected. {reasons[name]}" in both.warnings

    check = both.checks["no_file_is_rejected"]
    assert (check.passed, check.severity.value) == (False, "WARN")
    assert check.metadata["rejected_files"].value == len(BAD_FILES)

    assert both.metadata["cleaned_transactions"]["rows_in"] == 600
    # Readers of January's version still can.
    assert pq.read_table(january.folder("cleaned_transactions")).num_rows == 300
    assert content_of(january.folder("raw_transactions")) != content_of(
        both.folder("raw_transactions")
    )


def test_only_bad_files_raise_with_all_reasons(
    settings: Settings, platform: dict[str, object], tmp_path: Path
) -> None:
    land_bad_files(settings, demo_lines(tmp_path))
    run = run_platform(platform, job="ingestion")
    message, landing = run.failures["raw_transactions"], settings.landing_dir
    assert (
        f"No transaction file was accepted. Put a CSV, CSV.gz, Parquet or XLSX into {landing}"
        in message
    )
    assert all(name in message for name in BAD_FILES)
    assert run.metadata == {}
    assert not settings.published_dir.exists() or not list(settings.published_dir.glob("*/*"))


def test_empty_landing_folder_error_names_demo_data(
    settings: Settings, platform: dict[str, object]
) -> None:
    message = run_platform(platform, job="ingestion").failures["raw_transactions"]
    assert str(settings.landing_dir) in message
    assert "make demo-data" in message


def test_previous_version_loads_after_bad_files(after_batch: Platform) -> None:
    settings = after_batch.settings
    before = sorted(settings.published_dir.rglob("*"))
    land_bad_files(settings, [HEADER.encode() + b"\n"])
    run = run_platform(after_batch.resources, assets=["raw_transactions"])
    assert run.success
    assert run.metadata["raw_transactions"]["dagster/row_count"] == DEMO_ROWS + 4
    assert set(before) < set(settings.published_dir.rglob("*"))
    load_bundle(VersionStore(settings.published_dir).latest("nb_classifier"))


def test_batch_is_in_sync_with_the_folders(batch: Platform) -> None:
    """A run observes the folders first, so that its assets are of their current version."""
    events = batch.run.result.all_events
    seen = {
        event.asset_observation_data.asset_observation.asset_key.to_user_string(): (
            event.asset_observation_data.asset_observation.tags or {}
        )["dagster/data_version"]
        for event in events
        if event.event_type is dg.DagsterEventType.ASSET_OBSERVATION
    }
    assert set(seen) == {"landing_folder", "holdings_folder"}
    made = {
        event.materialization.asset_key.to_user_string(): event.materialization.tags or {}
        for event in batch.run.result.get_asset_materialization_events()
    }
    for asset, folder in (
        ("raw_transactions", "landing_folder"),
        ("product_holdings", "holdings_folder"),
    ):
        assert made[asset][f"dagster/input_data_version/{folder}"] == seen[folder]
    cleaned = made["cleaned_transactions"]["dagster/data_version"]
    assert made["rfm_table"]["dagster/input_data_version/cleaned_transactions"] == cleaned
