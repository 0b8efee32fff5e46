"""Rebuild damaged records from the archived original."""

from collections.abc import Collection, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.archive import RECORDS_FILE, sha256_of
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.intake import Outcome
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.landing.parse import parse_delivery


class LostContentError(RuntimeError):
    """Both the records and the original of a delivery are damaged; the message says what to do."""


def repair_records(
    raw_dir: Path,
    deliveries: Iterable[Delivery],
    contract: DeliveryContract,
    known_damaged: Collection[str] = (),
) -> list[Outcome]:
    """Rebuild records that are missing, truncated, or in `known_damaged` (SHA-256 of content).

    Raises LostContentError if the original is damaged as well.
    """
    outcomes = []
    for delivery in deliveries:
        records = raw_dir / delivery.sha256 / RECORDS_FILE
        if delivery.sha256 not in known_damaged and _is_whole(records, delivery.records):
            continue
        original = records.with_name("original")
        if not original.exists() or sha256_of(original) != delivery.archived_sha256:
            raise LostContentError(
                f"The records of {delivery.file_name} in {records} are damaged, and so is "
                f"{original}. Remove {records.parent} and deliver {delivery.file_name} again."
            )
        try:
            parse_delivery(
                original,
                contract,
                file_name=delivery.file_name,
                sha256=delivery.sha256,
                output=records,
                is_accepted=True,
            )
        except DeliveryError as error:  # an earlier contract accepted it
            raise LostContentError(
                f"The records of {delivery.file_name} in {records} are damaged, and its original "
                f"does not fit the contract: {error} Run once with the contract that accepted "
                f"it, or remove {records.parent} and deliver the file again."
            ) from error
        detail = "Its records were damaged and were rebuilt from the archived original."
        outcomes.append(Outcome(delivery.file_name, "repaired", detail, is_warning=True))
    return outcomes


def _is_whole(records: Path, expected: int) -> bool:
    try:
        found: int = pq.read_metadata(records).num_rows
    except (OSError, pa.ArrowException):
        return False
    return found == expected
