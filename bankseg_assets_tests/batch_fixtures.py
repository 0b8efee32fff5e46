"""Fixtures based on the shared batch of demo data."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from pyspark.sql import SparkSession

from bankseg_assets.defs.assets.customers import rfm_table
from bankseg_assets.defs.build import resources
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.running import Platform, Run, run_platform

OTHER_PARTITIONING = {
    "spark.sql.shuffle.partitions": "5",
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.files.maxPartitionBytes": "10000",
}


@pytest.fixture(scope="session")
def second_batch(batch: Platform, spark: SparkSession, spark_resource: SparkResource) -> Run:
    """The same data again with other partitioning and a full recompute of the customers."""
    before = {name: spark.conf.get(name) for name in OTHER_PARTITIONING}
    # Set on the resource, because every run applies its resource's configuration to the session.
    configuration = spark_resource.spark_config | OTHER_PARTITIONING
    other = SparkResource(spark_config=configuration, stop_after_run=False)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rfm_table, "MOST_TOUCHED", -1.0)  # otherwise the previous table is reused
            return run_platform(resources(batch.settings, spark=other))
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)


@pytest.fixture
def after_batch(batch: Platform, settings: Settings, platform: dict[str, object]) -> Platform:
    """A platform for one test, on which the batch was run."""
    shutil.copytree(batch.settings.data_dir, settings.data_dir, dirs_exist_ok=True)
    return Platform(settings, platform, batch.run)


@pytest.fixture
def own_data(after_batch: Platform) -> Platform:
    """The same with data of a bank, since gates do not protect demo data."""
    with closing(sqlite3.connect(after_batch.settings.ledger_path)) as connection, connection:
        connection.execute("UPDATE deliveries SET file_name = 'bank.csv'")
    make_release(after_batch, lambda document: document.update(is_demo=False))
    return after_batch


def make_release(bank: Platform, change: Callable[[dict[str, Any]], object]) -> None:
    """Publish a copy of the newest release with a change."""
    store = VersionStore(bank.settings.published_dir)
    newest = store.latest("release")
    document = json.loads((newest / "model.json").read_text(encoding="utf-8"))
    change(document)
    with store.draft("release", str(uuid4()), document["versions"]) as draft:
        write_json(draft.path / "model.json", document)
