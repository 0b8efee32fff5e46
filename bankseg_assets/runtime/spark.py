"""How Spark is set up for the machine it is on; used by the Dagster resource and by the tests."""

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from bankseg_assets.runtime.java import JAVA_OPTIONS, find_java_home
from bankseg_assets.runtime.scratch import private_folder
from bankseg_assets.runtime.settings import Settings

if TYPE_CHECKING:
    pass

MEMORY_SHARE = 0.35  # of the machine's, for the JVM: Python, the UI and the app live beside it
# ALS chains its rounds without a checkpoint: to read such a task back overflowed the usual 1 MB.
DEEP_STACK = "-Xss16m"
# Java leaves methods of over 8,000 bytes uncompiled, and Spark writes one for a wide aggregation.
COMPILE_ALL = "-XX:-DontCompileHugeMethods"
# G1's barriers and threads cost a batch of a million rows 11 of 65 s on two cores; nobody waits for
# a pause.
COLLECTOR = "-XX:+UseParallelGC"
# A batch is some fifty queries, each of its own generated classes: to compile them, Java's second
# compiler took 28 of 97 core-seconds of a million rows. Stopped at smaller methods, all take 83.
SMALLER_METHODS = (
    "-XX:+IgnoreUnrecognizedVMOptions -XX:FreqInlineSize=120 -XX:InlineSmallCode=1000 "
    "-XX:MaxInlineLevel=6 -XX:MaxNodeLimit=20000 -XX:NodeLimitFudgeFactor=400"
)
# Of few rows the second compiler never earns what it costs: 300,000 took 38 s instead of 44 without
# it, half a million 45 instead of 42.
FIRST_COMPILER = "-XX:TieredStopAtLevel=1"
SMALL_DATA = 24 << 20  # bytes of CSV, some 350,000 rows
PACKED = {".gz": 4, ".parquet": 3}  # how much longer the same is as CSV
# In Turkish the capital of "i" has a dot, so that no value with an "i" is one of the contract's;
# other languages write numbers with a comma. What is not named here, Java takes from the machine.
NEUTRAL_LOCALE = (
    " ".join(
        f"-Duser.{name}{category}={value}"
        for name, value in (("language", "en"), ("country", ""), ("variant", ""), ("script", ""))
        for category in ("", ".format", ".display")
    )
    + " -Duser.timezone=UTC -Dfile.encoding=UTF-8"
)
# What the environment says of another Spark, Hadoop or Java: its programs, its configuration, its
# servers. Local mode needs none of it; a cluster is found by some of it.
_OF_OTHERS = ("SPARK_", "PYSPARK_", "HADOOP_", "YARN_", "HIVE_")
_OTHER_SESSIONS = (
    *("SPARK_HOME", "SPARK_REMOTE", "SPARK_LOCAL_REMOTE", "SPARK_CONNECT_MODE_ENABLED"),
    *("SPARK_API_MODE", "PYSPARK_SUBMIT_ARGS", "PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET"),
    "_JAVA_OPTIONS",  # it wins over the options that Java is started with
)
# Who runs it; and what pyspark itself puts there once a session is up.
_OURS = ("SPARK_USER", "HADOOP_USER_NAME", "SPARK_AUTH_SOCKET_TIMEOUT", "SPARK_BUFFER_SIZE")
# Java reads and writes file names in the encoding of its locale. Under LC_ALL=C that is ASCII, and
# a folder with an umlaut is not found.
UTF8_LOCALE = "C.UTF-8"
# A cluster's own default may be HDFS: Spark would then write there, and Python look on the disk.
SHARED_DISK = "file:///"
MOST_MEMORY_MIB = 5120  # 50 million rows pass in it; the parallel collector fills what it is given

_STARTING: list[Thread] = []


