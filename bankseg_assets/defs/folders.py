"""Observations of the landing and holdings folders: their version and deliveries in the lineage.

Sensors and runs record them. The version is the content, so that Dagster shows what was made from
other content as unsynced.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from bankseg_assets.defs.metadata import table_value
from bankseg_assets.defs.resources import DeliveryResource
from bankseg_assets.landing.landed_content import LandedContent, content_seen, landed_content
from bankseg_assets.landing.ledger import Delivery, content_hash

DATA_VERSION_TAG = "dagster/data_version"
DELIVERIES_SHOWN = 40
MINUTE = len("2026-01-31T12:00")
FINGERPRINT_DIGITS = 12  # the whole one made the table wider than the page


@dataclass(frozen=True)
class FolderObservation:
    """The version of a folder's content, and what Dagster shows on it."""

    version: str
    metadata: dict[str, Any]
    state: str
    """A digest of version and metadata; ingesting a file changes only the latter."""

    def event(self, asset: dg.AssetKey) -> dg.AssetObservation:
        """Return the event that a sensor records."""
        tags = {DATA_VERSION_TAG: self.version}
        return dg.AssetObservation(asset, tags=tags, metadata=self.metadata)

    def result(self) -> dg.ObserveResult:
        """Return the result of an observable source asset."""
        return dg.ObserveResult(data_version=dg.DataVersion(self.version), metadata=self.metadata)


def observe(delivery: DeliveryResource) -> FolderObservation:
    """Return the observation of a folder. Raises ContractError."""
    folder, ledger = Path(delivery.landing_dir), delivery.ledger
    contract = delivery.contract.fingerprint
    return observation(folder, landed_content(folder, ledger), ledger.deliveries(), contract)


def observation(
    folder: Path, landed: LandedContent, known: Sequence[Delivery], contract: str
) -> FolderObservation:
    """Return the observation of a folder of which content and deliveries were read.

    The version covers the fingerprint of the contract, by which the content is read.
    """
    head = ("file", "status", "records", "reason", "ingested at (UTC)", "SHA-256")
    rows = [
        (one.file_name, one.status, one.records, one.reason, one.taken_at[:MINUTE], one.short)
        for one in known[: -DELIVERIES_SHOWN - 1 : -1]
    ]
    version = content_hash([*content_seen(known, landed.sha256s), contract])
    facts = {
        "files_delivered": len(known),
        "files_rejected": sum(one.status == "rejected" for one in known),
        "files_to_ingest": len(landed.sha256s - {one.sha256 for one in known}),
        "incomplete_files": ", ".join(landed.waiting) or "none",
    }
    return FolderObservation(
        version,
        {
            "folder": dg.MetadataValue.path(str(folder)),
            **facts,
            "contract_fingerprint": contract[:FINGERPRINT_DIGITS],
            "deliveries": table_value(head, rows),
        },
        state=content_hash([version, repr(facts), repr(rows)]),
    )
