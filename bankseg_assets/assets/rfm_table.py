"""rfm_table: one row a customer."""

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.assets.common import FRESHNESS, INSIGHT, OWNERS
from bankseg_assets.io_managers import ROW_COUNT_KEY
from bankseg_assets.metadata import table_metadata
from bankseg_assets.resources import DeliveryResource
from bankseg_assets.transforms import rfm


@dg.asset(
    group_name=INSIGHT,
    owners=OWNERS,
    kinds={"spark", "parquet"},
    freshness_policy=FRESHNESS,
    metadata=table_metadata("rfm_table") | {ROW_COUNT_KEY: "n_customers"},
)
def rfm_table(
    context: dg.AssetExecutionContext, delivery: DeliveryResource, cleaned_transactions: DataFrame
) -> DataFrame:
    """Recency, frequency, monetary, balances, age, gender, location, scores 1..5, named group.

    Recency counts to the snapshot date, the day after the newest transaction in the data. Scores
    are quintiles that move apart where values tie: 84 % of customers have one transaction, and a
    second one must still score higher.
    """
    snapshot = rfm.snapshot_date(cleaned_transactions)
    key = delivery.contract.customer_key
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
    return rfm.with_scores(measures, counts)