def spark_config(settings: Settings, *, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the session's configuration for local mode, a cluster master, or Spark Connect."""
    config = {
        "spark.app.name": "bankseg",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        # A table is cached for the next job or two: to look for the best encoding of each column
        # took half of the time of caching the customers.
        "spark.sql.inMemoryColumnarStorage.compressed": "false",
        # ICU's upper case took a sixth of cleaning; Java's is the same but for rare scripts.
        "spark.sql.icu.caseMappings.enabled": "false",
    }
    if settings.spark_remote:
        # The URL may hold a token, and Dagster shows a resource's configuration and keeps it in its
        # database: see `prepare_process`.
        return config | {"fs.defaultFS": SHARED_DISK} | dict(extra or {})
    config |= {
        "spark.master": settings.spark_master,
        "spark.hadoop.fs.defaultFS": SHARED_DISK,
        "spark.sql.execution.arrow.pyspark.fallback.enabled": "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.local.dir": str(settings.scratch_dir),
        "spark.executor.extraJavaOptions": f"{DEEP_STACK} {NEUTRAL_LOCALE}",
        "spark.driver.extraJavaOptions": NEUTRAL_LOCALE,
    }
    if _is_local(settings):
        config |= {
            # At the default 200 every shuffle of a small frame costs more in tasks than in work;
            # how many suit a cluster, its own defaults say.
            "spark.sql.shuffle.partitions": str(max(4, 2 * cores())),
            "spark.driver.memory": f"{heap_mib()}m",
            "spark.driver.extraJavaOptions": " ".join(
                (DEEP_STACK, NEUTRAL_LOCALE, COMPILE_ALL, _compilers(settings), COLLECTOR)
            ),
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
        }
    return config | dict(extra or {})


def prepare_process(settings: Settings) -> None:
    """Set what pyspark reads from the environment: Java, the workers' Python, scratch space.

    What it says of another Spark is removed.
    """
    for name in list(os.environ):
        if name in _OTHER_SESSIONS or (_is_local(settings) and _is_of_others(name)):
            del os.environ[name]
    os.environ["LC_ALL"] = UTF8_LOCALE
    if _is_local(settings):
        # Else the workers take the first python on PATH, which has other packages.
        os.environ["PYSPARK_PYTHON"] = sys.executable
        # Else the driver listens on whatever address the machine's name resolves to. On a cluster
        # its executors must reach it there.
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    else:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the machines may have another
    if settings.spark_remote:
        os.environ["SPARK_REMOTE"] = settings.spark_remote
    else:
        os.environ["JAVA_HOME"] = str(find_java_home(settings.java_dir))
        os.environ["SPARK_LOCAL_DIRS"] = str(private_folder(settings.scratch_dir))


def _is_of_others(name: str) -> bool:
    return name in (*JAVA_OPTIONS, "CLASSPATH") or (
        name.startswith(_OF_OTHERS) and name not in _OURS
    )


def _compilers(settings: Settings) -> str:
    """Return which of Java's compilers suits the data: what landed, or what was taken before."""
    delivered = max(csv_bytes(folder) for folder in (settings.landing_dir, settings.raw_dir))
    return FIRST_COMPILER if delivered < SMALL_DATA else SMALLER_METHODS


def csv_bytes(folder: Path) -> int:
    """Return how long a folder's files are about, as CSV."""
    total = 0
    for path in folder.rglob("*.*"):
        with suppress(FileNotFoundError):  # it may be taken away meanwhile
            total += path.stat().st_size * PACKED.get(path.suffix, 1)
    return total


def _is_local(settings: Settings) -> bool:
    return not settings.spark_remote and settings.spark_master.startswith("local")


def start_early(settings: Settings, config: Mapping[str, str]) -> None:
    """Start the session beside what needs none yet: imports, and the files that landed.

    Whoever needs it calls `wait_until_started` first, and then gets it, or the error again.
    Spark Connect starts no JVM, and its session is the active one of the thread that made it alone:
    Spark ML in another thread did not find it.
    """
    if settings.spark_remote or _STARTING:
        return

    def start() -> None:
        try:
            prepare_process(settings)
            from pyspark.sql import SparkSession

            builder = SparkSession.builder
            for key, value in config.items():
                builder = builder.config(key, value)
            builder.getOrCreate()
        except Exception as error:  # whoever needs the session meets it again, and is told more
            logging.getLogger(__name__).warning("Spark was not started early: %s", error)

    _STARTING.append(Thread(target=start, name="spark-start", daemon=True))
    _STARTING[0].start()


def wait_until_started() -> None:
    """Wait for the session that was started early, if any."""
    if _STARTING:
        _STARTING[0].join()


def cores() -> int:
    """Return the processors that this process may use."""
    return len(os.sched_getaffinity(0))


def heap_mib() -> int:
    """Return the heap for the JVM of local mode, in MiB."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20)
    return max(1024, min(MOST_MEMORY_MIB, int(machine * MEMORY_SHARE)))
