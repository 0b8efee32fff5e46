"""Asset kmeans_model: the chosen k with its reason, and the centroids."""

from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field, field_validator
from pyspark.sql import DataFrame

from bankseg_assets.defs.assets.common import FRESHNESS, MODELS, OWNERS
from bankseg_assets.defs.assets.models.keep import KEEP, model_to_keep
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.launch_checks import validated_at_launch
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.presentation.markdown import raw_table
from bankseg_assets.release.releases import all_releases, current_release
from bankseg_assets.reports.plots import line_plot
from bankseg_assets.segmentation.alternatives import Algorithm
from bankseg_assets.segmentation.k_selection import DEFAULT_KS, FEWEST_SEGMENTS, SEED, SweepOptions
from bankseg_assets.segmentation.kmeans import InUse, KMeansModel, fit_kmeans
from bankseg_assets.segmentation.pca import PcaModel
from bankseg_assets.segmentation.refresh import EmptySegmentError, refresh_kmeans
from bankseg_assets.storage.documents import read_document

MOST_SEGMENTS = 50  # more are not for people, and each k of the sweep takes longer than the last


class KMeansConfig(dg.Config):
    """The range of k, or k itself, and the clustering algorithm."""

    # 0 and not None, because the Launchpad's scaffold leaves None out.
    k: int = Field(
        default=0,
        ge=0,
        le=MOST_SEGMENTS,
        description="The number of segments; 0 chooses it by the sweep.",
    )
    # A list and not two bounds, one of which could be above the other.
    ks: list[int] = Field(
        default=list(DEFAULT_KS),
        min_length=1,
        description=f"Every k of the sweep, each from 2 to {MOST_SEGMENTS}.",
    )
    fewest: int = Field(
        default=FEWEST_SEGMENTS,
        ge=1,
        le=MOST_SEGMENTS,
        description="Smallest k to choose if it meets the criteria: fewer segments are of little "
        "use in marketing.",
    )
    seed: int = Field(default=SEED, ge=0, description="Seed of the random starts.")
    algorithm: Algorithm = Field(
        default=Algorithm.K_MEANS,
        description="K_MEANS, BISECTING_K_MEANS or GAUSSIAN_MIXTURE. The last two take Spark about "
        "20 seconds for each k and its three refits, so use a small range of k.",
    )
    continue_release: bool = Field(
        default=True,
        description="Keep number, name and colour of segments that continue one of the release in "
        "use.",
    )
    keep: bool = Field(default=False, description=KEEP)

    @field_validator("ks")
    @classmethod
    def _in_range(cls, ks: list[int]) -> list[int]:
        if wrong := [k for k in ks if not 2 <= k <= MOST_SEGMENTS]:  # noqa: PLR2004  two segments
            raise ValueError(f"expected each from 2 to {MOST_SEGMENTS}, found {wrong}")
        return ks


@validated_at_launch(KMeansConfig)
@dg.asset(
    group_name=MODELS,
    owners=OWNERS,
    kinds={"spark", "scikitlearn", "json"},
    code_version=source_version("segmentation"),
    freshness_policy=FRESHNESS,
)
def kmeans_model(
    context: dg.AssetExecutionContext,
    config: KMeansConfig,
    delivery: DeliveryResource,
    published: PublishedResource,
    rfm_table: DataFrame,
    pca_model: dict[str, Any],
) -> dict[str, Any]:
    """k-means for a range of k with seven metrics, the chosen k with the reason, the centroids.

    k is swept on a weighted summary of all training customers; the chosen k is then fitted on all
    of them. Silhouette and inertia of the final model are measured on all customers, including
    held-out ones. A segment that continues one of the release in use keeps its number, name and
    colour; the matching maximises the customers who keep their number (assignment problem).
    """
    kept = model_to_keep(context, delivery, published) if config.keep else None
    if kept and kept.has_pca(pca_model):
        try:
            model = refresh_kmeans(rfm_table, kept.pca, kept.kmeans)
        except EmptySegmentError as why:
            context.log.warning(f"Segments are fitted instead of kept. {why}")
        else:
            context.add_output_metadata({"kept_from": kept.release} | _metadata(model))
            return model.to_json()
    in_use = _in_use(context, published, delivery) if config.continue_release else None
    model = fit_kmeans(
        rfm_table,
        PcaModel.from_json(pca_model),
        SweepOptions(_swept(config), config.fewest, config.seed),
        wanted=config.k or None,
        algorithm=config.algorithm,
        in_use=in_use,
    )
    context.log.info(model.reason)
    for warning in model.warnings:
        context.log.warning(warning)
    context.add_output_metadata(_metadata(model))
    return model.to_json()


