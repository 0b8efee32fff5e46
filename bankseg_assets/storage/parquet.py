"""Read Parquet tables: with Spark, using the decimal scale of money in the files; or by Arrow."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bankseg_assets.contracts.tables import MONEY, MONEY_DECIMALS, MONEY_DIGITS, money_type

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyspark.sql import DataFrame, SparkSession

_BATCH_ROWS = 1 << 20


def read_parquet(session: "SparkSession", schema: str, *paths: Path) -> "DataFrame":
    """Read Parquet files, or folders of them, whose names may hold `[ ] { } * ?`.

    Spark treats these as glob patterns, and `/data [1]` was not found; its option to disable that
    has no public name. `schema` is Spark SQL; money is read with the decimal scale of the files.
    """
    if MONEY in schema:
        schema = schema.replace(MONEY, money_type(_money_decimals(paths)))
    reader = session.read.option("__globPaths__", "false").schema(schema)
    return reader.parquet(*map(str, paths))


def parquet_batches(
    folder: Path, columns: Sequence[str], wanted: "pc.Expression | None" = None
) -> Iterator["pa.RecordBatch"]:
    """Yield rows of a table's files, at most a million at a time; `wanted`: a filter.

    For few columns of all customers, Arrow takes a tenth of the core-seconds of a Spark query.
    """
    import pyarrow.dataset as ds

    files = ds.dataset(list(map(str, _parquet_in(folder))))
    for batch in files.to_batches(
        columns=list(columns),
        filter=wanted,
        batch_size=_BATCH_ROWS,
        batch_readahead=1,
        fragment_readahead=1,
    ):
        if batch.num_rows:
            yield batch


def _money_decimals(paths: Iterable[Path]) -> int:
    """Return the decimal scale of money in a table's Parquet files, from one footer."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = (file for path in paths for file in ([path] if path.is_file() else _parquet_in(path)))
    try:
        fields = list(pq.read_schema(next(files)))
    except (StopIteration, OSError, pa.ArrowException):
        return MONEY_DECIMALS  # Spark reports what is wrong with the files
    scales = [
        field.type.scale
        for field in fields
        if pa.types.is_decimal(field.type) and field.type.precision == MONEY_DIGITS
    ]
    return max(scales, default=MONEY_DECIMALS)


def _parquet_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))
