"""Make the archive of Spark's classes (decision 0026): `python -m ops.launch.class_archive`.

It runs a small batch on demo data in a temporary data folder, at the lowest priority. Everything
works without the archive, so a failure is one line.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

from bankseg_assets.runtime.class_archive import (
    RECORD_TO,
    ArchiveError,
    archive_path,
    build,
    is_settled,
    locate_spark_java,
)
from bankseg_assets.runtime.java import JavaNotFoundError, find_java_home
from bankseg_assets.runtime.settings import (
    DEFAULT_CONTRACT,
    Settings,
    SettingsError,
    load_settings,
)
from bankseg_assets.runtime.spark import is_local
from ops.exit_codes import FAILED, INTERRUPTED
from ops.launch import materialize

ROWS = 5_000
LOWEST_PRIORITY = 19
IDLE_POLL_SECONDS = 10.0
# A delivery that has just arrived starts its run within 20 s, and the demo data in two parts.
IDLE_POLLS = 6
JAVA_END_SECONDS = 300.0  # it writes the archive when it ends


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the archive if it is missing; return 0 if it exists then or is not needed."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.launch.class_archive", description="Make Java start faster."
    )
    parser.add_argument(
        "--when-idle", action="store_true", help="wait until no run of the platform is in progress"
    )
    options = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    os.nice(LOWEST_PRIORITY)
    try:
        settings = load_settings()
        if not is_local(settings):
            print("The archive of Spark's classes is for local mode alone.")
            return 0
        java_home = find_java_home(settings.java_dir)
        if options.when_idle:
            _wait_until_idle()
        print(f"The archive of Spark's classes: {build(java_home, train)}")
    except (ArchiveError, SettingsError, JavaNotFoundError, OSError) as error:
        print(f"The archive of Spark's classes was not made: {error}.")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def is_missing(settings: Settings) -> bool:
    """Return whether this platform's Java could use an archive that has not been made."""
    try:
        return is_local(settings) and not is_settled(archive_path(locate_spark_java()))
    except (OSError, JavaNotFoundError):
        return False


def train(data_dir: Path) -> str:
    """Run a batch on demo data in this process, end its Java and return its class path.

    Raises ArchiveError.
    """
    from ops.demo import transactions

    for name in os.environ.keys() - {RECORD_TO}:
        if name.startswith("BANKSEG_"):
            del os.environ[name]
    # Variables take precedence over the user's bankseg.toml.
    os.environ["BANKSEG_DATA_DIR"] = str(data_dir)
    os.environ["BANKSEG_CONTRACT"] = str(DEFAULT_CONTRACT)
    transactions.main(["--rows", str(ROWS)])
    with _java_ended():
        if code := materialize.main([]):
            raise ArchiveError(f"the training batch ended with exit code {code}")
        class_path: str = _gateway().jvm.java.lang.System.getProperty("java.class.path")
    return class_path


@contextmanager
def _java_ended() -> Iterator[None]:
    """Wait until Java has ended and written the archive; kill it after an error."""
    try:
        yield
        process = _gateway().proc
        process.stdin.close()
        try:
            process.wait(JAVA_END_SECONDS)
        except TimeoutExpired:
            raise ArchiveError(f"Java did not end within {JAVA_END_SECONDS:.0f} s") from None
    except BaseException:
        if _gateway() is not None:
            _gateway().proc.kill()
        raise


def _gateway() -> Any:
    from pyspark import SparkContext

    return SparkContext._gateway


def _wait_until_idle() -> None:
    from dagster import DagsterInstance

    polls = 0
    with DagsterInstance.get() as instance:
        while polls < IDLE_POLLS:
            polls = 0 if materialize.unfinished_runs(instance) else polls + 1
            time.sleep(IDLE_POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
