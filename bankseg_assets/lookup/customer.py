"""One customer of a release: segment, RFM group and measures."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from bankseg_assets.contracts.tables import CUSTOMER_SEGMENTS
from bankseg_assets.lookup.row_search import rows_of
from bankseg_assets.release.key_column import key_column
from bankseg_assets.release.releases import Release
from bankseg_assets.storage.version_store import DamagedVersionError

ID = "customer_id"
CUSTOMERS = CUSTOMER_SEGMENTS.name
MAX_ID_LENGTH = 200
_MEASURES = (
    *("recency", "frequency", "monetary", "average_amount", "average_balance"),
    *("latest_balance", "income", "age"),
)
_COLUMNS = (
    *(ID, "segment", "segment_name", "rfm_group", "recency_score", "frequency_score"),
    *("snapshot_date", "first_day", "active_days", *_MEASURES),
)


class LookupFailedError(RuntimeError):
    """Raised when a table of a release cannot be read; names the table and the next step."""


@dataclass(frozen=True)
class Customer:
    """A customer as a release has it.

    `scores`: of recency and frequency, from 1 to 5. `measures`: those that are known.
    """

    customer_id: str
    segment: int
    segment_name: str
    rfm_group: str
    scores: tuple[int | None, int | None]
    measures: Mapping[str, float]
    snapshot_date: datetime.date | None
    first_day: datetime.date | None = None
    active_days: int | None = None


def find_customer(release: Release, text: str) -> Customer | None:
    """Return the customer of an ID as typed: spaces around it, and its case, may differ.

    Raises LookupFailedError.
    """
    wanted = text.strip()
    if not wanted or len(wanted) > MAX_ID_LENGTH:
        return None
    for customer_id in dict.fromkeys((wanted, wanted.upper(), wanted.lower())):
        found = rows_of_customer(release, CUSTOMERS, customer_id, _COLUMNS, limit=1)
        if found:
            return _customer(found[0])
    return None


def not_found(release: Release) -> str:
    """Return why an ID may be of no customer of a release, and what is expected."""
    if key_column(release) is None:
        expected = f"Expected the value of the customer key, which is {release.customer_key}."
    else:
        expected = "Expected the ID as the bank's files have it, with all zeros and letters."
    return (
        f"No customer of the release has this ID. {expected} A customer with income only, or whose "
        "rows were all quarantined, is not in the release."
    )


def rows_of_customer(
    release: Release,
    asset: str,
    customer_id: str,
    names: tuple[str, ...],
    *,
    column: str = ID,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Return a customer's rows of a table; none if the release has no such table.

    Raises LookupFailedError.
    """
    if asset not in release.versions:
        return []
    try:
        found = rows_of(release.parquet_files(asset), column, customer_id, names, limit=limit)
    except (DamagedVersionError, OSError, pa.ArrowException) as error:
        raise LookupFailedError(
            f"The {asset} of the release {release.name} cannot be read. Materialize again, or "
            "go back with `bankseg rollback`."
        ) from error
    return [] if found is None else found.to_pylist()


def _customer(row: Mapping[str, Any]) -> Customer:
    return Customer(
        customer_id=row[ID],
        segment=row["segment"],
        segment_name=row["segment_name"],
        rfm_group=row.get("rfm_group") or "",
        scores=(row.get("recency_score"), row.get("frequency_score")),
        measures={name: float(row[name]) for name in _MEASURES if row.get(name) is not None},
        snapshot_date=row.get("snapshot_date"),
        first_day=row.get("first_day"),
        active_days=row.get("active_days"),
    )
