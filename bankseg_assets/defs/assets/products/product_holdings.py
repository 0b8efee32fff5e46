"""Assets product_holdings and quarantined_holdings: product holdings, if the bank delivers them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from pyspark.sql import DataFrame, SparkSession

from bankseg_assets.cleaning.rules_version import HOLDINGS_RULES
from bankseg_assets.contracts.tables import RAW_HOLDINGS
from bankseg_assets.defs.assets.common import ACTIONS, FRESHNESS, OWNERS
from bankseg_assets.defs.assets.ingestion.cleaned_transactions import CONTENT_HASH_KEY, CONTRACT_KEY
from bankseg_assets.defs.assets.ingestion.raw_transactions import cell, outcome_table
from bankseg_assets.defs.io_managers import ROW_COUNT_KEY
from bankseg_assets.defs.metadata import table_metadata
from bankseg_assets.defs.resources import (
    DeliveryResource,
    HoldingsResource,
    PublishedResource,
    SparkResource,
)
from bankseg_assets.landing.archive import RECORDS_FILE
from bankseg_assets.landing.intake import take_landed
from bankseg_assets.landing.ledger import Delivery, content_hash
from bankseg_assets.landing.repair import repair_records
from bankseg_assets.landing.rereading import read_again
from bankseg_assets.presentation.markdown import raw_table
from bankseg_assets.products.current_delivery import holdings_in_use
from bankseg_assets.products.holdings import validate_holdings
from bankseg_assets.storage.outputs import FrameWithBasis, ParquetFiles, SmallTable
from bankseg_assets.storage.parquet import read_parquet
from bankseg_assets.storage.version_store import VersionStore, damages, version_basis

_COMMON: dict[str, Any] = {
    "group_name": ACTIONS,
    "owners": OWNERS,
    "kinds": {"spark", "parquet"},
    "code_version": str(HOLDINGS_RULES),
    "freshness_policy": FRESHNESS,
}


@dg.multi_asset(
    outs={
        "quarantined_holdings": dg.AssetOut(
            **_COMMON,
            description="Every quarantined row of the holdings: reason, file, record number and "
            "raw text. Rows in = kept + quarantined + duplicates; a blocking check verifies this.",
            metadata=table_metadata("quarantined_holdings"),
        ),
        "product_holdings": dg.AssetOut(
            **_COMMON,
            description="The products that each customer holds, from the last file ingested from "
            "the holdings folder. Empty until a file arrives, which is not an error. A file "
            "contains the holdings of all customers and replaces the previous one.",
            metadata=table_metadata("product_holdings") | {ROW_COUNT_KEY: "rows_kept"},
        ),
    },
    # Demo holdings are used with demo transactions alone, so these are ingested first.
    deps=["holdings_folder", "raw_transactions"],
)
def take_holdings(
    context: dg.AssetExecutionContext,
    spark: SparkResource,
    delivery: DeliveryResource,
    holdings: HoldingsResource,
    published: PublishedResource,
) -> Iterator[dg.Output[Any]]:
    """Ingest the holdings folder, and validate the rows of the file in use."""
    raw_dir, ledger, contract = Path(holdings.raw_dir), holdings.ledger, holdings.contract
    landing_dir = Path(holdings.landing_dir)
    outcomes = take_landed(
        *(landing_dir, raw_dir, ledger, contract),
        run_id=context.run.run_id,
        is_erased=holdings.is_erased,
    )
    used = holdings_in_use(ledger.deliveries(), delivery.ledger.deliveries())
    outcomes += read_again(raw_dir, [used] if used else [], contract, ledger)
    used = holdings_in_use(ledger.deliveries(), delivery.ledger.deliveries())
    outcomes += repair_records(raw_dir, [used] if used else [], contract)
    for outcome in outcomes:
        say = context.log.warning if outcome.is_warning else context.log.info
        say(f"{outcome.file_name}: {outcome.outcome}. {outcome.detail}")
    metadata: dict[str, Any] = {
        CONTENT_HASH_KEY: content_hash([used.sha256] if used else []),
        CONTRACT_KEY: contract.fingerprint,
        "outcomes": dg.MetadataValue.md(outcome_table(outcomes)),
    }
    if used is None:
        state = waiting(holdings)
        context.log.info(state)
        nothing = SmallTable()
        yield dg.Output(nothing, output_name="quarantined_holdings", metadata={"state": state})
        metadata["state"] = state
        yield dg.Output(nothing, output_name="product_holdings", metadata=metadata)
        return
    basis = {
        "content": used.sha256,
        "file_name": used.file_name,
        "contract": contract.fingerprint,
        "rules": HOLDINGS_RULES,
    }
    if (same := _validated_before(published.store, basis)) is not None:
        quarantined, kept, holders = same
        context.log.info("The file and its rules are those of the previous version, which is kept.")
        yield dg.Output(quarantined, output_name="quarantined_holdings")
        yield dg.Output(
            kept, output_name="product_holdings", metadata=metadata | _metadata(used, holders)
        )
        return
    validated = validate_holdings(_records(spark.spark_session, raw_dir, used), contract)
    try:
        recorded = basis | {"holders": validated.holders}
        yield dg.Output(
            FrameWithBasis(validated.quarantined, basis), output_name="quarantined_holdings"
        )
        yield dg.Output(
            FrameWithBasis(validated.kept, recorded),
            output_name="product_holdings",
            metadata=metadata | _metadata(used, validated.holders),
        )
    finally:
        validated.unpersist()


def _validated_before(
    store: VersionStore, basis: dict[str, Any]
) -> tuple[ParquetFiles, ParquetFiles, dict[str, int]] | None:
    """Return both tables of the newest versions and product -> holders, if of the same basis.

    Validating the 2.9 million holdings of a million demo customers takes 17 s; a delivery of
    transactions does not change them. None if a version is of another basis, or damaged.
    """
    found = []
    for asset in ("quarantined_holdings", "product_holdings"):
        versions = store.versions(asset)
        recorded = version_basis(versions[-1]) if versions else {}
        if {name: recorded.get(name) for name in basis} != basis or damages(versions[-1]):
            return None
        files = {file.name: file for file in sorted(versions[-1].glob("*.parquet"))}
        found.append((ParquetFiles(files, recorded), recorded))
    (quarantined, _), (kept, recorded) = found
    return quarantined, kept, recorded["holders"]


def waiting(holdings: HoldingsResource) -> str:
    """Return what to do to get product recommendations."""
    if holdings.ledger.deliveries():
        why = "No file with holdings of the bank's own customers was ingested"
    else:
        why = "Waiting for a file of product holdings"
    return (
        f"{why}: put a CSV, CSV.gz, Parquet or XLSX with customer and product into "
        f"{holdings.landing_dir}. Until then no products are recommended."
    )


def _records(session: SparkSession, raw_dir: Path, used: Delivery) -> DataFrame:
    return read_parquet(session, RAW_HOLDINGS.ddl, raw_dir / used.sha256 / RECORDS_FILE)


def _metadata(used: Delivery, holders: dict[str, int]) -> dict[str, Any]:
    rows = [(cell(name), f"{count:,}") for name, count in holders.items()]
    state = f"{used.file_name}, ingested at {used.taken_at}."
    if used.is_demo:
        state += " Demo holdings of demo customers (DC…): they match none of the bank's customers."
    return {
        "state": state,
        "rows_in": used.records,
        "products": len(holders),
        "holders": dg.MetadataValue.md(raw_table(["product", "customers"], rows)),
    }
