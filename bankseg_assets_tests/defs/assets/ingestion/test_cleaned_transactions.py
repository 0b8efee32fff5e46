"""Cleaning: every raw row is in exactly one table, and the counts confirm it."""

import gzip
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from bankseg_assets.cleaning.incremental import dispositions
from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.batch_fixtures import Platform
from bankseg_assets_tests.running import DEMO_ROWS, run_platform

REAL_ROWS = 20_000


def test_row_counts_add_up(batch: Platform) -> None:
    found = batch.run.metadata["cleaned_transactions"]
    assert {name: found[name] for name in found if name.startswith("rows_")} == {
        "rows_in": DEMO_ROWS + 4,
        # One less than the demo's: a row was contradicted.
        "rows_clean": DEMO_ROWS - 1,
        "rows_quarantined": 4,
        "rows_duplicate": 1,
    }
    assert found["rows_in"] == sum(
        found[f"rows_{name}"] for name in ("clean", "quarantined", "duplicate")
    )


def test_row_counts_match_files(batch: Platform) -> None:
    found = batch.run.metadata["cleaned_transactions"]
    assert batch.run.table("raw_transactions").num_rows == found["rows_in"]
    assert batch.run.table("cleaned_transactions").num_rows == found["rows_clean"]
    files = batch.run.folder("quarantined_transactions").glob("*.parquet")
    (counts,) = dispositions(files).values()
    assert counts == {
        "quarantined": found["rows_quarantined"],
        "duplicate": found["rows_duplicate"],
    }


def test_quarantined_row_has_reason_number_and_text(batch: Platform) -> None:
    rows = batch.run.table("quarantined_transactions").sort_by("row_number").to_pylist()
    assert [(row["row_number"], row["reason"]) for row in rows] == [
        (3, "conflicting_duplicate"),
        (DEMO_ROWS + 2, "duplicate"),
        (DEMO_ROWS + 3, "conflicting_duplicate"),
        (DEMO_ROWS + 4, "invalid_transaction_date"),
        (DEMO_ROWS + 5, "wrong_number_of_fields"),
    ]
    assert rows[-1]["raw_text"] == "DT900002,too,few"
    assert '"transaction_date":"32/13/16"' in rows[-2]["raw_text"]


def test_content_hash_is_recorded_for_sensor(batch: Platform) -> None:
    content = batch.run.metadata["cleaned_transactions"]["content_hash"]
    assert len(content) == 64
    assert int(content, 16)


def test_outlier_fences_have_currency(batch: Platform) -> None:
    found = batch.run.metadata["cleaned_transactions"]
    rows = [row.data for row in found["fences"].records]
    assert [row["measure"] for row in rows] == ["amount", "balance"]
    assert all(row["Tukey's fences"].endswith(" INR") for row in rows)


@pytest.mark.real_data
def test_rows_of_real_file_are_preserved(
    real_data: Path, settings: Settings, platform: dict[str, object]
) -> None:
    landed = settings.landing_dir / "real.csv"
    with gzip.open(real_data, "rb") as source:
        landed.write_bytes(b"".join(islice(source, REAL_ROWS + 1)))
    landed.with_name("real.csv.done").touch()
    run = run_platform(
        platform,
        assets=[
            "raw_transactions",
            "cleaned_transactions",
            "quarantined_transactions",
            "rfm_table",
        ],
    )
    assert run.failures == {}
    found = run.metadata["cleaned_transactions"]
    assert found["rows_in"] == REAL_ROWS
    assert found["rows_clean"] + found["rows_quarantined"] + found["rows_duplicate"] == REAL_ROWS
    # The real file has no reason to quarantine thousands of rows.
    assert found["rows_clean"] > 0.999 * REAL_ROWS
    quarantined = run.table("quarantined_transactions").to_pylist()
    assert all(row["reason"] and row["raw_text"] for row in quarantined)
    newest = max(run.table("cleaned_transactions")["transaction_at"].to_pylist()).date()
    snapshot = date.fromisoformat(run.metadata["rfm_table"]["snapshot_date"])
    assert (snapshot - newest).days == 1
    assert snapshot <= date(2016, 10, 22)
