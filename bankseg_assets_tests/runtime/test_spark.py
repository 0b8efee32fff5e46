"""Spark configuration in local mode, on a cluster, and with Spark Connect."""

import os
import re
import sys
from decimal import Decimal
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import DecimalType

from bankseg_assets.contracts.tables import RFM_TABLE
from bankseg_assets.runtime import spark as spark_module
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.runtime.spark import (
    FIRST_COMPILER,
    LOGGING,
    MOST_MEMORY_MIB,
    SMALLER_METHODS,
    cores,
    csv_bytes,
    heap_mib,
    prepare_process,
    spark_config,
    start_early,
)
from bankseg_assets.storage.parquet import read_parquet

MIB = 1 << 20


def test_local_mode_listens_to_this_machine_alone(tmp_path: Path) -> None:
    config = spark_config(Settings(data_dir=tmp_path))
    assert config["spark.master"] == "local[*]"
    assert config["spark.driver.bindAddress"] == config["spark.driver.host"] == "127.0.0.1"
    assert config["spark.driver.memory"] == f"{heap_mib()}m"
    assert config["spark.ui.enabled"] == "false"
    assert "spark.local.dir" not in config  # `prepare_process` sets SPARK_LOCAL_DIRS


def test_java_logs_by_the_own_configuration() -> None:
    assert LOGGING in spark_config(Settings())["spark.driver.extraJavaOptions"].split()
    file = Path(unquote(urlsplit(LOGGING.partition("=")[2]).path))
    assert "rootLogger.level = warn" in file.read_text(encoding="utf-8")
    # The cluster's client may have a configuration of its own.
    on_cluster = spark_config(Settings(spark_master="spark://head:7077"))
    assert LOGGING not in on_cluster["spark.driver.extraJavaOptions"]


def test_cluster_keeps_own_address_memory_parallelism() -> None:
    config = spark_config(Settings(spark_master="spark://head:7077"))
    assert config["spark.master"] == "spark://head:7077"
    assert config["spark.local.dir"].endswith("/spark_scratch")
    assert "spark.sql.shuffle.partitions" not in config
    assert [name for name in config if name.startswith("spark.driver.")] == [
        "spark.driver.extraJavaOptions"
    ]


def test_paths_are_on_shared_disk_on_any_cluster() -> None:
    assert spark_config(Settings())["spark.hadoop.fs.defaultFS"] == "file:///"
    # Session settings of Spark Connect reach Hadoop without the prefix `spark.hadoop`.
    assert spark_config(Settings(spark_remote="sc://head"))["fs.defaultFS"] == "file:///"


def test_spark_connect_has_no_master_and_hides_address() -> None:
    """The address may contain a token, and Dagster stores a resource's configuration."""
    config = spark_config(Settings(spark_remote="sc://head:15002/;token=x"), extra={"spark.x": "1"})
    assert "token" not in str(config)
    assert config["spark.x"] == "1"
    assert {"spark.master", "spark.driver.memory", "spark.local.dir"}.isdisjoint(config)
    assert "spark.sql.execution.arrow.pyspark.fallback.enabled" not in config  # it warns


