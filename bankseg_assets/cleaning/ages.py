"""Find the raw rows of transactions before a day, as cleaning parses their dates."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.deduplication import day_of_grace, transaction_id_of
from bankseg_assets.cleaning.parts import Parts, write_parts
from bankseg_assets.cleaning.transaction_ids import are_of_content
from bankseg_assets.cleaning.validation import ROW_KEY, transaction_day
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.tables import RAW_TRANSACTIONS
from bankseg_assets.contracts.value_ranges import first_day
from bankseg_assets.storage.parquet import read_parquet


def rows_before(
    raw: DataFrame, contract: DeliveryContract, *, taken_on: Mapping[str, date], before: date
) -> DataFrame:
    """Return `delivery, row_number` of the rows of RAW_TRANSACTIONS before a day.

    A row without a plausible day counts from the day on which its file was ingested: a mistyped
    year must not remove it before it can be corrected. `taken_on`: that day of each delivery. Rows
    of one transaction leave together, on the latest of their days: if the row that is kept left
    first, the next batch would keep another.
    """
    last = day_of_grace(dict(taken_on))
    day = transaction_day(contract, last)
    plausible = day.between(F.lit(first_day(contract.columns["transaction_date"])), last)
    counted = F.when(plausible, day).otherwise(F.date_sub(last, 1))
    rows = raw.select(*ROW_KEY, counted.alias("day"))
    if not _may_differ(contract):
        return rows.where(F.col("day") < F.lit(before)).select(*ROW_KEY)
    own = F.nullif(transaction_id_of(contract, last), F.lit(""))
    rows = raw.select(*ROW_KEY, counted.alias("day"), own.alias("transaction_id"))
    is_old = F.col("day") < F.lit(before)
    later = rows.where(~is_old).select("transaction_id")
    return rows.where(is_old).join(later, "transaction_id", "left_anti").select(*ROW_KEY)


def write_rows_before(
    session: SparkSession,
    contract: DeliveryContract,
    files: Mapping[str, Path],
    taken_on: Mapping[str, date],
    before: date,
    folder: Path,
) -> Parts:
    """Write the keys of the rows before a day into a folder; return delivery -> files.

    `files`: delivery -> its records.
    """
    raw = read_parquet(session, RAW_TRANSACTIONS.ddl, *files.values())
    rows = rows_before(raw, contract, taken_on=taken_on, before=before)
    return write_parts(rows, folder / "rows", files)


def _may_differ(contract: DeliveryContract) -> bool:
    """Return whether rows of one transaction may have different days."""
    if are_of_content(contract):
        return False
    return contract.columns["transaction_id"].unique_per != "day"
