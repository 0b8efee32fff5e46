"""A table's files are grouped by delivery, and those that hold a row are found by their footers."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.cleaning.parts import (
    delivery_of,
    file_names,
    holding,
    parts_of,
    row_numbers_without,
    rows_by_delivery,
    write_parts,
)

ONE, TWO = "a" * 12, "b" * 12


def write(path: Path, rows: list[int], **options: object) -> Path:
    pq.write_table(pa.table({"row_number": pa.array(rows, pa.int64())}), path, **options)
    return path


@pytest.mark.parametrize(
    ("name", "delivery"),
    [
        ("a" * 64 + ".parquet", ONE),
        (f"{TWO}-00003.parquet", TWO),
        ("repeats-00000.parquet", "repeats"),
    ],
)
def test_file_name_identifies_the_delivery(name: str, delivery: str) -> None:
    assert delivery_of(Path("version") / name) == delivery


def test_parts_survive_a_version(tmp_path: Path) -> None:
    parts = {ONE: [write(tmp_path / "x", [1, 2]), write(tmp_path / "y", [3])], TWO: []}
    version = tmp_path / "version"
    version.mkdir()
    for name, path in file_names(parts).items():
        path.rename(version / name)
    found = parts_of(version)
    assert {delivery: len(paths) for delivery, paths in found.items()} == {ONE: 2}
    assert rows_by_delivery(found) == {ONE: 3}


def test_row_numbers_without_are_of_no_other_file(tmp_path: Path) -> None:
    raw = [write(tmp_path / "raw1", [2, 3, 5]), write(tmp_path / "raw2", [7, 9])]
    kept = [write(tmp_path / "kept", [3, 7])]
    assert row_numbers_without(raw, kept).tolist() == [2, 5, 9]
    assert row_numbers_without(raw, []).tolist() == [2, 3, 5, 7, 9]
    assert row_numbers_without(raw, raw).tolist() == []


def test_only_files_that_may_hold_a_row_are_found(tmp_path: Path) -> None:
    first = write(tmp_path / "first", [2, 3, 4])
    second = write(tmp_path / "second", [5, 9])
    unknown = write(tmp_path / "unknown", [7], write_statistics=False)
    files = [first, second, unknown]

    def found(*rows: int) -> list[Path]:
        return holding(files, np.array(sorted(rows)))

    assert found(4) == [first, unknown]
    assert found(1, 6) == [second, unknown]
    assert found(10, 11) == [unknown]
    assert found(2, 9) == files


@pytest.mark.parametrize("deliveries", [[ONE], [ONE, TWO]])
def test_what_spark_writes_is_grouped_by_delivery(
    spark: SparkSession, tmp_path: Path, deliveries: list[str]
) -> None:
    rows = [(delivery, number) for delivery in deliveries for number in range(5)]
    frame = spark.createDataFrame(rows, "delivery string, row_number bigint")
    parts = write_parts(frame, tmp_path / "out", deliveries)
    assert rows_by_delivery(parts) == dict.fromkeys(deliveries, 5)
    written = pq.read_table(parts[ONE][0])
    assert written.column_names == ["delivery", "row_number"]


@pytest.mark.parametrize("deliveries", [[ONE], [ONE, TWO]])
def test_a_delivery_without_rows_has_no_parts(
    spark: SparkSession, tmp_path: Path, deliveries: list[str]
) -> None:
    empty = spark.createDataFrame([], "delivery string, row_number bigint")
    assert write_parts(empty, tmp_path / "out", deliveries) == {}