def _in_use(
    context: dg.AssetExecutionContext, published: PublishedResource, delivery: DeliveryResource
) -> InUse | None:
    """Return the models of the release in use; None if there is nothing to continue."""
    release = current_release(published.store.folder)
    if release is None or release.is_demo != delivery.holds_demo_data:
        return None  # segments of demo customers are not continued
    try:
        pca, kmeans = (
            read_document(release.path(asset)) for asset in ("pca_model", "kmeans_model")
        )
        given = _ids_given(published.store.folder)
        found = InUse(PcaModel.from_json(pca), KMeansModel.from_json(kmeans), given)
    except (OSError, ValueError) as error:
        context.log.warning(
            f"The models of release {release.name} cannot be read ({error}), so segments get new "
            "numbers and names."
        )
        return None
    # Older builds recorded neither the facts behind names nor colours.
    return (
        found
        if len(found.kmeans.named_for) == len(found.kmeans.colours) == found.kmeans.k
        else None
    )


def _swept(config: KMeansConfig) -> list[int]:
    """Return the candidates in order; a k that is wanted is one of them."""
    return sorted({*config.ks, *([config.k] if config.k else [])})


def _ids_given(published_dir: Path) -> int:
    """Return how many segment IDs the stored releases have given, including those rolled back."""
    models = {
        one.path("kmeans_model")
        for one in all_releases(published_dir)
        if "kmeans_model" in one.versions and one.path("kmeans_model").is_dir()
    }
    return max((read_document(one).get("ids_given", 0) for one in models), default=0)


def _metadata(model: KMeansModel) -> dict[str, Any]:
    ks = [float(entry.k) for entry in model.sweep]
    chosen = float(model.k)

    def plot(title: str, values: list[float], y_label: str) -> dg.MarkdownMetadataValue:
        return dg.MetadataValue.md(
            line_plot(ks, values, title=title, x_label="k", y_label=y_label, mark=chosen)
        )

    chosen_entry = next(entry for entry in model.sweep if entry.k == model.k)
    matching = model.matching
    return {
        "k": model.k,
        "algorithm": model.algorithm,
        "silhouette": model.silhouette,
        "inertia": model.inertia,
        "stability": chosen_entry.stability or 0.0,
        "reason": model.reason,
        "continued_from_the_release_in_use": matching.sentence
        if matching
        else "Nothing to continue.",
        "customers_that_keep_their_segment": matching.kept if matching else 1.0,
        "elbow_k": model.elbow or 0,
        "gap_k": model.gap_choice or 0,
        "summary_cells": model.summary_cells,
        "summary_error_at_most": model.summary_error_bound,
        "passes_over_all_customers": model.passes,
        "choices": dg.MetadataValue.md(_choices(model)),
        "elbow": plot("Elbow", [entry.inertia for entry in model.sweep], "inertia"),
        "silhouettes": plot(
            "Silhouette", [entry.silhouette for entry in model.sweep], "silhouette"
        ),
        "gaps": plot("Gap statistic", [entry.gap for entry in model.sweep], "gap (nats)"),
    }


def _choices(model: KMeansModel) -> str:
    """Return the sweep as a table."""
    heads = (
        *("k", "inertia", "silhouette, squared, all", "silhouette, Euclidean, sample"),
        *("gap", "smallest segment", "naive Bayes macro F1", "stability (ARI)"),
    )
    rows = [
        (
            f"**{entry.k}**" if entry.k == model.k else f"{entry.k}",
            f"{entry.inertia:,.0f}",
            f"{entry.silhouette:z.3f}",
            f"{entry.silhouette_euclidean:z.3f}",
            f"{entry.gap:z.2f} ± {entry.gap_error:.2f}",
            f"{entry.smallest_share:.1%}",
            f"{entry.f1_macro:.3f}",
            "not needed" if entry.stability is None else f"{entry.stability:z.3f}",
        )
        for entry in model.sweep
    ]
    return raw_table(heads, rows)