def test_spark_connect_is_not_started_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spark ML needs the active session, which Spark Connect sets per thread."""
    started: list[Thread] = []
    monkeypatch.setattr(spark_module, "_STARTING", started)
    start_early(Settings(spark_remote="sc://head"), {})
    assert started == []


def test_extra_configuration_takes_precedence() -> None:
    extra = {"spark.sql.shuffle.partitions": "1", "spark.driver.memory": "1g"}
    assert extra.items() <= spark_config(Settings(), extra=extra).items()


@pytest.mark.parametrize(
    ("machine_mib", "heap"), [(2_000, 1_024), (8_000, 2_800), (64_000, MOST_MEMORY_MIB)]
)
def test_heap_leaves_memory_for_other_processes(
    monkeypatch: pytest.MonkeyPatch, machine_mib: int, heap: int
) -> None:
    pages = {"SC_PAGE_SIZE": 4_096, "SC_PHYS_PAGES": machine_mib * MIB // 4_096}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__)
    assert heap_mib() == heap


@pytest.mark.parametrize(
    ("name", "size", "is_small"),
    [
        ("landing/a.csv", 40, False),
        ("landing/a.csv", 20, True),
        ("landing/a.csv.gz", 10, False),
        ("raw/0a1b/part.parquet", 12, False),
        ("raw/0a1b/part.parquet", 7, True),
    ],
)
def test_small_data_uses_first_java_compiler(
    tmp_path: Path, name: str, size: int, is_small: bool
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(size * MIB)  # no bytes on the disk
    options = spark_config(Settings(data_dir=tmp_path))["spark.driver.extraJavaOptions"]
    assert (FIRST_COMPILER in options) == is_small
    assert (SMALLER_METHODS in options) != is_small


@pytest.mark.parametrize(("size", "is_small"), [(60, True), (80, False)])
def test_data_with_models_in_use_are_small_for_longer(
    tmp_path: Path, size: int, is_small: bool
) -> None:
    (tmp_path / "published" / "release" / "00001").mkdir(parents=True)
    (tmp_path / "landing").mkdir()
    with (tmp_path / "landing" / "a.csv").open("wb") as file:
        file.truncate(size * MIB)
    options = spark_config(Settings(data_dir=tmp_path))["spark.driver.extraJavaOptions"]
    assert (FIRST_COMPILER in options) == is_small


def test_waiting_process_returns_memory() -> None:
    """It keeps the generated classes for its run."""
    waiting, usual = spark_config(Settings(), waits=True), spark_config(Settings())
    options = "spark.driver.extraJavaOptions"
    assert "UseSerialGC" in waiting[options]
    assert "UseParallelGC" not in waiting[options]
    assert "UseSerialGC" not in usual[options]
    assert waiting["spark.sql.codegen.cache.maxEntries"] == "5000"
    assert "spark.sql.codegen.cache.maxEntries" not in usual


def test_csv_bytes_ignores_files_removed_meanwhile(tmp_path: Path) -> None:
    assert csv_bytes(tmp_path / "nowhere") == 0
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "here.csv").write_bytes(b"12345")
    assert csv_bytes(tmp_path) == 5


def test_csv_bytes_ignores_drafts(tmp_path: Path) -> None:
    """A file that is still being written is not part of the next run."""
    (tmp_path / ".draft-1").write_bytes(b"12345")
    (tmp_path / "a.csv").write_bytes(b"123")
    assert csv_bytes(tmp_path) == 3


@pytest.mark.parametrize(("processors", "partitions"), [(1, "4"), (2, "4"), (16, "32")])
def test_shuffle_partitions_match_available_processors(
    monkeypatch: pytest.MonkeyPatch, processors: int, partitions: str
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
    assert cores() == processors
    assert spark_config(Settings())["spark.sql.shuffle.partitions"] == partitions


def test_workers_get_this_python_and_found_java(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYSPARK_PYTHON", "another")
    monkeypatch.setenv("JAVA_HOME", "another")
    monkeypatch.delenv("SPARK_LOCAL_IP", raising=False)
    monkeypatch.setattr(spark_module, "find_java_home", lambda shim_dir: shim_dir / "found")
    prepare_process(Settings(data_dir=tmp_path))
    assert os.environ["PYSPARK_PYTHON"] == sys.executable
    assert os.environ["JAVA_HOME"] == str(tmp_path / "java" / "found")
    assert os.environ["SPARK_LOCAL_IP"] == "127.0.0.1"


def test_every_java_has_one_locale(tmp_path: Path) -> None:
    """In Turkish, the capital of "i" has a dot."""
    for master in ("local[2]", "spark://head:7077"):
        config = spark_config(Settings(data_dir=tmp_path, spark_master=master))
        for name in ("spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions"):
            assert "-Duser.language=en -Duser.language.format=en" in config[name]


OTHERS = {
    "SPARK_HOME": "/opt/spark",
    "PYSPARK_SUBMIT_ARGS": "--master yarn pyspark-shell",
    "SPARK_REMOTE": "sc://head",
    "HADOOP_CONF_DIR": "/etc/hadoop",
    "SPARK_CONF_DIR": "/etc/spark",
    "_JAVA_OPTIONS": "-Duser.language=tr",
    "HADOOP_USER_NAME": "teller",
}


@pytest.mark.parametrize(
    ("master", "stays"),
    [
        ("local[2]", {"HADOOP_USER_NAME"}),
        (
            "spark://head:7077",
            {"HADOOP_CONF_DIR", "SPARK_CONF_DIR", "HADOOP_USER_NAME"},
        ),
    ],
)
def test_environment_of_another_spark_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, master: str, stays: set[str]
) -> None:
    """Environment variables may locate a cluster; local mode needs none of them."""
    monkeypatch.setattr(spark_module, "find_java_home", lambda folder: folder)
    monkeypatch.setattr(spark_module.os, "environ", dict(OTHERS))
    prepare_process(Settings(data_dir=tmp_path, spark_master=master))
    assert os.environ.keys() & OTHERS.keys() == stays
    assert os.environ["LC_ALL"] == "C.UTF-8"


def test_cluster_keeps_driver_address_and_executor_python(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYSPARK_PYTHON", "/opt/python")
    monkeypatch.setenv("JAVA_HOME", "another")
    monkeypatch.setenv("SPARK_LOCAL_DIRS", "another")
    monkeypatch.delenv("SPARK_LOCAL_IP", raising=False)
    monkeypatch.setattr(spark_module, "find_java_home", lambda shim_dir: shim_dir / "found")
    settings = Settings(data_dir=tmp_path, spark_master="spark://head:7077")
    prepare_process(settings)
    assert "SPARK_LOCAL_IP" not in os.environ
    assert os.environ["PYSPARK_PYTHON"] == "/opt/python"
    monkeypatch.delenv("PYSPARK_PYTHON")
    prepare_process(settings)
    assert os.environ["PYSPARK_PYTHON"] == sys.executable


def test_spark_connect_needs_no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSPARK_PYTHON", "another")
    monkeypatch.setenv("JAVA_HOME", "untouched")
    monkeypatch.setenv("SPARK_REMOTE", "another")
    prepare_process(Settings(spark_remote="sc://head:15002"))
    assert os.environ["JAVA_HOME"] == "untouched"
    assert os.environ["SPARK_REMOTE"] == "sc://head:15002"


def test_session_has_configuration(spark: SparkSession) -> None:
    config = spark_config(Settings())
    for name in ("spark.sql.session.timeZone", "spark.sql.parquet.compression.codec"):
        assert spark.conf.get(name) == config[name]
    assert spark.conf.get("spark.sql.execution.arrow.pyspark.fallback.enabled") == "false"
    assert spark.sparkContext.uiWebUrl is None


def test_no_module_reads_parquet_by_pattern() -> None:
    """Spark treats `[1]` in a folder's name as a pattern; `read_parquet` does not."""
    package = Path(spark_module.__file__).parent
    readers = {
        path.name
        for path in package.rglob("*.py")
        if re.search(r"\.read\.(schema|parquet|load)\(", path.read_text(encoding="utf-8"))
    }
    assert readers == set()


