"""Parse accepted files again when the contract's settings for reading them change.

The archived original is parsed. If it does not fit the new contract, its records stay unchanged:
a bank that renames a column renames it in new files, and the old ones were correct. If the
contract's filters now exclude all rows of a file, it has no records.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.archive import RECORDS_FILE, sha256_of
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.intake import CUT_OFF, Outcome, findings
from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.landing.parse import parse_delivery
from bankseg_assets.landing.reading import reading_of


def read_again(
    raw_dir: Path, deliveries: Iterable[Delivery], contract: DeliveryContract, ledger: Ledger
) -> list[Outcome]:
    """Parse deliveries again that were read by other settings, and update their counts.

    A delivery of an older build, which recorded no reading, counts as read by this contract if its
    settings have not changed.
    """
    outcomes = []
    for delivery in deliveries:
        original = raw_dir / delivery.sha256 / "original"
        if not original.exists():
            continue  # the repair step checks whether its records are whole
        reading = reading_of(contract, original)
        if delivery.reading == reading:
            continue
        if not delivery.reading and delivery.contract == contract.fingerprint:
            ledger.record_reading(delivery.sha256, reading)
            continue
        outcomes.append(_read_again(original, delivery, contract, ledger, reading))
    return outcomes


def _read_again(
    original: Path,
    delivery: Delivery,
    contract: DeliveryContract,
    ledger: Ledger,
    reading: str,
) -> Outcome:
    name, records = delivery.file_name, original.with_name(RECORDS_FILE)
    try:
        if sha256_of(original) != delivery.archived_sha256:
            raise DeliveryError("the archived original is damaged. Deliver the file again.")
        parsed = parse_delivery(
            original,
            contract,
            file_name=name,
            sha256=delivery.sha256,
            output=records,
            is_accepted=True,
        )
    except DeliveryError as error:
        ledger.record_reading(delivery.sha256, reading)  # so that it is tried only once
        detail = f"The contract's settings changed, but the file's records stay unchanged: {error}"
        return Outcome(name, "kept", detail, is_warning=True)
    # A marker may have declared the file complete.
    is_cut_off = parsed.may_be_cut_off and CUT_OFF in delivery.reason
    reason, is_warning = findings(replace(parsed, may_be_cut_off=is_cut_off), contract)
    ledger.record_reading(delivery.sha256, reading, records=parsed.records, reason=reason)
    detail = f"The contract's settings changed: {parsed.records:,} records. {reason}"
    is_warning |= not parsed.records
    return Outcome(name, "read again", detail.strip(), is_warning=is_warning)
