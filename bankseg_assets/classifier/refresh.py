"""Renew the scoring bundle in use for today's customers, without refitting the classifier."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import DataFrame

from bankseg_assets.classifier.build_bundle import form_inputs, segment_document
from bankseg_assets.classifier.confusion_matrix import held_out_evaluation
from bankseg_assets.classifier.naive_bayes import Evaluation
from bankseg_assets.scoring.bundle import bundle_from, bundle_hash
from bankseg_assets.segmentation.kmeans import KMeansModel
from bankseg_assets.stats.metrics import f1_scores
from bankseg_assets.stats.rounding import rounded


def refresh_bundle(
    in_use: Mapping[str, Any],
    *,
    kmeans: KMeansModel,
    segments: DataFrame,
    customers: Path,
    profiles: Sequence[Mapping[str, Any]],
) -> tuple[dict[str, Any], Evaluation]:
    """Return the bundle with today's snapshot, profiles, form and quality, and its evaluation.

    `segments` is CUSTOMER_SEGMENTS, and `customers` the folder of its version. All that decides an
    answer is unchanged: features, components, Gaussians, priors, temperatures; so is `version`,
    which names the run that fitted the model. `evaluation.completeness` and the comparison of
    classifiers are those of the fit.
    """
    evaluation, sampled = held_out_evaluation(bundle_from(in_use), customers)
    snapshot = segments.select("snapshot_date").first()
    document = {
        **in_use,
        "snapshot_date": snapshot[0].isoformat() if snapshot else "",
        "segments": [
            segment_document(profile) | {"colour": kmeans.colours[profile["segment"]]}
            for profile in sorted(profiles, key=lambda p: p["segment"])
        ],
        "inputs": _inputs(in_use, segments),
        "metrics": in_use["metrics"]
        | {
            "f1_weighted": evaluation.f1_weighted,
            "f1_macro": evaluation.f1_macro,
            "log_loss": evaluation.log_loss,
            "silhouette": kmeans.silhouette,
            "n_customers": sum(kmeans.sizes),
            "n_held_out": evaluation.n_held_out,
            "smallest_share": rounded(min(kmeans.sizes) / sum(kmeans.sizes)),
            "calibration_error": sampled.calibration_error,
            "brier": sampled.brier,
        },
        "confusion": evaluation.confusion,
        "evaluation": in_use["evaluation"]
        | {
            "recall": evaluation.recall,
            "f1": rounded(f1_scores(np.array(evaluation.confusion)).tolist()),
        },
    }
    return document | {"sha256": bundle_hash(document)}, evaluation


def _inputs(in_use: Mapping[str, Any], segments: DataFrame) -> list[dict[str, Any]]:
    """Return the form for today's customers.

    A lower limit of zero or more stays: below zero, scoring would take the measure as one that was
    negative in training.
    """
    limits = {field["measure"]: field["minimum"] for field in in_use["inputs"]}
    fresh = form_inputs(
        segments,
        list(limits),
        in_use["currency"],
        direction_known=bool(in_use.get("direction_known", False)),
    )
    return [
        field | {"minimum": _lower(limits[field["measure"]], field["minimum"])} for field in fresh
    ]


def _lower(at_fit: float, today: float) -> float:
    return min(at_fit, today) if at_fit < 0 else at_fit
