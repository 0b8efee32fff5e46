"""Asset retention_report: removes what is older than the limits of the settings, and reports it."""

from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from bankseg_assets.cleaning.ages import write_rows_before
from bankseg_assets.contracts.delivery import load_contract
from bankseg_assets.defs.assets.common import OWNERS, PRIVACY
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.old_runs import delete_old_runs
from bankseg_assets.defs.resources import RetentionResource, SparkResource
from bankseg_assets.erasure.limits import time_before
from bankseg_assets.erasure.retention import Retained, retain
from bankseg_assets.presentation.markdown import markdown_table

# Another process may run a batch: the retries wait for its end.
RETRIES = dg.RetryPolicy(max_retries=10, delay=60)


class RetentionConfig(dg.Config):
    """Whether a run only counts."""

    dry_run: bool = Field(
        default=False, description="Only count what is older than its limit, and remove nothing."
    )


@dg.asset(
    group_name=PRIVACY,
    owners=OWNERS,
    kinds={"spark", "parquet"},
    code_version=source_version("erasure"),
    io_manager_key="no_lock",
    retry_policy=RETRIES,
)
def retention_report(
    context: dg.AssetExecutionContext,
    config: RetentionConfig,
    retention: RetentionResource,
    spark: SparkResource,
) -> dg.MaterializeResult[None]:
    """Old transactions, quarantined rows, versions, logs and audit entries are removed.

    By the limits in the settings; without any, everything is kept. The release in use serves on; if
    rows were removed, the next run of `refresh` counts everything again.
    """
    settings, limits = retention.settings, retention.ages
    contract = load_contract(settings.contract)

    done = retain(
        *(settings, contract, limits),
        lambda *arguments: write_rows_before(spark.spark_session, contract, *arguments),
        dry_run=config.dry_run,
        why="a run of the job retention",
    )
    before = time_before(datetime.now(UTC), days=limits.logs_days)
    runs = (
        delete_old_runs(context.instance, settings.published_dir, before, dry_run=config.dry_run)
        if before
        else 0
    )
    for note in done.notes:
        context.log.warning(note)
    return dg.MaterializeResult(metadata=_metadata(done, runs, dry_run=config.dry_run))


def _metadata(done: Retained, runs: int, *, dry_run: bool) -> dict[str, dg.MetadataValue]:
    rows = [(place.name, place.rows, place.files, place.note) for place in done.places]
    found: dict[str, dg.MetadataValue] = {
        "dry_run": dg.MetadataValue.bool(dry_run),
        "rows": dg.MetadataValue.int(done.rows),
        "places": dg.MetadataValue.md(markdown_table(["place", "rows", "files", "limit"], rows)),
        "runs_of_dagster": dg.MetadataValue.int(runs),
    }
    if done.kept_from:
        found["kept_from"] = dg.MetadataValue.text(done.kept_from.isoformat())
    if done.report:
        found["report"] = dg.MetadataValue.path(str(done.report))
    return found
