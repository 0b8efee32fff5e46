"""Assets landing_folder and holdings_folder: the files that the bank delivers."""

import warnings
from collections.abc import Iterator

import dagster as dg

from bankseg_assets.defs.assets.common import DELIVERIES, OWNERS
from bankseg_assets.defs.folders import observe
from bankseg_assets.defs.resources import DeliveryResource, HoldingsResource
from bankseg_assets.defs.tags import PERSONAL_DATA

LANDING_FOLDER = dg.AssetSpec(
    "landing_folder",
    group_name=DELIVERIES,
    owners=OWNERS,
    kinds={"csv"},
    tags=PERSONAL_DATA,
    description="The folder where transaction files are dropped. Its version is the content that "
    "was delivered, and the contract that reads it: if either has changed, `raw_transactions` and "
    "everything downstream are unsynced until the next run. The metadata list the deliveries.",
)
HOLDINGS_FOLDER = dg.AssetSpec(
    "holdings_folder",
    group_name=DELIVERIES,
    owners=OWNERS,
    kinds={"csv"},
    tags=PERSONAL_DATA,
    description="The folder where files of product holdings are dropped. Its version is the "
    "content that was delivered, and the contract that reads it: if either has changed, "
    "`product_holdings` is unsynced until the next run. The metadata list the deliveries.",
)

with warnings.catch_warnings():
    # Beta in Dagster 1.13, whose version is locked.
    warnings.simplefilter("ignore", dg.BetaWarning)

    @dg.multi_observable_source_asset(specs=[LANDING_FOLDER])  # type: ignore[untyped-decorator]
    def landing_folder(delivery: DeliveryResource) -> Iterator[dg.ObserveResult]:
        """Record the version of the landing folder's content."""
        yield observe(delivery).result()

    @dg.multi_observable_source_asset(specs=[HOLDINGS_FOLDER])  # type: ignore[untyped-decorator]
    def holdings_folder(holdings: HoldingsResource) -> Iterator[dg.ObserveResult]:
        """Record the version of the holdings folder's content."""
        yield observe(holdings).result()
