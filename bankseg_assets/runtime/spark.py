"""Spark configuration for this machine; used by the Dagster resource and the tests."""

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from bankseg_assets.runtime import class_archive
from bankseg_assets.runtime.java import JAVA_OPTIONS, find_java_home
from bankseg_assets.runtime.scratch import private_folder
from bankseg_assets.runtime.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MEMORY_SHARE = 0.35  # share of memory for the JVM, beside Python, the UI and the app
# ALS iterates without a checkpoint: deserializing such a task overflowed the default 1 MB.
DEEP_STACK = "-Xss16m"
# Java does not compile methods over 8,000 bytes; Spark generates one for a wide aggregation.
COMPILE_ALL = "-XX:-DontCompileHugeMethods"
# G1's barriers and threads cost a batch of a million rows 11 of 65 s on two cores; pauses do not
# matter in a batch.
COLLECTOR = "-XX:+UseParallelGC"
# For a process that waits for its run: this collector gives freed memory back. After a training
# batch Java keeps 0.75 GB; with the parallel one 2.6. The archive of classes is mapped where it was
# made for: moved elsewhere, 150 of its 190 MB are changed and kept in memory, there 55.
RETURNING_COLLECTOR = (
    "-XX:+UseSerialGC -Xms64m -XX:-ShrinkHeapInSteps -XX:MinHeapFreeRatio=10 "
    "-XX:MaxHeapFreeRatio=15 -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0"
)
WAITING = {
    # The default of 100 generated classes is less than a batch has.
    "spark.sql.codegen.cache.maxEntries": "5000",
    # The history of the training batch, and a page of 64 MB for each sort, need 100 MB.
    "spark.sql.ui.retainedExecutions": "1",
    "spark.ui.retainedJobs": "10",
    "spark.ui.retainedStages": "10",
    "spark.ui.retainedTasks": "100",
    "spark.buffer.pageSize": "4m",
}
# A batch is some fifty queries, each with its own generated classes. Compiling them took Java's
# second compiler (C2) 28 of 97 core-seconds for a million rows; with less inlining, the total is
# 83. Its graphs keep their size: limited to 20,000 nodes, C2 gave up on the method that validates
# a row, and a million rows took 16 core-seconds on a warm JVM instead of 9.
SMALLER_METHODS = (
    "-XX:+IgnoreUnrecognizedVMOptions -XX:FreqInlineSize=120 -XX:InlineSmallCode=1000 "
    "-XX:MaxInlineLevel=6"
)
# For few rows C2 does not pay off: without it 300,000 rows took 38 s instead of 44, half a million
# 45 instead of 42.
FIRST_COMPILER = "-XX:TieredStopAtLevel=1"
SMALL_DATA = 24 << 20  # bytes of CSV, some 350,000 rows
# With models in use, a delivery needs a quarter of a full batch's tasks: 5,000 more rows on half a
# million took 65 core-seconds with C2 and 54 without, 30,000 more on a million as many with it.
SMALL_WITH_MODELS = 3 * SMALL_DATA
PACKED = {".gz": 4, ".parquet": 3}  # size ratio of CSV to the same data in this format
# In a Turkish locale the capital of "i" has a dot, so no value with an "i" would match the
# contract; other locales write numbers with a comma. Java takes what is not set here from the
# machine.
NEUTRAL_LOCALE = (
    " ".join(
        f"-Duser.{name}{category}={value}"
        for name, value in (("language", "en"), ("country", ""), ("variant", ""), ("script", ""))
        for category in ("", ".format", ".display")
    )
    + " -Duser.timezone=UTC -Dfile.encoding=UTF-8"
)
# Without it, each start logs warnings that ask for no action. As a URI: Log4j reads a comma as the
# begin of a second name.
_LOGGED = Path(__file__).absolute().with_name("log4j2.properties")
LOGGING = f"-Dlog4j2.configurationFile={_LOGGED.as_uri()}"
# Environment variables of another Spark, Hadoop or Java: programs, configuration, servers. Local
# mode needs none of them; some locate a cluster.
_FOREIGN_PREFIXES = ("SPARK_", "PYSPARK_", "HADOOP_", "YARN_", "HIVE_")
_OTHER_SESSIONS = (
    *("SPARK_HOME", "SPARK_REMOTE", "SPARK_LOCAL_REMOTE", "SPARK_CONNECT_MODE_ENABLED"),
    *("SPARK_API_MODE", "PYSPARK_SUBMIT_ARGS", "PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET"),
    "_JAVA_OPTIONS",  # takes precedence over the options that Java is started with
)
# The user, and what pyspark itself sets once a session exists.
_OURS = ("SPARK_USER", "HADOOP_USER_NAME", "SPARK_AUTH_SOCKET_TIMEOUT", "SPARK_BUFFER_SIZE")
# Java encodes file names by its locale. Under LC_ALL=C that is ASCII, and a folder with an umlaut
# is not found.
UTF8_LOCALE = "C.UTF-8"
# A cluster may default to HDFS: Spark would then write there, while Python reads the local disk.
SHARED_DISK = "file:///"
MOST_MEMORY_MIB = 5120  # enough for 50 million rows; the parallel collector fills what it is given

_STARTING: list[Thread] = []


