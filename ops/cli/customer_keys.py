"""Customer keys of IDs and IDs of a person, where the contract computes the key of a customer.

The key is an expression of Spark SQL. Only if it is not the customer ID, Spark starts.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.tables import CLEANED_TRANSACTIONS
from bankseg_assets.customers.customer_key import RFM_TABLE, key_of
from bankseg_assets.erasure.forget import KeysOf, ids_are_keys
from bankseg_assets.privacy.customer_ids import normalised
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.parquet import read_parquet
from bankseg_assets.storage.version_store import VersionStore
from ops.cli.spark_session import spark_session

ID = "customer_id"


def key_finder(settings: Settings, contract: DeliveryContract) -> KeysOf:
    """Return a function that finds the customer keys of IDs, by the key of each kept version."""
    keys = _keys(settings, contract)
    if not keys:
        return ids_are_keys

    def keys_of(version: Path, ids: Collection[str]) -> set[str]:
        rows = _rows(version, ids)
        return _values(settings, rows, keys) if rows.num_rows else set()

    return keys_of


def ids_of_persons(
    settings: Settings, contract: DeliveryContract, ids: Collection[str]
) -> list[str]:
    """Return these IDs, and all others with the same customer key as one of their rows."""
    from pyspark.sql import functions as F  # noqa: N812

    rule = contract.columns[ID]
    found = {normalised(one, rule) for one in ids}
    versions = VersionStore(settings.published_dir).versions(CLEANED_TRANSACTIONS.name)
    keys = _keys(settings, contract)
    if not keys or not versions:
        return sorted(found)
    values = {value for one in versions for value in key_finder(settings, contract)(one, found)}
    session = spark_session(settings)
    for version in versions:
        rows = read_parquet(session, CLEANED_TRANSACTIONS.ddl, version)
        for key in keys:
            theirs = rows.where(F.expr(key).cast("string").isin(sorted(values)))
            found |= {row[ID] for row in theirs.select(ID).distinct().collect()}
    return sorted(found)


def _keys(settings: Settings, contract: DeliveryContract) -> list[str]:
    """Return the customer keys of the kept versions other than the ID."""
    versions = VersionStore(settings.published_dir).versions(RFM_TABLE)
    return sorted({key_of(one, contract.customer_key).strip() for one in versions} - {ID})


def _rows(version: Path, ids: Collection[str]) -> pa.Table:
    files = sorted(map(str, version.glob("*.parquet")))
    return ds.dataset(files).to_table(filter=ds.field(ID).isin(sorted(ids)))


def _values(settings: Settings, rows: pa.Table, keys: Sequence[str]) -> set[str]:
    from pyspark.sql import functions as F  # noqa: N812

    columns = (F.expr(key).cast("string") for key in keys)
    found = spark_session(settings).createDataFrame(rows).select(*columns)
    return {value for row in found.collect() for value in row if value is not None}
