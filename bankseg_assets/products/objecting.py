"""Leave customers who object to marketing out of tables of customers."""

from collections.abc import Collection

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

ID = "customer_id"


def without_objections(rows: DataFrame, ids: Collection[str]) -> DataFrame:
    """Return the rows of customers who do not object."""
    return rows.join(_table(rows, ids), ID, "left_anti").select(*rows.columns) if ids else rows


def count_among(customers: DataFrame, ids: Collection[str]) -> int:
    """Return how many of the customers object."""
    return customers.join(_table(customers, ids), ID, "left_semi").count() if ids else 0


def _table(like: DataFrame, ids: Collection[str]) -> DataFrame:
    table = pa.table({ID: pa.array(sorted(ids), pa.string())})
    return F.broadcast(like.sparkSession.createDataFrame(table))
