"""Asset watch_list: customers who may be about to leave, with reasons and money at risk."""

from typing import Any

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.attrition.rankings import RECENCY
from bankseg_assets.attrition.rhythm import recent_days
from bankseg_assets.attrition.watch import watch_list as listed
from bankseg_assets.contracts.tables import CLEANED_TRANSACTIONS
from bankseg_assets.customers.customer_key import key_in_use
from bankseg_assets.customers.watched import watched
from bankseg_assets.defs.assets.common import ACTIONS, FRESHNESS, OWNERS
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.metadata import table_metadata, table_value
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.lookup.customer import CUSTOMERS
from bankseg_assets.presentation.disclosure import shown_count
from bankseg_assets.storage.outputs import SmallTable


@dg.asset(
    group_name=ACTIONS,
    owners=OWNERS,
    kinds={"spark", "parquet"},
    code_version=source_version("attrition"),
    freshness_policy=FRESHNESS,
    metadata=table_metadata("watch_list"),
)
def watch_list(
    context: dg.AssetExecutionContext,
    delivery: DeliveryResource,
    published: PublishedResource,
    customer_segments: DataFrame,
    cleaned_transactions: DataFrame,
    value_model: dict[str, Any],
) -> SmallTable:
    """Customers whose silence, spending or balance is unusual for them, the most money first.

    At most 5,000. Ranked by the model or by rules, whichever found more of those who left in the
    last third of the span; by recency and value where neither did, or where it cannot be tested.
    """
    test, span = value_model["attrition"], value_model["span"]
    recent = recent_days(span)
    found = watched(
        published.store.latest(CUSTOMERS),
        published.store.latest(CLEANED_TRANSACTIONS.name),
        cleaned_transactions,
        customer_key=key_in_use(published.store, delivery.contract.customer_key),
        recent=recent,
        with_rhythm=test["by"] != RECENCY,
    )
    rows = listed(found, by=test["by"], span=span, recent=recent)
    context.add_output_metadata(
        {
            "ranked_by": test["by"],
            "note": test["note"],
            "customers_listed": shown_count(len(rows)),
            "money_at_risk": float(rows["money_at_risk"].sum()),
            "test": table_value(
                ["ranking", *(f"precision of the top {share:.0%}" for share in test["shares"])],
                [[name, *found] for name, found in test["precision"].items()],
            ),
        }
    )
    return SmallTable(rows)