def spark_config(
    settings: Settings, *, extra: Mapping[str, str] | None = None, waits: bool = False
) -> dict[str, str]:
    """Return the session's configuration for local mode, a cluster master, or Spark Connect.

    `waits`: for a process of local mode that is started before there is a run.
    """
    config = {
        "spark.app.name": "bankseg",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        # A table is cached for one or two jobs: choosing the best encoding of each column took half
        # of the time of caching the customers.
        "spark.sql.inMemoryColumnarStorage.compressed": "false",
        # ICU's upper case took a sixth of cleaning; Java's differs for rare scripts only.
        "spark.sql.icu.caseMappings.enabled": "false",
    }
    if settings.spark_remote:
        # The URL may contain a token, and Dagster shows and stores a resource's configuration: see
        # `prepare_process`.
        return config | {"fs.defaultFS": SHARED_DISK} | dict(extra or {})
    config |= {
        "spark.master": settings.spark_master,
        "spark.hadoop.fs.defaultFS": SHARED_DISK,
        "spark.sql.execution.arrow.pyspark.fallback.enabled": "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.executor.extraJavaOptions": f"{DEEP_STACK} {NEUTRAL_LOCALE}",
        "spark.driver.extraJavaOptions": NEUTRAL_LOCALE,
    }
    if is_local(settings):
        config |= {
            # With the default of 200, tasks cost more than the work in every shuffle of a small
            # frame. A cluster keeps its own default.
            "spark.sql.shuffle.partitions": str(max(4, 2 * cores())),
            "spark.driver.memory": f"{heap_mib()}m",
            "spark.driver.extraJavaOptions": " ".join(
                filter(None, _java_options(settings, RETURNING_COLLECTOR if waits else COLLECTOR))
            ),
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            **(WAITING if waits else {}),
        }
    else:
        # Of executors; in local mode it is SPARK_LOCAL_DIRS, and Spark warns if both are set.
        config["spark.local.dir"] = str(settings.scratch_dir)
    return config | dict(extra or {})


def prepare_process(settings: Settings) -> None:
    """Set the environment of pyspark: Java, the workers' Python, scratch space.

    Variables of another Spark are removed.
    """
    for name in list(os.environ):
        if name in _OTHER_SESSIONS or (is_local(settings) and _is_foreign(name)):
            del os.environ[name]
    os.environ["LC_ALL"] = UTF8_LOCALE
    if is_local(settings):
        # Otherwise workers use the first python on PATH, which has other packages.
        os.environ["PYSPARK_PYTHON"] = sys.executable
        # Otherwise the driver listens on the address that the host name resolves to. On a cluster
        # the executors must reach it there.
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    else:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the executors may have another
    if settings.spark_remote:
        os.environ["SPARK_REMOTE"] = settings.spark_remote
    else:
        os.environ["JAVA_HOME"] = str(find_java_home(settings.java_dir))
        os.environ["SPARK_LOCAL_DIRS"] = str(private_folder(settings.scratch_dir))


def _is_foreign(name: str) -> bool:
    return name in (*JAVA_OPTIONS, "CLASSPATH") or (
        name.startswith(_FOREIGN_PREFIXES) and name not in _OURS
    )


def _java_options(settings: Settings, collector: str) -> tuple[str, ...]:
    return (
        *(DEEP_STACK, NEUTRAL_LOCALE, LOGGING, COMPILE_ALL, _compilers(settings), collector),
        class_archive.java_options(),
    )


def _compilers(settings: Settings) -> str:
    """Return the JIT compiler options for the size of the landed or previously ingested data."""
    delivered = delivered_bytes(settings)
    has_models = any((settings.published_dir / "release").glob("*"))
    limit = SMALL_WITH_MODELS if has_models else SMALL_DATA
    return FIRST_COMPILER if delivered < limit else SMALLER_METHODS


def delivered_bytes(settings: Settings) -> int:
    """Return the approximate size of the landed or previously ingested data as CSV, in bytes."""
    return max(csv_bytes(folder) for folder in (settings.landing_dir, settings.raw_dir))


def csv_bytes(folder: Path) -> int:
    """Return the approximate size of a folder's files as CSV, in bytes."""
    total = 0
    for path in folder.rglob("[!.]*.*"):  # hidden names are drafts
        with suppress(FileNotFoundError):  # the file may be removed meanwhile
            total += path.stat().st_size * PACKED.get(path.suffix, 1)
    return total


def is_local(settings: Settings) -> bool:
    """Return whether Spark runs in a Java of this machine, and not on a cluster."""
    return not settings.spark_remote and settings.spark_master.startswith("local")


def create_session(config: Mapping[str, str]) -> "SparkSession":
    """Return the session of this process; the first call starts Java. See `prepare_process`."""
    from pyspark.sql import SparkSession

    return SparkSession.builder.config(map={**config}).getOrCreate()


def start_early(settings: Settings, config: Mapping[str, str]) -> None:
    """Start the session in a thread, while imports and the reading of landed files go on.

    Callers that need it call `wait_until_started` first; creating the session then returns it or
    raises the error. Not for Spark Connect: it starts no JVM, and its session is active only in the
    thread that created it, so Spark ML in another thread did not find it.
    """
    if settings.spark_remote or _STARTING:
        return

    def start() -> None:
        try:
            prepare_process(settings)
            create_session(config)
        except Exception as error:  # raised again, with more detail, where the session is needed
            logging.getLogger(__name__).warning("Spark was not started early: %s", error)

    _STARTING.append(Thread(target=start, name="spark-start", daemon=True))
    _STARTING[0].start()


def wait_until_started() -> None:
    """Wait for the session started by `start_early`, if any."""
    if _STARTING:
        _STARTING[0].join()


def cores() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0))


def heap_mib() -> int:
    """Return the heap for the JVM of local mode, in MiB."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20)
    return max(1024, min(MOST_MEMORY_MIB, int(machine * MEMORY_SHARE)))
