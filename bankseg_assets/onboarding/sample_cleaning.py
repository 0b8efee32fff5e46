"""Clean a sample with the rules of a batch, in a Spark session tuned for few rows.

Starting the session takes half of a check's time (5 of 10 s on two idle cores). For a few thousand
rows, whole-stage code generation costs more than it saves.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.runtime.spark import (
    create_session,
    spark_config,
    start_early,
    wait_until_started,
)

QUICK = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.driver.memory": "1g",
}
RUN_ID = "check"


def start_spark(folder: Path) -> None:
    """Start the session in the background; `folder` is for its files."""
    settings = _settings(folder)
    start_early(settings, spark_config(settings, extra=QUICK))


def _settings(folder: Path) -> Settings:
    return replace(Settings(), data_dir=folder, spark_master="local[1]")


def clean_sample(
    sample: Path, sha256: str, contract: DeliveryContract, folder: Path
) -> tuple[pa.Table, pa.Table]:
    """Return CLEANED_TRANSACTIONS and QUARANTINED_TRANSACTIONS of a sample.

    Cleaned as a delivery of today; `folder` is for output.
    """
    # pyspark takes a second to import, while Spark starts.
    from bankseg_assets.cleaning.incremental import clean
    from bankseg_assets.contracts.tables import (
        CLEANED_TRANSACTIONS,
        DELIVERY_DIGITS,
        QUARANTINED_TRANSACTIONS,
    )
    from bankseg_assets.storage.version_store import VersionStore

    store = VersionStore(folder / "published")
    with store.draft("raw_transactions", RUN_ID) as draft:
        os.link(sample, draft.path / f"{sha256}.parquet")
    wait_until_started()
    session = create_session(spark_config(_settings(folder), extra=QUICK))
    try:
        today: date = datetime.now(UTC).date()
        found = clean(
            session,
            store,
            folder / "cleaned",
            contract,
            taken_on={sha256[:DELIVERY_DIGITS]: today},
            winners=[],
        )
        return (
            _read(found.kept.files.values(), CLEANED_TRANSACTIONS.names),
            _read(found.quarantined.files.values(), QUARANTINED_TRANSACTIONS.names),
        )
    finally:
        session.stop()


def _read(files: Iterable[Path], names: list[str]) -> pa.Table:
    paths = list(files)
    if not paths:
        return pa.table({name: pa.nulls(0) for name in names})
    return pa.concat_tables(
        [pq.ParquetFile(path).read() for path in paths], promote_options="permissive"
    )


@contextlib.contextmanager
def quiet_errors() -> Iterator[IO[bytes]]:
    """Yield a file that captures standard error of this process and its JVM."""
    with tempfile.TemporaryFile() as log:
        kept = os.dup(2)
        os.dup2(log.fileno(), 2)
        try:
            yield log
        finally:
            os.dup2(kept, 2)
            os.close(kept)
