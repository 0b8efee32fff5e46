"""One Spark session and one batch of demo data, shared by the suite because both are slow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from bankseg_assets.defs.build import resources
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.runtime import class_archive
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.runtime.spark import DEEP_STACK, prepare_process, spark_config

# Fixtures of several folders; pytest finds only those in this file.
from bankseg_assets_tests import tiers
from bankseg_assets_tests.batch_fixtures import after_batch, own_data, second_batch
from bankseg_assets_tests.model_fixtures import fitted
from bankseg_assets_tests.running import DEMO_ROWS, Platform, run_platform
from ops.demo.holdings import write_demo_holdings
from ops.demo.transactions import write_demo_transactions

# Small numbers, two each, so that shuffles are real and tests are quick.
TEST_CONFIG = {
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.driver.memory": "1500m",
    # Small frames do not benefit from the C2 compiler: 190 tests took 49 s instead of 69.
    "spark.driver.extraJavaOptions": f"{DEEP_STACK} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


__all__ = ["after_batch", "fitted", "own_data", "second_batch"]


# First, since a later hook of pytest selects the tests by their markers.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests with a slow fixture."""
    tiers.mark_slow(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Let a unit test fail if it starts a process."""
    with tiers.no_processes(item):
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_class_archive(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Ignore the archive of this environment, for which Java would be searched in unit tests."""
    class_archive.ROOT = tmp_path_factory.getbasetemp() / "no-class-archive"


@pytest.fixture(scope="session")
def spark_resource(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkResource]:
    """The suite's Spark resource, which outlives the runs of assets."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("spark"), spark_master="local[2]")
    prepare_process(settings)
    resource = SparkResource(
        spark_config=spark_config(settings, extra=TEST_CONFIG), stop_after_run=False
    )
    yield resource
    resource.spark_session.stop()


@pytest.fixture(scope="session")
def spark(spark_resource: SparkResource) -> SparkSession:
    """The suite's Spark session."""
    session: SparkSession = spark_resource.spark_session
    session.sparkContext.setLogLevel("ERROR")
    return session


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a separate data folder; the landing folder exists."""
    settings = Settings(data_dir=tmp_path / "data")
    settings.landing_dir.mkdir(parents=True)
    return settings


@pytest.fixture
def platform(settings: Settings, spark_resource: SparkResource) -> dict[str, object]:
    """The resources for `settings`, with the suite's Spark."""
    return resources(settings, spark=spark_resource)


@pytest.fixture(scope="session")
def batch(tmp_path_factory: pytest.TempPathFactory, spark_resource: SparkResource) -> Platform:
    """A run of all assets from a demo file with four faulty records at its end."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("batch"))
    _write_demo_data(settings)
    platform = resources(settings, spark=spark_resource)
    return Platform(settings, platform, run_platform(platform))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real half of the transactions; skips the test if it is absent."""
    path = Path(__file__).parents[2] / "shared" / "data" / "bank_transactions_half.csv.gz"
    if not path.exists():
        pytest.skip(f"real data is not here ({path})")
    return path


def _write_demo_data(settings: Settings) -> None:
    path = settings.landing_dir / "demo_transactions.csv"
    holdings = settings.holdings_dir / "demo_holdings.csv"
    write_demo_transactions(path, rows=DEMO_ROWS, seed=7)
    write_demo_holdings(holdings, transactions=[path], seed=7)
    _, first, second, third, *_ = path.read_text(encoding="utf-8").splitlines()
    fields = third.split(",")
    faulty = [
        first,  # a duplicate
        second.rpartition(",")[0] + ",77.77",  # a contradiction: both are quarantined
        ",".join(["DT900001", *fields[1:-3], "32/13/16", *fields[-2:]]),
        "DT900002,too,few",
    ]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{record}\n" for record in faulty)
    # The marker shows that the file is complete; otherwise a new file would have to wait.
    for complete in (path, holdings):
        complete.with_name(f"{complete.name}.done").touch()
