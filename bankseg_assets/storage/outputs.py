"""Values that assets return to the I/O manager: tables, written files, and reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from pyspark.sql import DataFrame


@dataclass(frozen=True)
class ParquetFiles:
    """A table that is already written: its files are linked into the version, not copied."""

    files: dict[str, Path]
    basis: dict[str, Any] | None = None
    """The basis of the files, so that the next version can keep those that are still valid."""


@dataclass(frozen=True)
class FrameWithBasis:
    """A table, and what it depends on besides its inputs."""

    frame: DataFrame
    basis: dict[str, Any]


@dataclass(frozen=True)
class Document:
    """A JSON document, and what it depends on besides its inputs."""

    content: dict[str, Any]
    basis: dict[str, Any]


@dataclass(frozen=True)
class SmallTable:
    """A table of a few rows, held in Python; of some thousand, as a DataFrame, whose NaN is null.

    Arrow writes it in a millisecond; a Spark job took 0.2 to 0.5 s, and a batch has nine such
    tables.
    """

    rows: Sequence[Mapping[str, Any]] | pd.DataFrame = ()


@dataclass(frozen=True)
class Report:
    """An HTML page and the tables behind it."""

    html: str
    tables: dict[str, Any]


def row_count(version: Path) -> int:
    """Return the number of rows of a written table from its Parquet footers; no Spark job."""
    return sum(pq.read_metadata(file).num_rows for file in sorted(version.glob("*.parquet")))
