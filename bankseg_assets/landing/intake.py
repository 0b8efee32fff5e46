"""Take what landed: archive, parse and record each new content once, and say what became of it."""

from dataclasses import dataclass, replace
from pathlib import Path

from bankseg_assets.delivery import DeliveryContract
from bankseg_assets.landing.archive import archive, sha256_of
from bankseg_assets.landing.files import LandedFile, is_complete, list_landing
from bankseg_assets.landing.ledger import Delivery, Ledger, current_content
from bankseg_assets.landing.parse import DeliveryError, parse_delivery

RECORDS_FILE = "records.parquet"


class NothingDeliveredError(RuntimeError):
    """There is no accepted file to make a table of; the message says where to put one."""


@dataclass(frozen=True)
class Outcome:
    """What one look at a landed file came to, for people to read."""

    file_name: str
    outcome: str
    detail: str


def take_landed(
    landing_dir: Path, raw_dir: Path, ledger: Ledger, contract: DeliveryContract, *, run_id: str
) -> list[Outcome]:
    """Archive and parse every complete file whose content the ledger does not know yet."""
    return [
        _take(file, raw_dir, ledger, contract, run_id=run_id) for file in list_landing(landing_dir)
    ]


def current_files(raw_dir: Path, ledger: Ledger, landing_dir: Path) -> dict[str, Path]:
    """Return the Parquet file of each content that makes up the table now, by its SHA-256.

    Raises NothingDeliveredError when there is none.
    """
    deliveries = ledger.deliveries()
    current = current_content(deliveries)
    if not current:
        rejected = "; ".join(d.reason for d in deliveries if d.status == "rejected")
        raise NothingDeliveredError(
            f"No transaction file was accepted. Put a CSV, CSV.gz or Parquet into {landing_dir}"
            + (f". Rejected so far: {rejected}" if rejected else ", or run `make demo-data`.")
        )
    return {d.sha256: raw_dir / d.sha256 / RECORDS_FILE for d in current}


def _take(
    file: LandedFile, raw_dir: Path, ledger: Ledger, contract: DeliveryContract, *, run_id: str
) -> Outcome:
    name = file.path.name
    if not is_complete(file):
        return Outcome(name, "waiting", "Still being written; the next run takes it.")
    known = {delivery.sha256: delivery for delivery in ledger.deliveries()}
    try:
        before = known.get(sha256_of(file.path))
        if before and (before.status == "rejected" or _is_parsed(raw_dir, before.sha256)):
            was = f"{before.status} as {before.file_name} at {before.taken_at}"
            return Outcome(name, "known", f"The same content was {was}. {before.reason}".strip())
        sha256, original = archive(file.path, raw_dir)
    except OSError as error:
        return Outcome(name, "waiting", f"Could not be read now: {error.strerror}.")
    delivery = Delivery(
        sha256, name, "accepted", "", size_bytes=file.size, records=0, run_id=run_id
    )
    output = raw_dir / sha256 / RECORDS_FILE
    try:
        records = parse_delivery(original, contract, file_name=name, sha256=sha256, output=output)
    except DeliveryError as error:
        ledger.record(replace(delivery, status="rejected", reason=str(error)))
        return Outcome(name, "rejected", str(error))
    ledger.record(replace(delivery, records=records))
    return Outcome(name, "accepted", f"{records:,} records.")


def _is_parsed(raw_dir: Path, sha256: str) -> bool:
    return (raw_dir / sha256 / RECORDS_FILE).exists()
