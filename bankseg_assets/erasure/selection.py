"""Which rows are removed: those of customers, or those older than a limit."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.storage.parquet_filter import Rows


class Selection(Protocol):
    """The rows to remove, in archives and in tables."""

    def numbers(
        self, folder: Path, delivery: Delivery, contract: DeliveryContract
    ) -> npt.NDArray[np.int64]:
        """Return the numbers of the records to remove from a delivery's folder in the archive."""

    def rows(self, asset: str, names: Collection[str]) -> tuple[Rows, list[str]] | None:
        """Return a function that marks the rows to remove from a table, and the columns it reads.

        `names`: the columns of the table. None if no row of such a table is removed.
        """

    def has_rejected(self, original: Path, delivery: Delivery) -> bool:
        """Return whether to remove the original of a delivery that was refused when parsed."""

    def has_unrecorded(self, files: Sequence[Path]) -> bool:
        """Return whether to remove the files of a delivery that no ledger has."""
