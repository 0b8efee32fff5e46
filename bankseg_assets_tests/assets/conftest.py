"""One batch of demo data for all tests of assets, because a run costs more than all its asserts."""

import shutil
from dataclasses import dataclass

import pytest
from pyspark.sql import SparkSession

from bankseg_assets.build import resources
from bankseg_assets.resources import SparkResource
from bankseg_assets.settings import Settings
from bankseg_assets_tests.running import Run, run_platform
from ops.demo_data import write_demo_transactions
from ops.demo_holdings import write_demo_holdings

DEMO_ROWS = 4_000
OTHER_PARTITIONING = {
    "spark.sql.shuffle.partitions": "5",
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.files.maxPartitionBytes": "10000",
}


@dataclass(frozen=True)
class Platform:
    """A platform with a data folder of its own, and what its last run did."""

    settings: Settings
    resources: dict[str, object]
    run: Run


@pytest.fixture(scope="session")
def batch(tmp_path_factory: pytest.TempPathFactory, spark_resource: SparkResource) -> Platform:
    """Everything, once, from a demo file with four faulty records at its end."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("batch"))
    _write_demo_data(settings)
    platform = resources(settings, spark=spark_resource)
    return Platform(settings, platform, run_platform(platform))


@pytest.fixture(scope="session")
def second_batch(batch: Platform, spark: SparkSession, spark_resource: SparkResource) -> Run:
    """The same content again, with its rows spread over other tasks."""
    before = {name: spark.conf.get(name) for name in OTHER_PARTITIONING}
    # Of the resource, because every run gives the shared session its resource's configuration.
    configuration = spark_resource.spark_config | OTHER_PARTITIONING
    other = SparkResource(spark_config=configuration, stop_after_run=False)
    try:
        return run_platform(resources(batch.settings, spark=other))
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)


@pytest.fixture
def after_batch(batch: Platform, settings: Settings, platform: dict[str, object]) -> Platform:
    """A platform of the test's own, on which the batch was run."""
    shutil.copytree(batch.settings.data_dir, settings.data_dir, dirs_exist_ok=True)
    return Platform(settings, platform, batch.run)


def _write_demo_data(settings: Settings) -> None:
    path = settings.landing_dir / "demo_transactions.csv"
    holdings = settings.holdings_dir / "demo_holdings.csv"
    write_demo_transactions(path, rows=DEMO_ROWS, seed=7)
    write_demo_holdings(holdings, transactions=path, seed=7)
    _, first, second, third, *_ = path.read_text(encoding="utf-8").splitlines()
    fields = third.split(",")
    faulty = [
        first,  # a repetition
        second.rpartition(",")[0] + ",77.77",  # a contradiction: neither is to be believed
        ",".join(["DT900001", *fields[1:-3], "32/13/16", *fields[-2:]]),
        "DT900002,too,few",
    ]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{record}\n" for record in faulty)
    # Complete, says the marker; a file so new would else be waited for.
    for complete in (path, holdings):
        complete.with_name(f"{complete.name}.done").touch()
