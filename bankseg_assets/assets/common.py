"""What assets share: owner, groups, freshness; a small table of plain rows."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
from pyspark.sql import DataFrame, SparkSession

from bankseg_assets.contracts import Table

OWNERS = ["team:customer-analytics"]
INGESTION = "ingestion"
INSIGHT = "insight"
MODELS = "models"
SEGMENTS = "segments"
ACTIONS = "actions"

# The real file's days end in October 2016 and files come when they come: a week without a new
# version is worth a look, a month is a fault.
FRESHNESS = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(days=31), warn_window=timedelta(days=7)
)


def small_table(spark: SparkSession, table: Table, rows: Iterable[Mapping[str, Any]]) -> DataFrame:
    """Return rows as a table of one file."""
    values = [tuple(row[name] for name in table.names) for row in rows]
    return spark.createDataFrame(values, table.ddl).coalesce(1)
