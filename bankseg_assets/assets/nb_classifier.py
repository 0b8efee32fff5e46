"""nb_classifier: tells a branch which segment a customer belongs to, and how surely."""

from typing import Any

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.assets.common import FRESHNESS, MODELS, OWNERS
from bankseg_assets.io_managers import PATH_KEY
from bankseg_assets.reports.plots import matrix_plot
from bankseg_assets.resources import DeliveryResource
from bankseg_assets.transforms.bundle import build_bundle
from bankseg_assets.transforms.kmeans import KMeansModel
from bankseg_assets.transforms.naive_bayes import fit_and_evaluate
from bankseg_assets.transforms.pca import PcaModel


@dg.asset(
    group_name=MODELS,
    owners=OWNERS,
    kinds={"spark", "json"},
    freshness_policy=FRESHNESS,
    metadata={PATH_KEY: "model_path"},
)
def nb_classifier(
    context: dg.AssetExecutionContext,
    delivery: DeliveryResource,
    customer_segments: DataFrame,
    segment_profiles: DataFrame,
    pca_model: dict[str, Any],
    kmeans_model: dict[str, Any],
) -> dict[str, Any]:
    """Gaussian naive Bayes (Spark ML) on the segments' labels, and its scoring bundle.

    Tested on customers that were held out before any transform, PCA or k-means was fitted. The
    bundle is JSON with a content hash: `bankseg_assets.scoring` scores it with numpy exactly as
    Spark does.
    """
    pca = PcaModel.from_json(pca_model)
    kmeans = KMeansModel.from_json(kmeans_model)
    labelled = pca.project(customer_segments, "segment", "held_out").persist()
    try:
        model, evaluation = fit_and_evaluate(labelled, pca.n_components)
    finally:
        labelled.unpersist()
    bundle = build_bundle(
        pca=pca,
        kmeans=kmeans,
        model=model,
        evaluation=evaluation,
        segments=customer_segments,
        profiles=[row.asDict() for row in segment_profiles.collect()],
        version=context.run.run_id,
        currency=delivery.contract.currency,
    )
    context.add_output_metadata(
        {
            "f1_weighted": evaluation.f1_weighted,
            "f1_macro": evaluation.f1_macro,
            "log_loss": evaluation.log_loss,
            "accuracy": evaluation.accuracy,
            "f1_weighted_of_always_the_largest": evaluation.majority_f1_weighted,
            "n_held_out": evaluation.n_held_out,
            "n_segments": kmeans.k,
            "n_customers": sum(kmeans.sizes),
            "calibration_error": bundle["metrics"]["calibration_error"],
            "brier": bundle["metrics"]["brier"],
            "completeness": dg.MetadataValue.md(_completeness(bundle["completeness"])),
            "model_sha256": bundle["sha256"],
            "confusion": dg.MetadataValue.md(
                matrix_plot(
                    evaluation.confusion,
                    kmeans.names,
                    title="Held-out customers",
                    x_label="predicted",
                    y_label="k-means segment",
                )
            ),
        }
    )
    return bundle


def _completeness(found: list[dict[str, Any]]) -> str:
    """Say how well customers are told apart, and how honestly, by what a form may know of them."""
    names = ("f1_macro", "log_loss", "brier", "calibration_error", "temperature")
    rows = [
        f"| {', '.join(entry['known']) or 'nothing: the prior'} | "
        + " | ".join(f"{entry[name]:.4f}" for name in names)
        + " |"
        for entry in found
    ]
    head = f"| known | {' | '.join(name.replace('_', ' ') for name in names)} |"
    return "\n".join([head, "|---" * (len(names) + 1) + "|", *rows])
