"""Asset segmentation_comparison: k-means beside alternative algorithms."""

from typing import Any

import dagster as dg
from pydantic import Field
from pyspark.sql import DataFrame

from bankseg_assets.defs.assets.common import MODELS, OWNERS
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.launch_checks import validated_at_launch
from bankseg_assets.presentation.markdown import raw_table
from bankseg_assets.segmentation.comparison import Row, compare, verdict
from bankseg_assets.segmentation.pca import PcaModel


class ComparisonConfig(dg.Config):
    """The seed of the comparison."""

    seed: int = Field(default=42, ge=0, description="Seed of the samples and random starts.")


@validated_at_launch(ComparisonConfig)
@dg.asset(
    group_name=MODELS,
    owners=OWNERS,
    kinds={"spark", "json"},
    code_version=source_version("segmentation"),
)
def segmentation_comparison(
    context: dg.AssetExecutionContext,
    config: ComparisonConfig,
    rfm_table: DataFrame,
    pca_model: dict[str, Any],
    kmeans_model: dict[str, Any],
) -> dict[str, Any]:
    """k-means, bisecting k-means and Gaussian mixture, with and without PCA, in one table.

    Each is fitted on the training customers and measured on the same 20,000 held-out ones, at the
    k in use. No asset depends on it and Spark takes minutes for the mixtures, so it has a separate
    job with a weekly schedule.
    """
    rows = compare(rfm_table, PcaModel.from_json(pca_model), kmeans_model["k"], seed=config.seed)
    context.add_output_metadata(
        {
            "verdict": verdict(rows),
            "k": kmeans_model["k"],
            "table": dg.MetadataValue.md(_table(rows)),
        }
    )
    return {"rows": [row.to_json() for row in rows], "verdict": verdict(rows)}


def _table(rows: list[Row]) -> str:
    heads = (
        *("algorithm", "space", "silhouette, squared", "silhouette, Euclidean"),
        *("smallest, largest segment", "naive Bayes macro F1", "stability (ARI)"),
    )
    cells = [
        (
            *(
                row.algorithm,
                row.space,
                f"{row.silhouette:z.3f}",
                f"{row.silhouette_euclidean:z.3f}",
            ),
            f"{row.smallest_share:.1%}, {row.largest_share:.1%}",
            *(f"{row.f1_macro:.3f}", f"{row.stability:z.3f}"),
        )
        for row in rows
    ]
    return raw_table(heads, cells)
