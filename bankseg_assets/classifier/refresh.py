"""Renew the scoring bundle in use for today's customers, without refitting the classifier."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import DataFrame

from bankseg_assets.classifier.build_bundle import form_inputs, quality_metrics, segment_documents
from bankseg_assets.classifier.confusion_matrix import held_out_evaluation
from bankseg_assets.classifier.naive_bayes import Evaluation
from bankseg_assets.scoring.bundle import bundle_hash, bundle_of
from bankseg_assets.scoring.documents import BundleDocument, Number, NumberInput
from bankseg_assets.segmentation.kmeans import KMeansModel
from bankseg_assets.stats.metrics import f1_scores
from bankseg_assets.stats.rounding import rounded


def refresh_bundle(
    in_use: BundleDocument,
    kmeans: KMeansModel,
    *,
    segments: DataFrame,
    customers: Path,
    profiles: Sequence[Mapping[str, Any]],
) -> tuple[BundleDocument, Evaluation]:
    """Return the bundle with today's snapshot, profiles, form and quality, and its evaluation.

    `segments` is CUSTOMER_SEGMENTS, and `customers` the folder of its version. All that decides an
    answer is unchanged: features, components, Gaussians, priors, temperatures; so is `version`,
    which names the run that fitted the model. `evaluation.completeness` and the comparison of
    classifiers are those of the fit.
    """
    evaluation, sampled = held_out_evaluation(bundle_of(in_use), customers)
    snapshot = segments.select("snapshot_date").first()
    metrics = quality_metrics(kmeans, evaluation) | {
        "calibration_error": sampled.calibration_error,
        "brier": sampled.brier,
    }
    by_segment = {
        "recall": evaluation.recall,
        "f1": rounded(f1_scores(np.array(evaluation.confusion)).tolist()),
    }
    document = in_use.model_copy(
        update={
            "snapshot_date": snapshot[0].isoformat() if snapshot else "",
            "fitted_snapshot_date": in_use.fitted_snapshot_date or in_use.snapshot_date,
            "segments": segment_documents(profiles, kmeans),
            "inputs": _inputs(in_use, segments),
            "metrics": in_use.metrics | metrics,
            "confusion": evaluation.confusion,
            "evaluation": in_use.evaluation.model_copy(update=by_segment),
        }
    )
    return document.model_copy(update={"sha256": bundle_hash(document.to_json())}), evaluation


def _inputs(in_use: BundleDocument, segments: DataFrame) -> tuple[NumberInput, ...]:
    """Return the form for today's customers.

    A lower limit of zero or more stays: below zero, scoring would take the measure as one that was
    negative in training.
    """
    limits = {field.measure: field.minimum for field in in_use.inputs}
    fresh = form_inputs(
        segments, list(limits), in_use.currency, direction_known=in_use.direction_known
    )
    return tuple(
        field.model_copy(update={"minimum": _lower(limits[field.measure], field.minimum)})
        for field in fresh
    )


def _lower(at_fit: Number, today: Number) -> Number:
    return min(at_fit, today) if at_fit < 0 else at_fit
