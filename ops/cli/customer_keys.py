"""The customer keys of some IDs, where the contract computes the key from several columns."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.customers.customer_key import RFM_TABLE, key_of
from bankseg_assets.erasure.forget import KeysOf, ids_are_keys
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.version_store import VersionStore

ID = "customer_id"


def key_finder(settings: Settings, contract: DeliveryContract) -> KeysOf:
    """Return a function that finds the customer keys of IDs.

    The key is an expression of Spark SQL: only if it is not the ID, Spark starts, for the rows of
    these customers.
    """
    versions = VersionStore(settings.published_dir).versions(RFM_TABLE)
    keys = {key_of(version, contract.customer_key).strip() for version in versions} - {ID}
    if not keys:
        return ids_are_keys

    def keys_of(version: Path, ids: Collection[str]) -> set[str]:
        rows = _rows(version, ids)
        return _keys(settings, rows, sorted(keys)) if rows.num_rows else set()

    return keys_of


def _rows(version: Path, ids: Collection[str]) -> pa.Table:
    files = sorted(map(str, version.glob("*.parquet")))
    return ds.dataset(files).to_table(filter=ds.field(ID).isin(sorted(ids)))


def _keys(settings: Settings, rows: pa.Table, keys: Sequence[str]) -> set[str]:
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F  # noqa: N812

    from bankseg_assets.runtime.spark import prepare_process

    prepare_process(settings)
    session = SparkSession.builder.master("local[1]").appName("bankseg").getOrCreate()
    found = session.createDataFrame(rows).select(*(F.expr(key).cast("string") for key in keys))
    return {value for row in found.collect() for value in row if value is not None}
