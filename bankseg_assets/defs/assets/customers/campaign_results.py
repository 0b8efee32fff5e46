"""Asset campaign_results: what campaigns brought, from the newest transactions."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow.dataset as ds
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from bankseg_assets.campaigns.campaign import CampaignError
from bankseg_assets.campaigns.refreshing import DataInUse, refreshed
from bankseg_assets.campaigns.results import CampaignResults, newest_results
from bankseg_assets.campaigns.stored_campaigns import all_campaigns
from bankseg_assets.contracts.tables import CLEANED_TRANSACTIONS, RFM_TABLE
from bankseg_assets.customers.campaign_spending import spending
from bankseg_assets.customers.customer_key import key_in_use
from bankseg_assets.defs.assets.common import ACTIONS, FRESHNESS, OWNERS
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.metadata import table_value
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource, SparkResource
from bankseg_assets.storage.documents import json_bytes
from bankseg_assets.storage.parquet import read_parquet
from bankseg_assets.storage.version_store import VersionStore


@dg.asset(
    group_name=ACTIONS,
    owners=OWNERS,
    kinds={"spark", "json"},
    code_version=source_version("campaigns"),
    freshness_policy=FRESHNESS,
    # Not as inputs, which are opened before it is known whether there is any campaign.
    deps=[CLEANED_TRANSACTIONS.name, RFM_TABLE.name],
    # After all other steps: no release waits for it.
    op_tags={"dagster/priority": "-10"},
    output_required=False,
)
def campaign_results(
    context: dg.AssetExecutionContext,
    delivery: DeliveryResource,
    published: PublishedResource,
    spark: SparkResource,
) -> Iterator[dg.Output[Any]]:
    """What each campaign brought: treated against held out customers, with intervals and a verdict.

    Spend, transactions and active share from the campaign's first day on, by Welch and by CUPED; by
    segment; over time. One pass over the transactions since the first start, and none without
    campaigns. No release depends on it: if it fails, the earlier results stay.
    """
    store = published.store
    data_dir = store.folder.parent
    if not all_campaigns(data_dir):
        yield dg.Output(CampaignResults().model_dump(mode="json"), metadata={"campaigns": 0})
        return
    contract = delivery.contract
    data = DataInUse(
        through=_newest_day(store),
        is_demo=delivery.holds_demo_data,
        customer_key=key_in_use(store, contract.customer_key),
        currency=contract.currency,
        removed_before=delivery.removed_before,
        number_format=contract.number_format,
    )

    def sums(members: Sequence[Path], edges: Sequence[date]) -> pd.DataFrame:
        session = spark.spark_session
        version = store.latest(CLEANED_TRANSACTIONS.name)
        cleaned = read_parquet(session, CLEANED_TRANSACTIONS.ddl, version)
        return spending(cleaned, members, edges, customer_key=data.customer_key)

    try:
        found = refreshed(data_dir, data, _previous(context, store), sums)
        document = found.model_dump(mode="json")
        json_bytes(document)  # a number that is not JSON would fail the run
    except (CampaignError, OSError, ValueError, PySparkException, Py4JError) as error:
        context.log.error(f"The results of campaigns stay as they were: {error}")
        return
    rows = [
        [one.campaign_id, one.verdict, str(one.measured_through or ""), one.frozen]
        for one in found.campaigns
    ]
    yield dg.Output(
        document,
        metadata={
            "campaigns": len(rows),
            "verdicts": table_value(["campaign", "verdict", "measured through", "frozen"], rows),
        },
    )


def _previous(context: dg.AssetExecutionContext, store: VersionStore) -> CampaignResults:
    try:
        return newest_results(store.folder)
    except CampaignError as error:
        context.log.warning(f"The earlier results cannot be read: {error}")
        return CampaignResults()


def _newest_day(store: VersionStore) -> date | None:
    """Return the day of the newest transaction: the snapshot is the day after."""
    files = [str(path) for path in sorted(store.latest(RFM_TABLE.name).glob("*.parquet"))]
    rows = ds.dataset(files, format="parquet").head(1, columns=["snapshot_date"]).to_pylist()
    return rows[0]["snapshot_date"] - timedelta(days=1) if rows else None
