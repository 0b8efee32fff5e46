"""Parquet files of a table, grouped by the delivery whose rows they hold.

Parts are immutable and linked from version to version, so cleaned rows are neither recomputed nor
copied.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.tables import DELIVERY_DIGITS

Parts = dict[str, list[Path]]
"""Delivery -> the files with its rows."""

REPEATS = "repeats"
"""Used as a delivery: the rows of all deliveries that repeat a transaction."""

_PART_COLUMN = "_part"


def delivery_of(path: Path) -> str:
    """Return the delivery of the rows in a file of a version."""
    return path.name.partition("-")[0].removesuffix(".parquet")[:DELIVERY_DIGITS]


def parts_of(version: Path) -> Parts:
    """Return the parts of a version."""
    found: Parts = {}
    for path in sorted(version.glob("*.parquet")):
        found.setdefault(delivery_of(path), []).append(path)
    return found


def rows_by_delivery(parts: Mapping[str, Iterable[Path]]) -> dict[str, int]:
    """Return delivery -> rows, from the footers."""
    return {
        delivery: sum(pq.read_metadata(path).num_rows for path in paths)
        for delivery, paths in parts.items()
    }


def write_parts(frame: DataFrame, folder: Path, deliveries: Iterable[str]) -> Parts:
    """Write a table with rows of these deliveries, and return its parts."""
    deliveries = list(deliveries)
    if len(deliveries) == 1:  # the usual case; `partitionBy` would sort the rows first
        frame.write.parquet(str(folder))
        return _without_empty({deliveries[0]: sorted(folder.glob("*.parquet"))})
    split = frame.withColumn(_PART_COLUMN, F.col("delivery"))
    split.write.partitionBy(_PART_COLUMN).parquet(str(folder))
    return {
        delivery: sorted((folder / f"{_PART_COLUMN}={delivery}").glob("*.parquet"))
        for delivery in deliveries
        if (folder / f"{_PART_COLUMN}={delivery}").is_dir()
    }


def holding(parts: Iterable[Path], rows: npt.NDArray[np.int64]) -> list[Path]:
    """Return the files that may hold some of the sorted row numbers, by their statistics."""
    found = []
    for path in parts:
        low, high = _row_range(path)
        if np.searchsorted(rows, low, "left") < np.searchsorted(rows, high, "right"):
            found.append(path)
    return found


def row_numbers_without(parts: Iterable[Path], others: Iterable[Path]) -> npt.NDArray[np.int64]:
    """Return the row numbers in the files of one delivery that other files of it do not have."""
    numbers, found = _row_numbers(parts), _row_numbers(others)
    is_found = np.zeros(max(numbers.max(initial=0), found.max(initial=0)) + 1, dtype=bool)
    is_found[found] = True
    return numbers[~is_found[numbers]]


def file_names(parts: Mapping[str, Iterable[Path]]) -> dict[str, Path]:
    """Return file name -> part; names are `<delivery>-<number>.parquet`."""
    return {
        f"{delivery}-{number:05d}.parquet": path
        for delivery, paths in sorted(parts.items())
        for number, path in enumerate(paths)
    }


def _without_empty(parts: Parts) -> Parts:
    """Leave out files without rows: Spark writes one for an empty table."""
    for delivery, paths in parts.items():
        parts[delivery] = [path for path in paths if pq.read_metadata(path).num_rows]
    return {delivery: paths for delivery, paths in parts.items() if paths}


def _row_numbers(paths: Iterable[Path]) -> npt.NDArray[np.int64]:
    columns = [
        pq.ParquetFile(path).read(columns=["row_number"]).column(0).to_numpy() for path in paths
    ]
    return np.concatenate([np.empty(0, dtype=np.int64), *columns])


def _row_range(path: Path) -> tuple[int, int]:
    metadata = pq.read_metadata(path)
    column = metadata.schema.names.index("row_number")
    groups = [
        metadata.row_group(n).column(column).statistics for n in range(metadata.num_row_groups)
    ]
    if any(group is None or not group.has_min_max for group in groups):
        return 0, np.iinfo(np.int64).max
    return min(group.min for group in groups), max(group.max for group in groups)
