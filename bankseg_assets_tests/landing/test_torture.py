"""Damaged files of every public kind: no wrong value is accepted, and every error is explained."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tools.faults import bad_inputs
from tools.faults.bad_inputs import BadInput, Ingested, ingest_all, summary

pytestmark = pytest.mark.slow

MOST_SECONDS = 30
SEEDS = 2  # of the ten that the command takes

needs_public_files = pytest.mark.skipif(
    not bad_inputs.TORTURE.exists(),
    reason=f"public torture files are not here ({bad_inputs.TORTURE})",
)
Inputs = Callable[[], Iterator[BadInput]]


def ingest_correctly(inputs: Inputs, folder: Path, spark: SparkSession) -> list[Ingested]:
    ingested = ingest_all(inputs(), folder, spark)
    assert ingested
    assert [(one.bad.name, one.differing) for one in ingested if one.differing] == []
    assert [one.bad.name for one in ingested if one.without_reason] == []
    assert summary(ingested)["rows_unaccounted"] == 0
    assert summary(ingested)["slowest_file_seconds"] < MOST_SECONDS
    return ingested


def test_bank_rows_damaged_in_every_kind(tmp_path: Path, spark: SparkSession) -> None:
    ingested = ingest_correctly(lambda: iter(bad_inputs.generated(SEEDS)), tmp_path, spark)
    by_name = {one.bad.name: one for one in ingested}
    for seed in range(SEEDS):
        for harmless in ("record delimiter CR", "record delimiter CRLF", "BOM", "escape 0x5C"):
            one = by_name[f"generated/{seed}-{harmless}"]
            assert len(one.accepted) + one.quarantined == 40, one.refusal
    assert summary(ingested)["rows_accepted"] > 0.4 * 40 * len(ingested)


@pytest.mark.real_data
@needs_public_files
@pytest.mark.parametrize(
    "inputs",
    [
        bad_inputs.pollock,
        bad_inputs.csv_spectrum,
        bad_inputs.duckdb,
        bad_inputs.parquet_bad,
        bad_inputs.naughty_strings,
    ],
    ids=lambda inputs: str(inputs.__name__),
)
def test_public_files(inputs: Inputs, tmp_path: Path, spark: SparkSession) -> None:
    ingest_correctly(inputs, tmp_path, spark)
