"""Sum the transactions of some customers in stretches of days, from a release, without Spark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from bankseg_assets.campaigns.campaign import CampaignError
from bankseg_assets.contracts.tables import INCOME
from bankseg_assets.release.key_column import key_column
from bankseg_assets.release.releases import Release
from bankseg_assets.stats.arrays import Array
from bankseg_assets.storage.version_store import DamagedVersionError

CLEANED = "cleaned_transactions"
_BATCH_ROWS = 1 << 20
"""For each batch, Arrow hashes the IDs of all customers: with a million of them, in 0.3 s."""


@dataclass(frozen=True)
class Sums:
    """Spend and number of transactions, both (customers, stretches).

    As RFM counts them: without income, and refunds reduce the spend.
    """

    spend: Array
    transactions: Array


def sums_between(release: Release, customers: Sequence[str], days: Sequence[date]) -> Sums | None:
    """Return the sums from each day until before the next; `days`: ascending, two or more.

    None if the release has no transactions, or its customer key is an expression, which only Spark
    evaluates. Raises CampaignError.
    """
    column = key_column(release)
    if CLEANED not in release.versions or column is None:
        return None
    shape = (len(customers), len(days) - 1)
    spend, counts = np.zeros(shape[0] * shape[1]), np.zeros(shape[0] * shape[1])
    known_ids = pa.array(customers, pa.string())
    edges = np.array(days, "datetime64[us]")
    try:
        for batch in _batches(release, column, (days[0], days[-1])):
            places = pc.index_in(batch[column].cast(pa.string()), known_ids)
            customer = pc.fill_null(places, -1).to_numpy()
            moment = batch["transaction_at"].cast(pa.timestamp("us")).to_numpy()
            stretch = np.searchsorted(edges, moment, side="right") - 1
            known = (customer >= 0) & (stretch >= 0) & (stretch < shape[1])
            cell = customer[known].astype(np.int64) * shape[1] + stretch[known]
            np.add.at(spend, cell, batch["amount"].cast(pa.float64()).to_numpy()[known])
            np.add.at(counts, cell, 1.0)
    except (DamagedVersionError, OSError, pa.ArrowException) as error:
        raise CampaignError(
            f"The {CLEANED} of the release {release.name} cannot be read. Materialize again, or go "
            "back with `bankseg rollback`."
        ) from error
    return Sums(spend.reshape(shape), counts.reshape(shape))


def _batches(release: Release, column: str, days: tuple[date, date]) -> Iterator[pa.Table]:
    """Yield the transactions from the first day until before the second, without income.

    About a million at a time, however small the files are.
    """
    rows = ds.dataset(release.parquet_files(CLEANED), format="parquet")
    names = [column, "transaction_at", "amount"]
    unit = rows.schema.field("transaction_at").type
    first, end = (pa.scalar(day, pa.date32()).cast(pa.timestamp("us")).cast(unit) for day in days)
    moment = ds.field("transaction_at")
    wanted = (moment >= first) & (moment < end)
    if "direction" in rows.schema.names:
        direction = ds.field("direction")
        wanted &= direction.is_null() | (direction != INCOME)
    some: list[pa.RecordBatch] = []
    count = 0
    for batch in rows.to_batches(
        names, filter=wanted, batch_size=_BATCH_ROWS, batch_readahead=1, fragment_readahead=1
    ):
        some.append(batch)
        count += batch.num_rows
        if count >= _BATCH_ROWS:
            yield pa.Table.from_batches(some)
            some, count = [], 0
    if some:
        yield pa.Table.from_batches(some)
