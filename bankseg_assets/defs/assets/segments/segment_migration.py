"""Asset segment_migration: moves between segments since the release in use."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.contracts.tables import CUSTOMER_SEGMENTS
from bankseg_assets.customers.customer_key import key_in_use
from bankseg_assets.defs.assets.common import FRESHNESS, OWNERS, SEGMENTS
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.io_managers import ROW_COUNT_KEY
from bankseg_assets.defs.metadata import table_metadata
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource, SparkResource
from bankseg_assets.migration.flows import KINDS, Flow, flows
from bankseg_assets.migration.previous_release import (
    CUSTOMERS,
    NothingToCompareError,
    PreviousRelease,
    read_previous_release,
    segment_colours,
)
from bankseg_assets.migration.report import matrix, summary
from bankseg_assets.migration.sankey_plot import sankey_plot
from bankseg_assets.migration.tracking import Migration, migrate
from bankseg_assets.storage.outputs import SmallTable
from bankseg_assets.storage.parquet import read_parquet


@dg.asset(
    group_name=SEGMENTS,
    owners=OWNERS,
    kinds={"spark", "parquet"},
    code_version=source_version("migration"),
    freshness_policy=FRESHNESS,
    metadata=table_metadata("segment_migration") | {ROW_COUNT_KEY: "n_flows"},
)
def segment_migration(
    context: dg.AssetExecutionContext,
    spark: SparkResource,
    delivery: DeliveryResource,
    published: PublishedResource,
    customer_segments: DataFrame,
    kmeans_model: dict[str, Any],
) -> SmallTable:
    """Customers and money that moved between segments since the release in use.

    Split into moves by customers (new data, old model) and moves by the model (same data, new
    model). Empty if there is nothing to compare with: before the first release, between demo data
    and the bank's own, after a change of the customer key, or if the old files are damaged.
    """
    currency = delivery.contract.currency
    rows: list[dict[str, Any]] = []
    try:
        past = read_previous_release(
            published.store.folder,
            is_demo=delivery.holds_demo_data,
            customer_key=key_in_use(published.store, delivery.contract.customer_key),
            customers=published.store.latest(CUSTOMERS),
        )
        before = read_parquet(spark.spark_session, CUSTOMER_SEGMENTS.ddl, *past.customers)
        migration = migrate(before, customer_segments, past, k=len(kmeans_model["names"]))
    except NothingToCompareError as reason:
        context.log.info(f"Nothing to compare with. {reason}")
        context.add_output_metadata({"compared_with": "", "nothing_to_compare": str(reason)})
    else:
        found = flows(migration.paths, past.names, kmeans_model["names"], migration.continues)
        shades = (past.colours, segment_colours(kmeans_model))
        context.add_output_metadata(_metadata(found, migration, past, shades, currency))
        snapshots = {
            "from_snapshot": migration.old_snapshot,
            "to_snapshot": migration.new_snapshot,
            "compared_with": past.release,
        }
        rows = [asdict(flow) | snapshots for flow in found]
    return SmallTable(rows)


def _metadata(
    found: list[Flow],
    migration: Migration,
    past: PreviousRelease,
    shades: tuple[Sequence[int], Sequence[int]],
    currency: str,
) -> dict[str, Any]:
    title = f"Customers from {migration.old_snapshot} to {migration.new_snapshot}"
    plot = sankey_plot(found, colours=shades, title=title, currency=currency)
    return {
        "compared_with": past.release,
        "from_snapshot": migration.old_snapshot.isoformat(),
        "to_snapshot": migration.new_snapshot.isoformat(),
        "summary": dg.MetadataValue.md(summary(found, currency)),
        "sankey": dg.MetadataValue.md(plot),
    } | {f"moved_by_{kind}": dg.MetadataValue.md(matrix(found, kind, currency)) for kind in KINDS}
