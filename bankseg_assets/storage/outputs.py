"""What an asset returns to be written: tables, files that are written already, and reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyspark.sql import DataFrame


@dataclass(frozen=True)
class ParquetFiles:
    """A table that is already written: files by name, linked into the version, not copied."""

    files: dict[str, Path]
    basis: dict[str, Any] | None = None
    """What the files were made from, so that the next version can keep those that still hold."""


@dataclass(frozen=True)
class FrameWithBasis:
    """A table, and what it was made from beside its inputs."""

    frame: DataFrame
    basis: dict[str, Any]


@dataclass(frozen=True)
class SmallTable:
    """A table of a few rows, that Python holds already.

    Arrow writes it in a millisecond; as a job of Spark it took 0.2 to 0.5 s, and a batch has nine.
    """

    rows: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Report:
    """A page for people, and the tables behind it."""

    html: str
    tables: dict[str, Any]


def row_count(version: Path) -> int:
    """Return the rows of a written table, from the Parquet footers: no Spark job."""
    return sum(pq.read_metadata(file).num_rows for file in sorted(version.glob("*.parquet")))
