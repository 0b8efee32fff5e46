"""Find the repeated transactions of raw rows, as a cleaning job does."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.deduplication import repeated_among, transaction_ids_of
from bankseg_assets.contracts.delivery import DeliveryContract


@contextmanager
def repeated_ids(
    arrived: DataFrame,
    before: DataFrame | None,
    contract: DeliveryContract,
    *,
    not_after: Column | None = None,
) -> Iterator[DataFrame]:
    """Yield the `transaction_id`s that occur twice in RAW_TRANSACTIONS due to new rows.

    `not_after`: the last valid day; by default, no two-digit year is before 2000.
    """
    last = F.current_date() if not_after is None else not_after
    ids = transaction_ids_of(arrived, contract, not_after=last)
    again = before and transaction_ids_of(before, contract, not_after=last)
    with repeated_among(ids, again) as found:
        yield found
