"""Asset nb_classifier: predicts a customer's segment with its probability."""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
from pydantic import Field, field_validator
from pyspark.sql import DataFrame

from bankseg_assets.classifier.build_bundle import FittedModels, build_bundle
from bankseg_assets.classifier.naive_bayes import Evaluation, fit_and_evaluate, fit_single
from bankseg_assets.classifier.refresh import refresh_bundle
from bankseg_assets.defs.assets.common import CLASSIFIER, FRESHNESS, OWNERS
from bankseg_assets.defs.assets.models.keep import KEEP, model_to_keep
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.io_managers import PATH_KEY
from bankseg_assets.defs.launch_checks import validated_at_launch
from bankseg_assets.defs.metadata import table_value
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.reports.plots import matrix_plot, reliability_plot
from bankseg_assets.scoring.bundle import BUNDLE_FORMAT
from bankseg_assets.scoring.documents import BundleDocument
from bankseg_assets.scoring.evidence import EVIDENCE
from bankseg_assets.segmentation.kmeans import KMeansModel
from bankseg_assets.segmentation.pca import PcaModel

_MEASURES = ("f1_weighted", "f1_macro", "log_loss", "brier", "calibration_error")


class ClassifierConfig(dg.Config):
    """Evidence for a customer's segment besides the measures."""

    demographics: list[str] = Field(
        default=[],
        description="Which of age, gender and location count as evidence for a customer whose "
        "measures are not all known. None by default: they are weak evidence, and decisions about "
        "a customer should not depend on them unless the bank has decided so "
        "(docs/decisions/0011-the-classifier.md).",
    )
    keep: bool = Field(default=False, description=KEEP)

    @field_validator("demographics")
    @classmethod
    def _are_known(cls, names: list[str]) -> list[str]:
        if unknown := [name for name in names if name not in EVIDENCE]:
            raise ValueError(f"unknown evidence {unknown}; choose from {', '.join(EVIDENCE)}")
        return names


@validated_at_launch(ClassifierConfig)
@dg.asset(
    group_name=CLASSIFIER,
    owners=OWNERS,
    kinds={"spark", "json"},
    code_version=f"{BUNDLE_FORMAT}.{source_version('classifier')}",
    freshness_policy=FRESHNESS,
    metadata={PATH_KEY: "model_path"},
)
def nb_classifier(
    context: dg.AssetExecutionContext,
    config: ClassifierConfig,
    delivery: DeliveryResource,
    published: PublishedResource,
    customer_segments: DataFrame,
    segment_profiles: DataFrame,
    pca_model: dict[str, Any],
    kmeans_model: dict[str, Any],
) -> dict[str, Any]:
    """Gaussian naive Bayes (Spark ML) on the segments' labels, and its scoring bundle.

    Tested on customers that were held out before any transform, PCA or k-means was fitted. The
    bundle is JSON with a content hash: `scoring.bundle` scores it with numpy exactly as Spark
    does, `scoring.posterior` predicts from any subset of the measures, and `explain` gives the
    reasons.

    The nearest centroid reproduces every label, because k-means assigns labels that way. Naive
    Bayes is used because it gives probabilities and handles missing inputs.
    """
    pca = PcaModel.from_json(pca_model)
    kmeans = KMeansModel.from_json(kmeans_model)
    kept = model_to_keep(context, delivery, published) if config.keep else None
    if kept and kept.has_pca(pca_model) and kept.kmeans.divides_as(kmeans):
        bundle, evaluation = refresh_bundle(
            kept.bundle,
            kmeans,
            segments=customer_segments,
            customers=published.store.latest("customer_segments"),
            profiles=[row.asDict() for row in segment_profiles.collect()],
        )
        context.add_output_metadata({"kept_from": kept.release})
        context.add_output_metadata(_metadata(bundle, evaluation, kmeans))
        return bundle.to_json()
    labelled = pca.project(customer_segments, "segment", "held_out").persist()
    try:
        fit = fit_and_evaluate if kmeans.k > 1 else fit_single
        model, evaluation = fit(labelled, pca.n_components)
    finally:
        labelled.unpersist()
    bundle = build_bundle(
        FittedModels(pca, kmeans, model, evaluation),
        customer_segments,
        [row.asDict() for row in segment_profiles.collect()],
        version=context.run.run_id,
        currency=delivery.contract.currency,
        demographics=config.demographics,
    )
    for name in sorted(set(config.demographics) - set(bundle.evidence)):
        context.log.warning(
            f"{name} is not used as evidence, because the segments do not differ in it."
        )
    context.add_output_metadata(_metadata(bundle, evaluation, kmeans))
    return bundle.to_json()


def _metadata(
    bundle: BundleDocument, evaluation: Evaluation, kmeans: KMeansModel
) -> dict[str, Any]:
    return {
        "f1_weighted": evaluation.f1_weighted,
        "f1_macro": evaluation.f1_macro,
        "log_loss": evaluation.log_loss,
        "accuracy": evaluation.accuracy,
        "f1_weighted_of_always_the_largest": evaluation.majority_f1_weighted,
        "n_held_out": evaluation.n_held_out,
        "n_segments": kmeans.k,
        "n_customers": sum(kmeans.sizes),
        "model_sha256": bundle.sha256,
        **_quality(bundle, kmeans.names),
    }


def _quality(bundle: BundleDocument, names: list[str]) -> dict[str, Any]:
    """Return quality and calibration of the classifier, with baselines and by known inputs."""
    found = bundle.evaluation
    completeness = [entry.model_dump() for entry in found.completeness]
    return {
        "calibration_error": bundle.metrics["calibration_error"],
        "brier": bundle.metrics["brier"],
        "greatest_calibration_error_of_a_subset": max(
            entry.calibration_error for entry in found.completeness
        ),
        "demographics": ", ".join(bundle.evidence) or "none",
        "classifiers": _table(
            "classifier",
            [entry.model_dump() for entry in found.classifiers],
            [*_MEASURES, "accuracy"],
        ),
        "recall": _table(
            "segment",
            [
                {"segment": name, "recall": recall, "f1": f1}
                for name, recall, f1 in zip(names, found.recall, found.f1, strict=True)
            ],
            ["recall", "f1"],
        ),
        "completeness": _table(
            "known",
            [{**e, "known": ", ".join(e["known"]) or "none (prior)"} for e in completeness],
            [*_MEASURES, "temperature", *(["evidence_weight"] if bundle.evidence else [])],
        ),
        "reliability": dg.MetadataValue.md(
            reliability_plot(
                [entry.model_dump() for entry in found.reliability],
                title="Reliability, held-out customers",
            )
        ),
        "confusion": dg.MetadataValue.md(
            matrix_plot(
                bundle.confusion,
                names,
                title="Held-out customers",
                x_label="predicted",
                y_label="k-means segment",
            )
        ),
    }


def _table(
    head: str, rows: Iterable[Mapping[str, Any]], columns: list[str]
) -> dg.TableMetadataValue:
    """Return a text column, then numbers; missing values are empty."""
    return table_value(
        [head, *(column.replace("_", " ") for column in columns)],
        [
            [row[head], *("" if row[name] is None else f"{row[name]:.4f}" for name in columns)]
            for row in rows
        ],
    )