@pytest.mark.slow
@pytest.mark.parametrize("decimals", [2, 3, 4])
def test_read_parquet_uses_decimals_of_files(
    spark: SparkSession, tmp_path: Path, decimals: int
) -> None:
    value, kind = Decimal(1).scaleb(-decimals), pa.decimal128(18, decimals)
    table = pa.table({"customer_id": ["C1"], "monetary": pa.array([value], kind)})
    folder = tmp_path / "part [1]"
    folder.mkdir()
    pq.write_table(table, folder / "a.parquet")
    for paths in ([folder], [folder / "a.parquet"]):
        found = read_parquet(spark, RFM_TABLE.ddl, *paths)
        assert found.schema["latest_balance"].dataType == DecimalType(18, decimals)
        assert found.select("monetary").collect() == [(value,)]


def test_read_parquet_leaves_other_tables_alone(spark: SparkSession, tmp_path: Path) -> None:
    """A sum over many customers has its own type, and Spark reports a folder without files."""
    pq.write_table(pa.table({"money": pa.array([1], pa.decimal128(38, 4))}), tmp_path / "a.parquet")
    found = read_parquet(spark, "money decimal(38,4), amount decimal(18,2)", tmp_path)
    assert found.schema["amount"].dataType == DecimalType(18, 2)
    (tmp_path / "empty").mkdir()
    assert read_parquet(spark, RFM_TABLE.ddl, tmp_path / "empty").isEmpty()
