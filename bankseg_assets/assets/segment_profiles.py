"""segment_profiles: what each segment is like, for the people who act on it."""

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.assets.common import FRESHNESS, OWNERS, SEGMENTS
from bankseg_assets.contracts import SEGMENT_PROFILES
from bankseg_assets.io_managers import ROW_COUNT_KEY
from bankseg_assets.metadata import table_metadata
from bankseg_assets.resources import DeliveryResource, SparkResource
from bankseg_assets.transforms.profiles import profile


@dg.asset(
    group_name=SEGMENTS,
    owners=OWNERS,
    kinds={"spark", "parquet"},
    freshness_policy=FRESHNESS,
    metadata=table_metadata("segment_profiles") | {ROW_COUNT_KEY: "n_segments"},
)
def segment_profiles(
    context: dg.AssetExecutionContext,
    spark: SparkResource,
    delivery: DeliveryResource,
    customer_segments: DataFrame,
) -> DataFrame:
    """Size, share, value, medians, index against the average, a name and one plain sentence."""
    rows = profile(customer_segments, delivery.contract.currency)
    context.add_output_metadata(
        {
            "sentences": dg.MetadataValue.md(
                "\n".join(f"- **{row['segment_name']}**: {row['sentence']}" for row in rows)
            )
        }
    )
    names = SEGMENT_PROFILES.names
    frame: DataFrame = spark.spark_session.createDataFrame(
        [tuple(row[name] for name in names) for row in rows], SEGMENT_PROFILES.ddl
    )
    return frame.coalesce(1)
