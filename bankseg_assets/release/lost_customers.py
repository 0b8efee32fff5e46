"""Find transactions and customers of the release in use that are missing from new data.

Parts of the cleaned table are linked from version to version, so only changed files are read:
after an ordinary delivery, none. Withdrawn rows do not count as lost.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.parts import delivery_of
from bankseg_assets.cleaning.row_counts import CLEANED, QUARANTINED, RAW, Account, accounts
from bankseg_assets.cleaning.transaction_ids import MADE
from bankseg_assets.contracts.tables import CLEANED_TRANSACTIONS, INCOME, RFM_TABLE
from bankseg_assets.release.releases import Release
from bankseg_assets.storage.outputs import row_count
from bankseg_assets.storage.parquet import read_parquet
from bankseg_assets.storage.version_store import DamagedVersionError, version_record

_COUNTS = f"NOT (direction <=> '{INCOME}')"


@dataclass(frozen=True)
class Losses:
    """How many of the transactions and customers in use are missing, except withdrawn ones.

    customers_lost: None if customers cannot be compared; `why_not` says why. reasons: reason ->
    rows that are newly quarantined for it.
    """

    rows_before: int
    rows_lost: int
    customers_before: int
    customers_lost: int | None
    reasons: Mapping[str, int]
    why_not: str = ""


class NotReadableError(RuntimeError):
    """Raised when the data of the release in use cannot be read; says what is missing."""


def accounts_of_release(release: Release) -> dict[str, Account]:
    """Return delivery -> account for the data of a release. Raises NotReadableError."""
    with _reading():
        return accounts(*(release.path(asset) for asset in (RAW, CLEANED, QUARANTINED)))


def losses(
    before: Release,
    cleaned: Path,
    customers: DataFrame,
    now: Mapping[str, Account],
    *,
    withdrawn: Collection[str],
    customer_key: str,
) -> Losses:
    """Compare the release in use with a version of CLEANED_TRANSACTIONS and its RFM_TABLE.

    now: the accounts of that version. withdrawn: deliveries. Raises NotReadableError.
    """
    spark = customers.sparkSession
    then = accounts_of_release(before)
    with _reading():
        old = before.path(CLEANED)
        old_files, new_files = _files(old), _files(cleaned)
        customers_before = row_count(before.path(RFM_TABLE.name))
    left = {sha: name for sha, name in old_files.items() if _delivery(name) not in withdrawn}
    gone = _read(spark, old, left, left.keys() - new_files.keys())
    arrived = _read(spark, cleaned, new_files, new_files.keys() - old_files.keys())
    comparable = before.customer_key in ("", customer_key)
    if comparable and len(left) < len(old_files):
        rows = _read(spark, old, left, left.keys()).where(_COUNTS)
        customers_before = _keys(rows, customer_key).count()
    rows_lost = _missing(gone, arrived).count()
    known = customers.select("customer_id")
    # Customers with income only are in no RFM table: they neither count as in use nor as lost.
    lost = _keys(gone.where(_COUNTS), customer_key).join(known, "customer_id", "left_anti")
    n_lost = lost.count() if comparable else None
    if n_lost:
        paid = _read(spark, cleaned, new_files, new_files.keys()).where(f"NOT ({_COUNTS})")
        n_lost = lost.join(_keys(paid, customer_key), "customer_id", "left_anti").count()
    return Losses(
        rows_before=sum(a.rows_clean for d, a in then.items() if d not in withdrawn),
        rows_lost=rows_lost,
        customers_before=customers_before,
        customers_lost=n_lost,
        reasons=_newly_quarantined(then, now),
        why_not="" if comparable else other_key(before.customer_key, customer_key),
    )


def _missing(gone: DataFrame, arrived: DataFrame) -> DataFrame:
    """Return the rows whose transaction is in none of the new files.

    An ID derived from a row's content changes when the contract reads one more column: such a row
    is present if its delivery and row number are.
    """
    missing = gone.join(arrived, "transaction_id", "left_anti")
    place = ("delivery", "row_number")
    places = arrived.select(*(F.col(name).alias(f"_{name}") for name in place))
    same_place = [missing[name] == places[f"_{name}"] for name in place]
    is_there = same_place[0] & same_place[1] & missing["transaction_id"].rlike(MADE)
    return missing.join(places, is_there, "left_anti")


def other_key(before: str, now: str) -> str:
    """Return the reason why customers of two different keys cannot be compared."""
    return (
        f"The customer key is `{now}`, but `{before}` in the release in use, so customers "
        "cannot be compared."
    )


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (OSError, KeyError, DamagedVersionError) as error:
        why = f"The data of the release in use cannot be read: {error}."
        raise NotReadableError(why) from error


def _files(version: Path) -> dict[str, str]:
    """Return SHA-256 -> name of the Parquet files."""
    files = version_record(version).files
    return {sha256: name for name, (_, sha256) in files.items() if name.endswith(".parquet")}


def _delivery(name: str) -> str:
    return delivery_of(Path(name))


def _read(
    spark: SparkSession, version: Path, files: Mapping[str, str], wanted: Iterable[str]
) -> DataFrame:
    """Return the rows of files given by SHA-256; for none, an empty table without a Spark job."""
    paths = sorted(version / files[sha256] for sha256 in wanted)
    if not paths:
        return spark.createDataFrame([], CLEANED_TRANSACTIONS.ddl)
    return read_parquet(spark, CLEANED_TRANSACTIONS.ddl, *paths)


def _keys(rows: DataFrame, customer_key: str) -> DataFrame:
    key = F.expr(customer_key).cast("string").alias("customer_id")
    return rows.select(key).where("customer_id IS NOT NULL").distinct()


def _newly_quarantined(then: Mapping[str, Account], now: Mapping[str, Account]) -> dict[str, int]:
    """Return reason -> newly quarantined rows, in descending order."""
    more: dict[str, int] = {}
    for delivery, account in now.items():
        old = then[delivery].reasons if delivery in then else {}
        for reason, rows in account.reasons.items():
            more[reason] = more.get(reason, 0) + rows - old.get(reason, 0)
    found = [(reason, rows) for reason, rows in more.items() if rows > 0]
    return dict(sorted(found, key=lambda one: (-one[1], one[0])))
