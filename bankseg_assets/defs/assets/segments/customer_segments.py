"""Asset customer_segments: the segment of every customer."""

from typing import Any

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.customers.activity import with_value
from bankseg_assets.defs.assets.common import FRESHNESS, OWNERS, SEGMENTS
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.io_managers import ROW_COUNT_KEY
from bankseg_assets.defs.metadata import table_metadata
from bankseg_assets.reports.plots import bar_plot
from bankseg_assets.segmentation.assignment import assign
from bankseg_assets.segmentation.kmeans import KMeansModel
from bankseg_assets.segmentation.pca import PcaModel


@dg.asset(
    group_name=SEGMENTS,
    owners=OWNERS,
    kinds={"spark", "parquet"},
    code_version=source_version("segmentation"),
    freshness_policy=FRESHNESS,
    metadata=table_metadata("customer_segments") | {ROW_COUNT_KEY: "n_customers"},
)
def customer_segments(
    context: dg.AssetExecutionContext,
    rfm_table: DataFrame,
    customer_value: DataFrame,
    pca_model: dict[str, Any],
    kmeans_model: dict[str, Any],
) -> DataFrame:
    """Customer, segment number and name, distance to its centroid, measures and forecasts.

    Held-out customers are labelled too, by the model that was fitted without them.
    """
    model = KMeansModel.from_json(kmeans_model)
    context.add_output_metadata(
        {
            "n_segments": model.k,
            "sizes": dg.MetadataValue.md(
                bar_plot(
                    model.names,
                    model.sizes,
                    title="Segment sizes",
                    x_label="customers",
                    y_label="segment",
                )
            ),
        }
    )
    valued = with_value(rfm_table, customer_value)
    return assign(valued, PcaModel.from_json(pca_model), model)
