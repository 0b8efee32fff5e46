"""pca_model: which features, how they are scaled, and their principal components."""

from typing import Any

import dagster as dg
from pydantic import Field
from pyspark.sql import DataFrame

from bankseg_assets.assets.common import FRESHNESS, MODELS, OWNERS
from bankseg_assets.reports.plots import bar_plot
from bankseg_assets.scoring import DEFAULT_FEATURES, FEATURES, feature_list
from bankseg_assets.transforms.pca import PcaModel, fit_pca


class PcaConfig(dg.Config):
    """Which features to segment by, and in how many components."""

    features: list[str] = Field(
        default=DEFAULT_FEATURES,
        description="Features by name: "
        + "; ".join(f"{f.name} ({f.reason})" for f in FEATURES.values()),
    )
    n_components: int = Field(default=2, ge=1, description="Principal components to keep.")
    whiten: bool = Field(
        default=False,
        description="Divide each component by its standard deviation, so that all weigh the same.",
    )


@dg.asset(group_name=MODELS, owners=OWNERS, kinds={"spark", "json"}, freshness_policy=FRESHNESS)
def pca_model(
    context: dg.AssetExecutionContext, config: PcaConfig, rfm_table: DataFrame
) -> dict[str, Any]:
    """Feature transforms, mean, scale, loadings and explained variance, from training customers.

    Customers that are held out for testing take no part. Gender and age are never features: they
    are profiled, not clustered by.
    """
    model = fit_pca(
        rfm_table,
        feature_list(config.features),
        n_components=config.n_components,
        whiten=config.whiten,
    )
    names = [f"PC{place + 1}" for place in range(len(model.explained_variance))]
    context.add_output_metadata(
        {
            "n_training_customers": model.n_customers,
            "n_components": model.n_components,
            "explained_variance_kept": sum(model.explained_variance[: model.n_components]),
            "loadings": dg.MetadataValue.md(_loadings(model)),
            "features": dg.MetadataValue.md(_features(model)),
            "explained_variance": dg.MetadataValue.md(
                bar_plot(
                    names,
                    model.explained_variance,
                    title="Explained variance",
                    x_label="share of variance",
                    y_label="component",
                )
            ),
        }
    )
    return model.to_json()


def _loadings(model: PcaModel) -> str:
    heads = [f"PC{place + 1}" for place in range(model.n_components)]
    lines = [
        f"| {feature.name} | " + " | ".join(f"{value:+.3f}" for value in row) + " |"
        for feature, row in zip(model.features, model.loadings, strict=True)
    ]
    return "\n".join(
        [f"| feature | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|", *lines]
    )


def _features(model: PcaModel) -> str:
    """Say why each feature is as it is, and what its transform does to the skew."""
    lines = [
        f"| {feature.name} | {feature.measure} | {feature.transform} | {feature.weight:g} "
        f"| {before:.1f} | {after:.1f} | {feature.reason} |"
        for feature, (before, after) in zip(model.features, model.skew, strict=True)
    ]
    head = "| feature | measure | transform | weight | skew before | skew after | why |"
    return "\n".join([head, "|---" * 7 + "|", *lines])
