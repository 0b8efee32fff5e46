"""Record that a person looked up a customer: every page, route and command that shows one calls it.

The customer is named by the start of a keyed hash, so that the log does not show who is a customer.
"""

from pathlib import Path

from bankseg_assets.privacy.audit import AUDIT_FOLDER, LIST_DOWNLOADED, Event, log, note
from bankseg_assets.privacy.tombstones import PRIVACY_FOLDER, Tombstones

LOOKED_UP = "subject looked up"


def record_quarantined(data_dir: Path, rows: int, how: str) -> None:
    """Record that quarantined rows, which have customers, were shown or written; as a look-up."""
    event = Event(LIST_DOWNLOADED, on="quarantined rows", result=f"{rows:,} rows {how}")
    note(data_dir / AUDIT_FOLDER, event)


def record_look_up(data_dir: Path, customer_id: str, *, why: str = "", result: str = "") -> None:
    """Record a look-up of a customer by the normalised ID; never raises OSError.

    A machine that only serves may have no right to write the key or the log.
    """
    tombstones = Tombstones(data_dir / PRIVACY_FOLDER)
    try:
        reference = tombstones.reference(customer_id)
        why = tombstones.without_ids(why, [customer_id])
    except OSError as error:
        log.warning("A look-up could not be recorded in the audit log: %s", error.strerror)
        return
    note(data_dir / AUDIT_FOLDER, Event(LOOKED_UP, on=reference, why=why, result=result))
