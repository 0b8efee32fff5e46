"""Asset recommended_actions: the next action for each segment, with the reason."""

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.defs.assets.common import ACTIONS, FRESHNESS, OWNERS
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.io_managers import ROW_COUNT_KEY
from bankseg_assets.defs.metadata import table_metadata
from bankseg_assets.defs.resources import DeliveryResource
from bankseg_assets.profiling import actions
from bankseg_assets.storage.outputs import SmallTable


@dg.asset(
    group_name=ACTIONS,
    owners=OWNERS,
    kinds={"parquet"},
    code_version=source_version("profiling"),
    freshness_policy=FRESHNESS,
    metadata=table_metadata("recommended_actions") | {ROW_COUNT_KEY: "n_segments"},
)
def recommended_actions(
    context: dg.AssetExecutionContext, delivery: DeliveryResource, segment_profiles: DataFrame
) -> SmallTable:
    """One row per segment: the next action, the reason with the segment's numbers, a channel.

    Derived from simple rules over the segment's profile. A segment that matches no rule gets the
    default action.
    """
    contract = delivery.contract
    profiles = [row.asDict() for row in segment_profiles.collect()]
    rows = actions.recommended_actions(profiles, contract.currency, contract.number_format)
    lines = "\n".join(f"- **{r['segment_name']}**: {r['action']}. {r['reason']}" for r in rows)
    context.add_output_metadata({"actions": dg.MetadataValue.md(lines)})
    return SmallTable(rows)
