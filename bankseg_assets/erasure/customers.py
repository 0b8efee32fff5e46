"""Select the rows of customers."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.erasure.search import Search
from bankseg_assets.landing.archive import RECORDS_FILE
from bankseg_assets.landing.customer_rows import IDENTIFYING, customer_rows, numbers_of_customers
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.privacy.customer_ids import KnownIds
from bankseg_assets.storage.parquet_filter import Rows

KEYED = (
    *("rfm_table", "customer_segments", "product_recommendations", "watch_list"),
    "campaign_members",
)
"""Tables of customers by the customer key, which may be computed from several columns."""


class CustomerRows:
    """The rows of customers, as a `Selection`."""

    def __init__(self, ids: KnownIds, keys: KnownIds, contract: DeliveryContract) -> None:
        """`keys`: values of the customer key."""
        self._ids = ids
        self._keys = keys
        self._contract = contract
        self._search = Search(ids.ids, contract)

    def numbers(
        self, folder: Path, delivery: Delivery, contract: DeliveryContract
    ) -> npt.NDArray[np.int64]:
        """Return the numbers of the customers' records."""
        return numbers_of_customers(folder / RECORDS_FILE, contract, self._ids)

    def rows(self, asset: str, names: Collection[str]) -> tuple[Rows, list[str]] | None:
        """Return a function that marks the customers' rows."""
        columns = [name for name in IDENTIFYING if name in names]
        if not columns:
            return None
        is_one = self._keys if asset in KEYED else self._ids
        contract = self._contract.of_holdings() if "holdings" in asset else self._contract
        return lambda table: customer_rows(table, is_one, contract), columns

    def has_rejected(self, original: Path, delivery: Delivery) -> bool:
        """Return whether an ID of the customers is in the file."""
        return self._search.hits_in(original) > 0

    def has_unrecorded(self, files: Sequence[Path]) -> bool:
        """Return whether an ID of the customers is in one of the files."""
        return any(self._search.hits_in(path) for path in files)
