"""Asset pca_model: the features, their scaling, and their principal components."""

from typing import Any

import dagster as dg
from pydantic import Field, field_validator
from pyspark.sql import DataFrame

from bankseg_assets.cleaning.amounts import has_direction
from bankseg_assets.contracts.feature_catalogue import FEATURES
from bankseg_assets.defs.assets.common import FRESHNESS, MODELS, OWNERS
from bankseg_assets.defs.assets.models.keep import KEEP, model_to_keep
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.launch_checks import validated_at_launch
from bankseg_assets.defs.metadata import table_value
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.reports.plots import bar_plot
from bankseg_assets.scoring.bundle import feature_list
from bankseg_assets.segmentation.feature_candidates import best_pca
from bankseg_assets.segmentation.k_selection import SEED, SweepOptions
from bankseg_assets.segmentation.pca import PcaModel


class PcaConfig(dg.Config):
    """The features of the segmentation, and the number of components."""

    features: list[str] = Field(
        default=[],
        description="Names of the features. If empty: those of the contract, or, if it names none, "
        "chosen from the data. " + "; ".join(f"{f.name} ({f.reason})" for f in FEATURES.values()),
    )
    n_components: int | None = Field(
        default=None,
        ge=1,
        description="Principal components to keep; null: chosen with the features.",
    )
    whiten: bool | None = Field(
        default=None,
        description="Divide each component by its standard deviation, so that all have the same "
        "weight; null: chosen with the features.",
    )
    seed: int = Field(
        default=SEED, ge=0, description="Seed of the random starts of the comparison."
    )
    keep: bool = Field(default=False, description=KEEP)

    @field_validator("features")
    @classmethod
    def _are_known(cls, features: list[str]) -> list[str]:
        return [feature.name for feature in feature_list(features)]


@validated_at_launch(PcaConfig)
@dg.asset(
    group_name=MODELS,
    owners=OWNERS,
    kinds={"spark", "json"},
    code_version=source_version("segmentation"),
    freshness_policy=FRESHNESS,
)
def pca_model(
    context: dg.AssetExecutionContext,
    config: PcaConfig,
    delivery: DeliveryResource,
    published: PublishedResource,
    rfm_table: DataFrame,
) -> dict[str, Any]:
    """Feature transforms, mean, scale, loadings and explained variance, from training customers.

    The features are chosen from the data: features that are missing, or the same for nearly all
    customers, are dropped, and the first set whose segments meet the criteria is used. Held-out
    customers are excluded. Gender and age are never features; they only appear in profiles.
    """
    kept = model_to_keep(context, delivery, published) if config.keep else None
    if kept:
        context.add_output_metadata({"kept_from": kept.release} | _metadata(kept.pca))
        return dict(kept.pca_document)
    model = best_pca(
        rfm_table,
        SweepOptions(seed=config.seed),
        named=config.features or delivery.contract.features,
        n_components=config.n_components,
        whiten=config.whiten,
        direction_known=has_direction(delivery.contract),
    )
    for warning in model.warnings:
        context.log.warning(warning)
    context.add_output_metadata(_metadata(model))
    return model.to_json()


def _metadata(model: PcaModel) -> dict[str, Any]:
    names = [f"PC{place + 1}" for place in range(len(model.explained_variance))]
    return {
        "n_training_customers": model.n_customers,
        "reason": model.reason,
        "left_out": " ".join(model.warnings) or "nothing",
        "comparison": _comparison(model),
        "n_components": model.n_components,
        "explained_variance_kept": sum(model.explained_variance[: model.n_components]),
        "loadings": _loadings(model),
        "features": _features(model),
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


def _loadings(model: PcaModel) -> dg.TableMetadataValue:
    heads = [f"PC{place + 1}" for place in range(model.n_components)]
    return table_value(
        ["feature", *heads],
        [
            [feature.name, *(round(value, 3) for value in row)]
            for feature, row in zip(model.features, model.loadings, strict=True)
        ],
    )


def _features(model: PcaModel) -> dg.TableMetadataValue:
    """Return the reason for each feature's transform, and its effect on the skew."""
    return table_value(
        ["feature", "measure", "transform", "weight", "skew before", "skew after", "why"],
        [
            [
                *(feature.name, feature.measure, feature.transform, feature.weight),
                *(round(before, 1), round(after, 1), feature.reason),
            ]
            for feature, (before, after) in zip(model.features, model.skew, strict=True)
        ],
    )


def _comparison(model: PcaModel) -> dg.TableMetadataValue:
    """Return the compared feature sets with their metrics."""
    heads = ["features", "components", "k", "silhouette", "macro F1", "smallest", "stability"]
    return table_value(heads, [_compared(row) for row in model.comparison])


def _compared(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        ", ".join(row["features"]),
        f"{row['n_components']}{', whitened' * row['whitened']}",
        str(row["k"]),
        f"{row['silhouette']:z.3f}",
        f"{row['f1_macro']:.3f}",
        f"{row['smallest_share']:.1%}",
        "not needed" if row["stability"] is None else f"{row['stability']:z.3f}",
    )
