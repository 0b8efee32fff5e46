"""Read Parquet tables with Spark, with as many decimals of money as their files have."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from bankseg_assets.contracts.tables import MONEY, MONEY_DECIMALS, MONEY_DIGITS, money_type

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def read_parquet(session: "SparkSession", schema: str, *paths: Path) -> "DataFrame":
    """Read Parquet files, or folders of them, whose names may hold `[ ] { } * ?`.

    Spark takes these for a pattern, and `/data [1]` was not found; its option for that has no
    public name. `schema` is Spark SQL; its money is read with as many decimals as the files have.
    """
    if MONEY in schema:
        schema = schema.replace(MONEY, money_type(_money_decimals(paths)))
    reader = session.read.option("__globPaths__", "false").schema(schema)
    return reader.parquet(*map(str, paths))


def _money_decimals(paths: Iterable[Path]) -> int:
    """Return how many decimals money has in Parquet files of one table, from a footer of theirs."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = (file for path in paths for file in ([path] if path.is_file() else _parquet_in(path)))
    try:
        fields = list(pq.read_schema(next(files)))
    except (StopIteration, OSError, pa.ArrowException):
        return MONEY_DECIMALS  # Spark says what is wrong with the files
    scales = [
        field.type.scale
        for field in fields
        if pa.types.is_decimal(field.type) and field.type.precision == MONEY_DIGITS
    ]
    return max(scales, default=MONEY_DECIMALS)


def _parquet_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))
