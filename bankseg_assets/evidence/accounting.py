"""Data accounting: what became of every row of every delivered file."""

from collections.abc import Iterable
from typing import Any

from bankseg_assets.cleaning.row_counts import CLEANED, QUARANTINED, RAW, accounts
from bankseg_assets.contracts.tables import DELIVERY_DIGITS
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.release.releases import Release


def accounting(release: Release, deliveries: Iterable[Delivery]) -> list[dict[str, Any]]:
    """Return an entry for each delivered file, oldest first; one without rows is not in use.

    Where rows were erased or removed for their age, the hash of what is left is named too.
    """
    counted = accounts(*(release.path(asset) for asset in (RAW, CLEANED, QUARANTINED)))
    found = []
    for one in deliveries:
        account = counted.get(one.sha256[:DELIVERY_DIGITS])
        entry: dict[str, Any] = {
            "file": one.file_name,
            "sha256": one.sha256,
            "sha256_of_what_is_left": one.content_sha256 or None,
            "delivered_at": one.taken_at,
            "status": one.status,
            "remarks": one.reason,
            "contract": one.contract,
            "bytes": one.size_bytes,
            "records": one.records,
            "in_this_release": account is not None,
        }
        if account is not None:
            entry |= {
                "rows_in": account.rows_in,
                "rows_clean": account.rows_clean,
                "rows_quarantined": account.rows_quarantined,
                "rows_duplicate": account.rows_duplicate,
                "adds_up": account.rows_in
                == account.rows_clean + account.rows_quarantined + account.rows_duplicate,
                "quarantine_reasons": account.reasons,
            }
        found.append(entry)
    return found
