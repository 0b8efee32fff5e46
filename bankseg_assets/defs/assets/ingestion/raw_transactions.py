"""Asset raw_transactions: landed records as strings, each with its file and number."""

import html
from pathlib import Path

import dagster as dg

from bankseg_assets.cleaning.ages import write_rows_before
from bankseg_assets.defs.assets.common import FRESHNESS, INGESTION, OWNERS
from bankseg_assets.defs.metadata import table_metadata
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource, SparkResource
from bankseg_assets.erasure.retention import remove_arrived
from bankseg_assets.landing.intake import Outcome, current_files, take_landed
from bankseg_assets.landing.ledger import content_hash, current_content
from bankseg_assets.landing.reading import PARSING_RULES
from bankseg_assets.landing.repair import repair_records
from bankseg_assets.landing.rereading import read_again
from bankseg_assets.presentation.markdown import raw_table
from bankseg_assets.storage.outputs import ParquetFiles
from bankseg_assets.storage.version_store import DamagedVersionError, VersionStore, damages


@dg.asset(
    group_name=INGESTION,
    owners=OWNERS,
    kinds={"arrow", "parquet"},
    deps=["landing_folder"],
    code_version=str(PARSING_RULES),
    freshness_policy=FRESHNESS,
    metadata=table_metadata("raw_transactions"),
)
def raw_transactions(
    context: dg.AssetExecutionContext,
    delivery: DeliveryResource,
    published: PublishedResource,
    spark: SparkResource,
) -> ParquetFiles:
    """Every record of every accepted file, typed as strings, with file and record number.

    Each content in the landing folder is ingested once, identified by its SHA-256. A file that
    cannot be read is rejected with the reason; other files are not affected. Demo data is ignored
    once the bank's own file arrives. Records are rebuilt from the archived original if they are
    damaged, or if the contract's settings for reading files have changed.
    """
    raw_dir, ledger, contract = Path(delivery.raw_dir), delivery.ledger, delivery.contract
    landing_dir = Path(delivery.landing_dir)
    outcomes = take_landed(
        *(landing_dir, raw_dir, ledger, contract),
        run_id=context.run.run_id,
        is_erased=delivery.is_erased,
    )
    if removed := _remove_old_rows(delivery, published.store, spark):
        context.log.info(
            f"Rows before {delivery.kept_from} were removed from new files: {removed:,}. "
            "Transactions of that age are not kept."
        )
    outcomes += read_again(raw_dir, current_content(ledger.deliveries()), contract, ledger)
    current = current_content(ledger.deliveries())
    outcomes += repair_records(raw_dir, current, contract, _damaged(published.store))
    for outcome in outcomes:
        say = context.log.warning if outcome.is_warning else context.log.info
        say(f"{outcome.file_name}: {outcome.outcome}. {outcome.detail}")
    files = current_files(raw_dir, ledger, landing_dir)
    context.add_output_metadata(
        {"files": len(files), "outcomes": dg.MetadataValue.md(outcome_table(outcomes))}
    )
    return ParquetFiles({f"{sha256}.parquet": path for sha256, path in files.items()})


def _remove_old_rows(delivery: DeliveryResource, store: VersionStore, spark: SparkResource) -> int:
    """Remove the rows of new deliveries that are older than what is kept; return how many."""
    first = delivery.kept_from
    if first is None:
        return 0
    versions = store.versions("raw_transactions")
    linked = {path.stem for path in versions[-1].glob("*.parquet")} if versions else set()
    current = current_content(delivery.ledger.deliveries())
    new = [one for one in current if one.sha256 not in linked and one.records]
    if not new:
        return 0
    contract = delivery.contract
    return remove_arrived(
        *(delivery.settings, contract, first, new),
        lambda *arguments: write_rows_before(spark.spark_session, contract, *arguments),
    )


def content_of(version: Path) -> str:
    """Return one SHA-256 of the set of contents in a version of raw_transactions."""
    return content_hash(path.stem for path in version.glob("*.parquet"))


def _damaged(store: VersionStore) -> set[str]:
    """Return the SHA-256 of the contents whose records differ from those linked last."""
    versions = store.versions("raw_transactions")
    try:
        return {Path(name).stem for name in damages(versions[-1])} if versions else set()
    except DamagedVersionError:
        return set()  # without a record, the files cannot be verified


def outcome_table(outcomes: list[Outcome]) -> str:
    """Return the outcome of the files as a Markdown table."""
    rows = [(cell(o.file_name), o.outcome, cell(o.detail)) for o in outcomes]
    return raw_table(["file", "outcome", "detail"], rows)


def cell(text: str) -> str:
    """Escape a name or message for a Markdown table cell."""
    return html.escape(text, quote=False).replace("|", "&#124;").replace("\n", " ")
