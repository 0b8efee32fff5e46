"""I/O manager that writes a new version directory per materialization and reads the newest."""

import os
import shutil
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import PrivateAttr
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_schema

from bankseg_assets.contracts.tables import TABLES
from bankseg_assets.defs.metadata import column_lineage
from bankseg_assets.defs.resources import PublishedResource, SparkResource
from bankseg_assets.erasure.forget import finish_interrupted
from bankseg_assets.release.releases import prune
from bankseg_assets.storage.documents import read_document, write_document, write_json
from bankseg_assets.storage.outputs import (
    Document,
    FrameWithBasis,
    ParquetFiles,
    Report,
    SmallTable,
    row_count,
)
from bankseg_assets.storage.parquet import read_parquet
from bankseg_assets.storage.report_pages import REPORT_FILE, report_address
from bankseg_assets.storage.run_lock import RunInProgressError, held_by_erasure, held_by_run
from bankseg_assets.storage.version_store import BASIS_FILE, content_version

SMALL_TABLE_FILE = "part-00000.parquet"
ROW_COUNT_KEY = "bankseg/row_count_key"
PATH_KEY = "bankseg/path_key"
"""Definition metadata: additional keys under which written rows and path are recorded."""
ROW_GROUP_BYTES = {
    "customer_segments": 2 << 20,
    "product_holdings": 1 << 19,
    "product_recommendations": 1 << 19,
}
"""Table in which the rows of one customer are searched (`lookup.row_search`) -> size of its groups.

Groups have some 10,000 rows instead of 500,000, and only one or two are read: Spark aggregates by
sorting, so that each has its own range of IDs.
"""


class VersionedIOManager(dg.ConfigurableIOManager):
    """DataFrames and linked files as Parquet, dicts as JSON, reports as HTML and JSON."""

    published: dg.ResourceDependency[PublishedResource]
    spark: dg.ResourceDependency[SparkResource]
    _read: dict[str, dict[str, str]] = PrivateAttr(default_factory=dict)
    _held: ExitStack = PrivateAttr(default_factory=ExitStack)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Finish an interrupted erasure, and keep erasures out while the run lasts."""
        if context.run is None:
            return
        folder = self.published.store.folder
        with suppress(RunInProgressError), held_by_erasure(folder):
            finish_interrupted(folder.parent)
        self._held.enter_context(held_by_run(folder))

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Let erasures begin again."""
        self._held.close()

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Write a new version; record path, rows and seconds in the materialization's metadata."""
        asset = context.asset_key.path[-1]
        inputs = self._read.get(context.step_key, {})
        store = self.published.store
        with store.draft(asset, context.run_id, inputs) as draft:
            rows = (
                self._write_small(draft.path, asset, obj)
                if isinstance(obj, SmallTable)
                else _write(draft.path, asset, obj)
            )
        prune(store, [asset])
        version = draft.version
        assert version is not None
        # With Dagster's default, which hashes the inputs' versions, other settings or another
        # contract would go unnoticed downstream.
        content = dg.DataVersion(content_version(version))
        context.step_context.set_data_version(context.asset_key, content)
        found: dict[str, Any] = {
            "path": dg.MetadataValue.path(str(version)),
            "version": version.name,
            "seconds": round(_seconds_since_start(context), 2),
            "bytes": sum(file.stat().st_size for file in version.rglob("*") if file.is_file()),
        }
        if name := context.definition_metadata.get(PATH_KEY):
            found[str(name)] = str(version)
        if isinstance(obj, Report):
            found["report"] = dg.MetadataValue.url(report_address(version))
        if rows is not None:
            found["dagster/row_count"] = rows
            if name := context.definition_metadata.get(ROW_COUNT_KEY):
                found[str(name)] = rows
        if lineage := column_lineage(asset):
            found["dagster/column_lineage"] = lineage
        context.add_output_metadata(found)

    def load_input(self, context: dg.InputContext) -> Any:
        """Read the newest version: a DataFrame for a table, a dict for a model."""
        asset = context.asset_key.path[-1]
        version = self.published.store.latest(asset)
        self._read.setdefault(context.step_context.step.key, {})[asset] = version.name
        if asset in TABLES:
            # An explicit schema: inferring it would cost a Spark job per table.
            return read_parquet(self.spark.spark_session, TABLES[asset].ddl, version)
        return read_document(version)

    def _write_small(self, folder: Path, asset: str, table: SmallTable) -> int:
        empty = self.spark.spark_session.createDataFrame([], TABLES[asset].ddl)
        schema = to_arrow_schema(empty.schema)  # as Spark writes it
        if isinstance(table.rows, pd.DataFrame):
            rows = pa.Table.from_pandas(table.rows, schema, preserve_index=False)
        else:
            rows = pa.Table.from_pylist(list(table.rows), schema)
        pq.write_table(rows, folder / SMALL_TABLE_FILE, compression="zstd")
        return len(table.rows)


def _write(folder: Path, asset: str, value: Any) -> int | None:
    """Write one value; return the number of rows for a table."""
    if isinstance(value, DataFrame):
        table = value.select(*TABLES[asset].names)
        table.write.mode("append").options(**_row_groups(asset)).parquet(str(folder))
        return row_count(folder)
    if isinstance(value, FrameWithBasis):
        write_json(folder / BASIS_FILE, value.basis)
        return _write(folder, asset, value.frame)
    if isinstance(value, ParquetFiles):
        for name, path in value.files.items():
            _link(path, folder / name)
        if value.basis is not None:
            write_json(folder / BASIS_FILE, value.basis)
        return row_count(folder)
    if isinstance(value, Report):
        (folder / REPORT_FILE).write_text(value.html, encoding="utf-8")
        write_document(folder, value.tables)
        return None
    if isinstance(value, Document):
        write_json(folder / BASIS_FILE, value.basis)
        return _write(folder, asset, value.content)
    if isinstance(value, dict):
        write_document(folder, value)
        return None
    raise TypeError(f"{asset} is a {type(value).__name__}: neither a table, a report nor a model.")


def _row_groups(asset: str) -> dict[str, str]:
    """Return Parquet's options for the size of row groups; none for Spark's own."""
    if asset not in ROW_GROUP_BYTES:
        return {}
    # A dictionary of IDs, which hardly repeat, would be begun for each group and given up: 1.2
    # core-seconds for a million customers.
    size = str(ROW_GROUP_BYTES[asset])
    return {"parquet.block.size": size, "parquet.enable.dictionary#customer_id": "false"}


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a different file system, or one without hard links
        shutil.copyfile(source, target)


def _seconds_since_start(context: dg.OutputContext) -> float:
    """Return the seconds since the step started, because Spark computes lazily on write."""
    step = context.step_context
    stats = step.instance.get_run_step_stats(context.run_id, [step.step.key])
    started = stats[0].start_time if stats else None
    return time.time() - started if started else 0.0
