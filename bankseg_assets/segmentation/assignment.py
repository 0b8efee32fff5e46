"""Assign customers to segments."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.tables import CUSTOMER_SEGMENTS, VALUE_COLUMNS
from bankseg_assets.segmentation.kmeans import KMeansModel
from bankseg_assets.segmentation.pca import PcaModel


def assign(rfm: DataFrame, pca: PcaModel, kmeans: KMeansModel) -> DataFrame:
    """Return CUSTOMER_SEGMENTS: every customer with the nearest centroid.

    `rfm`: RFM_TABLE, with the forecasts of VALUE_COLUMNS if there are any.
    """
    segment, squared_distance = kmeans.partition.columns()
    names = F.array(*map(F.lit, kmeans.names))
    missing = [column for column in VALUE_COLUMNS if column.name not in rfm.columns]
    unknown = {column.name: F.lit(None).cast(column.type) for column in missing}
    return (
        pca.project(rfm, *rfm.columns)
        .select("*", segment.alias("segment"), F.sqrt(squared_distance).alias("distance"))
        .withColumn("segment_name", F.get(names, F.col("segment")))
        .withColumns(unknown)
        .select(*CUSTOMER_SEGMENTS.names)
    )
