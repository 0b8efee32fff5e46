"""raw_transactions: what landed, as strings, every record with its file and number."""

from pathlib import Path

import dagster as dg

from bankseg_assets.assets.common import FRESHNESS, INGESTION, OWNERS
from bankseg_assets.io_managers import ParquetFiles
from bankseg_assets.landing.intake import Outcome, current_files, take_landed
from bankseg_assets.landing.ledger import content_hash
from bankseg_assets.metadata import table_metadata
from bankseg_assets.resources import DeliveryResource


@dg.asset(
    group_name=INGESTION,
    owners=OWNERS,
    kinds={"arrow", "parquet"},
    freshness_policy=FRESHNESS,
    metadata=table_metadata("raw_transactions"),
)
def raw_transactions(context: dg.AssetExecutionContext, delivery: DeliveryResource) -> ParquetFiles:
    """Every record of every accepted file, typed as strings, with file and record number.

    Files are taken from the landing folder once, by the SHA-256 of their content. A file that
    cannot be read is rejected with the reason and disturbs nothing else. Demo data steps aside
    when the bank's own file arrives.
    """
    outcomes = take_landed(
        Path(delivery.landing_dir),
        Path(delivery.raw_dir),
        delivery.ledger,
        delivery.contract,
        run_id=context.run.run_id,
    )
    for outcome in outcomes:
        say = context.log.warning if outcome.outcome == "rejected" else context.log.info
        say(f"{outcome.file_name}: {outcome.outcome}. {outcome.detail}")
    files = current_files(Path(delivery.raw_dir), delivery.ledger, Path(delivery.landing_dir))
    context.add_output_metadata(
        {"files": len(files), "outcomes": dg.MetadataValue.md(_table(outcomes))}
    )
    return ParquetFiles({f"{sha256}.parquet": path for sha256, path in files.items()})


def content_of(version: Path) -> str:
    """Return one SHA-256 for the set of contents in a version of raw_transactions."""
    return content_hash(path.stem for path in version.glob("*.parquet"))


def _table(outcomes: list[Outcome]) -> str:
    rows = [f"| {o.file_name} | {o.outcome} | {o.detail} |".replace("\n", " ") for o in outcomes]
    return "\n".join(["| file | outcome | detail |", "|---|---|---|", *rows])
