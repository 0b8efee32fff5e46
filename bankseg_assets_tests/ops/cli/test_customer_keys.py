"""Customer keys of IDs, and IDs of a person, where the contract computes the key."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.erasure.forget import forget, ids_are_keys
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import BASIS_FILE, VersionStore
from ops.cli.customer_keys import ids_of_persons, key_finder

KEY = "concat_ws('|', location, 'x')"
CONTRACT = replace(DeliveryContract(), customer_key=KEY)


def publish(settings: Settings, key: str) -> VersionStore:
    store = VersionStore(settings.published_dir)
    cleaned = {"customer_id": ["C1111111", "C2222222", "C3333333"], "location": ["A", "A", "B"]}
    tables = {
        "cleaned_transactions": pa.table(cleaned),
        "rfm_table": pa.table({"customer_id": ["A|x", "B|x"], "recency": [1, 2]}),
    }
    for asset, table in tables.items():
        with store.draft(asset, "run") as draft:
            pq.write_table(table, draft.path / "part-0.parquet")
            write_json(draft.path / BASIS_FILE, {"customer_key": key})
    return store


def test_key_that_is_the_id_needs_no_spark(settings: Settings) -> None:
    publish(settings, "customer_id")
    assert key_finder(settings, DeliveryContract()) is ids_are_keys
    assert ids_of_persons(settings, DeliveryContract(), [" C1111111"]) == ["C1111111"]


@pytest.mark.slow
def test_computed_keys_are_found(settings: Settings, spark: SparkSession) -> None:
    assert spark.version
    store = publish(settings, KEY)
    keys_of = key_finder(settings, CONTRACT)
    assert keys_of(store.latest("cleaned_transactions"), ["C3333333"]) == {"B|x"}
    assert ids_of_persons(settings, CONTRACT, ["C1111111"]) == ["C1111111", "C2222222"]


@pytest.mark.slow
def test_customers_of_computed_keys_are_erased(settings: Settings, spark: SparkSession) -> None:
    assert spark.version
    store = publish(settings, KEY)
    found = forget(settings, CONTRACT, ["C3333333"], keys_of=key_finder(settings, CONTRACT))
    assert found.rows == 2
    rows = pq.read_table(store.latest("rfm_table"))["customer_id"].to_pylist()
    assert rows == ["A|x"]
