"""Select the rows that are older than their limit."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.tables import DELIVERY_DIGITS
from bankseg_assets.landing.archive import RECORDS_FILE
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.storage.parquet_filter import Rows

Numbers = npt.NDArray[np.int64]
TABLES = ("raw_transactions", "cleaned_transactions", "quarantined_transactions")
"""The tables whose rows are those of a file."""
_KEY = ["delivery", "row_number"]
_NONE: Numbers = np.empty(0, np.int64)


class AgedRows:
    """The rows of files that are older than their limit, as a `Selection`."""

    def __init__(
        self,
        old: Mapping[str, Iterable[Path]],
        quarantined: Mapping[str, Numbers],
        unused: Collection[str] = (),
        refused_before: datetime | None = None,
    ) -> None:
        """Select rows by delivery.

        old: delivery, as tables name it -> Parquet files with the `row_number` of old rows.
        quarantined: delivery -> numbers of rows that are also removed. unused: SHA-256 of
        deliveries of which no row is kept. refused_before: when refused files were delivered whose
        originals are removed.
        """
        self._old = old
        self._quarantined = quarantined
        self._unused = frozenset(unused)
        self._refused_before = refused_before

    @cached_property
    def by_delivery(self) -> dict[str, Numbers]:
        """Delivery -> sorted numbers of the rows to remove: 8 bytes a row."""
        return {
            delivery: np.union1d(
                _row_numbers(self._old.get(delivery, ())),
                self._quarantined.get(delivery, _NONE),
            )
            for delivery in sorted({*self._old, *self._quarantined})
        }

    def numbers(self, folder: Path, delivery: Delivery, contract: DeliveryContract) -> Numbers:
        """Return the numbers of the old records of a delivery that it still has."""
        removed = self.by_delivery.get(delivery.sha256[:DELIVERY_DIGITS], _NONE)
        if delivery.sha256 in self._unused:
            return _row_numbers([folder / RECORDS_FILE])
        if not len(removed):
            return _NONE
        return np.intersect1d(_row_numbers([folder / RECORDS_FILE]), removed)

    def rows(self, asset: str, names: Collection[str]) -> tuple[Rows, list[str]] | None:
        """Return a function that marks the old rows of a table."""
        return (self._is_old, _KEY) if asset in TABLES else None

    def has_rejected(self, original: Path, delivery: Delivery) -> bool:
        """Return whether a refused file is older than the limit."""
        if self._refused_before is None or not original.exists():
            return False
        return datetime.fromisoformat(delivery.taken_at) < self._refused_before

    def has_unrecorded(self, files: Sequence[Path]) -> bool:
        """Return False: the day of such a delivery is not known."""
        return False

    def _is_old(self, table: pa.Table) -> pa.ChunkedArray:
        found = np.zeros(table.num_rows, np.bool_)
        deliveries, numbers = table["delivery"], table["row_number"].to_numpy()
        for delivery in deliveries.unique().to_pylist():
            removed = self.by_delivery.get(delivery, _NONE)
            if len(removed):
                same = pc.equal(deliveries, delivery).to_numpy()
                found[same] = np.isin(numbers[same], removed, assume_unique=True)
        return pa.chunked_array([pa.array(found)])


def quarantined_numbers(
    version: Path, deliveries: Collection[str], *, disposition: str, but: str
) -> dict[str, Numbers]:
    """Return delivery -> numbers of its quarantined rows, in a version of the quarantine.

    Not those with the reason `but`.
    """
    files = sorted(map(str, version.glob("*.parquet")))
    if not files or not deliveries:
        return {}
    wanted = (
        ds.field("delivery").isin(sorted(deliveries))
        & (ds.field("disposition") == disposition)
        & (ds.field("reason") != but)
    )
    found = ds.dataset(files).to_table(_KEY, filter=wanted).group_by("delivery")
    grouped = found.aggregate([("row_number", "list")])
    return {
        row["delivery"]: np.sort(np.array(row["row_number_list"], np.int64))
        for row in grouped.to_pylist()
    }


def _row_numbers(files: Iterable[Path]) -> Numbers:
    parts = [pq.read_table(path, columns=["row_number"])["row_number"].to_numpy() for path in files]
    return np.concatenate(parts) if parts else _NONE
