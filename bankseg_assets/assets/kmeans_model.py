"""kmeans_model: how many segments, where their centres are, and why."""

from typing import Any

import dagster as dg
from pydantic import Field
from pyspark.sql import DataFrame

from bankseg_assets.assets.common import FRESHNESS, MODELS, OWNERS
from bankseg_assets.reports.plots import line_plot
from bankseg_assets.transforms.kmeans import KMeansModel, fit_kmeans
from bankseg_assets.transforms.pca import PcaModel


class KMeansConfig(dg.Config):
    """The range of k, or k itself."""

    k: int | None = Field(default=None, description="Take this k instead of choosing one.")
    k_min: int = Field(default=2, ge=2, description="Smallest k of the sweep.")
    k_max: int = Field(default=10, description="Greatest k of the sweep.")
    fewest: int = Field(
        default=4, description="Fewest segments to choose from: fewer tell a marketer nothing."
    )
    seed: int = Field(default=42, description="Seed of the random starts.")


@dg.asset(
    group_name=MODELS,
    owners=OWNERS,
    kinds={"spark", "scikitlearn", "json"},
    freshness_policy=FRESHNESS,
)
def kmeans_model(
    context: dg.AssetExecutionContext,
    config: KMeansConfig,
    rfm_table: DataFrame,
    pca_model: dict[str, Any],
) -> dict[str, Any]:
    """k-means over a range of k with elbow and silhouette, the chosen k and why, the centroids.

    k is swept on a weighted summary of all training customers; the chosen k is then fitted on
    every one of them. Silhouette and inertia of the final model are measured on all customers,
    held-out ones included.
    """
    model = fit_kmeans(
        rfm_table,
        PcaModel.from_json(pca_model),
        ks=range(config.k_min, config.k_max + 1),
        wanted=config.k,
        fewest=config.fewest,
        seed=config.seed,
    )
    context.log.info(model.reason)
    context.add_output_metadata(_metadata(model))
    return model.to_json()


def _metadata(model: KMeansModel) -> dict[str, Any]:
    ks = [float(entry.k) for entry in model.sweep]
    silhouettes = [entry.silhouette for entry in model.sweep]
    inertias = [entry.inertia for entry in model.sweep]
    chosen = float(model.k)
    return {
        "k": model.k,
        "silhouette": model.silhouette,
        "inertia": model.inertia,
        "reason": model.reason,
        "elbow_k": model.elbow or 0,
        "summary_cells": model.summary_cells,
        "passes_over_all_customers": model.passes,
        "elbow": dg.MetadataValue.md(
            line_plot(ks, inertias, title="Elbow", x_label="k", y_label="inertia", mark=chosen)
        ),
        "silhouettes": dg.MetadataValue.md(
            line_plot(
                ks, silhouettes, title="Silhouette", x_label="k", y_label="silhouette", mark=chosen
            )
        ),
    }
