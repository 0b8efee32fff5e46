"""One Spark session for the whole suite: starting one costs more than most tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from bankseg_assets.build import resources
from bankseg_assets.resources import SparkResource
from bankseg_assets.settings import Settings
from bankseg_assets.spark import DEEP_STACK, prepare_process, spark_config

# Two of everything small, so that a shuffle is one, and a test is quick.
TEST_CONFIG = {
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.driver.memory": "1500m",
    # A suite of small frames never repays the second compiler: 190 tests took 49 s instead of 69.
    "spark.driver.extraJavaOptions": f"{DEEP_STACK} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@pytest.fixture(scope="session")
def spark_resource(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkResource]:
    """The suite's Spark, as assets use it; it outlives their runs."""
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
    """Settings of a platform with a data folder of its own; the landing folder exists."""
    settings = Settings(data_dir=tmp_path / "data")
    settings.landing_dir.mkdir(parents=True)
    return settings


@pytest.fixture
def platform(settings: Settings, spark_resource: SparkResource) -> dict[str, object]:
    """The resources of that platform, on the suite's Spark."""
    return resources(settings, spark=spark_resource)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real half of the transactions; skips where it is absent."""
    path = Path(__file__).parents[2] / "shared" / "data" / "bank_transactions_half.csv.gz"
    if not path.exists():
        pytest.skip(f"real data is not here ({path})")
    return path
