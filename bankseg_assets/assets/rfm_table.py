"""rfm_table: one row a customer."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field
from pyspark.sql import DataFrame

from bankseg_assets.assets.common import FRESHNESS, INSIGHT, OWNERS
from bankseg_assets.customer_key import BASIS_KEY, launched_key
from bankseg_assets.io_managers import ROW_COUNT_KEY, FrameWithBasis
from bankseg_assets.metadata import table_metadata
from bankseg_assets.resources import DeliveryResource
from bankseg_assets.transforms import rfm


class RfmConfig(dg.Config):
    """Who the customer is."""

    customer_key: str = Field(
        default="",
        description="Who the customer is, for this run: a column of cleaned_transactions, or "
        "several, as in concat_ws('|', birth_date, gender, location, substr(customer_id, 4, 3)). "
        "Empty: the contract's customer_key, and that is also what the next run takes by itself. "
        "Launch everything from rfm_table on with it (the job `models`): segments, lists and "
        "recommendations are by this key, and holdings match only where they are too.",
    )


@dg.asset(
    group_name=INSIGHT,
    owners=OWNERS,
    kinds={"spark", "parquet"},
    freshness_policy=FRESHNESS,
    metadata=table_metadata("rfm_table") | {ROW_COUNT_KEY: "n_customers"},
)
def rfm_table(
    context: dg.AssetExecutionContext,
    config: RfmConfig,
    delivery: DeliveryResource,
    cleaned_transactions: DataFrame,
) -> Iterator[dg.Output[FrameWithBasis]]:
    """Recency, frequency, monetary, balances, age, gender, location, scores 1..5, named group.

    Recency counts to the snapshot date, the day after the newest transaction in the data. Scores
    are quintiles that move apart where values tie: 84 % of customers have one transaction, and a
    second one must still score higher.
    """
    key = launched_key(config.customer_key) or delivery.contract.customer_key
    rfm.require_key(cleaned_transactions, key)
    snapshot = rfm.snapshot_date(cleaned_transactions)
    # Kept for the scores and the write: the aggregation is the expensive part of this asset.
    measures = rfm.customers(cleaned_transactions, customer_key=key, snapshot=snapshot).persist()
    counts = rfm.measure_histograms(measures)
    context.add_output_metadata(
        {"snapshot_date": snapshot.isoformat(), "customer_key": key}
        | {
            f"{name}_score_cuts": ", ".join(f"{cut:,.10g}" for cut in cuts)
            for name, cuts in rfm.cut_values(counts).items()
        }
    )
    try:
        yield dg.Output(FrameWithBasis(rfm.with_scores(measures, counts), {BASIS_KEY: key}))
    finally:
        measures.unpersist()  # a Spark Connect server outlives the run, and would hold them on
