"""Build the scoring bundle: everything that numpy needs to score, as one JSON document."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.classifier.baselines import compared
from bankseg_assets.classifier.demographic_evidence import fit_evidence
from bankseg_assets.classifier.evaluation import publishable_bins, reliability
from bankseg_assets.classifier.naive_bayes import Evaluation, NaiveBayesModel
from bankseg_assets.classifier.temperature import Calibrated, calibrate
from bankseg_assets.customers.rfm import FEWEST_TO_SPLIT
from bankseg_assets.presentation.formatting import three_digits
from bankseg_assets.presentation.phrases import knows_direction
from bankseg_assets.profiling.profiles import INCOME, INDEXED, MEDIANS
from bankseg_assets.scoring.bundle import BUNDLE_FORMAT, asked_measures, bundle_hash, bundle_of
from bankseg_assets.scoring.documents import (
    BundleDocument,
    EvaluationDocument,
    NumberInput,
    Place,
    RuleCondition,
    Segment,
)
from bankseg_assets.scoring.posterior import posterior
from bankseg_assets.segmentation.kmeans import KMeansModel
from bankseg_assets.segmentation.pca import PcaModel
from bankseg_assets.stats.histograms import histograms, log_bin, quantiles
from bankseg_assets.stats.metrics import f1_scores
from bankseg_assets.stats.rounding import rounded

# How a form asks for a measure: label, unit ("" is the currency), help, step.
_QUESTIONS: dict[str, tuple[str, str, str, float]] = {
    "recency": ("Days since the last transaction", "days", "At the snapshot date", 1),
    "frequency": ("Number of transactions", "transactions", "In the period of the data", 1),
    "monetary": ("Sum of the amounts", "", "Over all these transactions", 100),
    "average_balance": ("Average account balance", "", "Mean balance at the transactions", 100),
}
_NO_INCOME = "without income, such as salaries"
_QUESTIONS_ON_SPENDING = _QUESTIONS | {
    "recency": (
        "Days since the last spending transaction",
        "days",
        f"At the snapshot date; {_NO_INCOME}",
        1,
    ),
    "frequency": (
        "Number of spending transactions",
        "transactions",
        f"In the period of the data; {_NO_INCOME}",
        1,
    ),
    "monetary": (
        "Sum of the spending",
        "",
        f"Over all these spending transactions; {_NO_INCOME}",
        100,
    ),
}
"""The same where the direction of amounts is known."""


@dataclass(frozen=True)
class FittedModels:
    """The models that a bundle is made of, and the classifier's quality."""

    pca: PcaModel
    kmeans: KMeansModel
    model: NaiveBayesModel
    evaluation: Evaluation


def build_bundle(
    fitted: FittedModels,
    segments: DataFrame,
    profiles: Sequence[Mapping[str, Any]],
    *,
    version: str,
    currency: str,
    demographics: Sequence[str] = (),
) -> BundleDocument:
    """Return the bundle that `scoring.load_bundle` reads, with its content hash.

    `segments` is CUSTOMER_SEGMENTS, the source of the form's ranges and defaults. demographics:
    which of age, gender and location are used as evidence.
    """
    direction_known = any(map(knows_direction, profiles))
    measures = asked_measures(fitted.pca.features)
    snapshot = segments.select("snapshot_date").first()
    document = BundleDocument(
        format=BUNDLE_FORMAT,
        version=version,
        sha256="",
        snapshot_date=snapshot[0].isoformat() if snapshot else "",
        currency=currency,
        **_parameters(fitted),
        segments=segment_documents(profiles, fitted.kmeans),
        inputs=tuple(form_inputs(segments, measures, currency, direction_known=direction_known)),
        metrics=quality_metrics(fitted.kmeans, fitted.evaluation),
        warnings=(*fitted.pca.warnings, *fitted.kmeans.warnings, *_untested(fitted.evaluation)),
        evidence=fit_evidence(segments, demographics, fitted.kmeans.k),
        calibration={},
        evidence_weights={},
        evaluation=EvaluationDocument(),
    )
    if direction_known:  # without this key, it is unknown
        document = document.model_copy(update={"direction_known": True})
    document = _calibrated(document, segments, fitted.evaluation)
    return document.model_copy(update={"sha256": bundle_hash(document.to_json())})


def _parameters(fitted: FittedModels) -> dict[str, Any]:
    pca, kmeans, model = fitted.pca, fitted.kmeans, fitted.model
    return {
        "features": pca.features,
        "mean": pca.mean,
        "scale": pca.scale,
        "components": pca.components,
        "residual": pca.residual,
        "centroids": kmeans.centroids,
        "prior": model.prior,
        "means": model.means,
        "variances": model.variances,
        "confusion": fitted.evaluation.confusion,
    }


def quality_metrics(kmeans: KMeansModel, evaluation: Evaluation) -> dict[str, bool | int | float]:
    """Return the metrics of segments and classifier, before those of the calibration."""
    found = {
        "f1_weighted": evaluation.f1_weighted,
        "f1_macro": evaluation.f1_macro,
        "log_loss": evaluation.log_loss,
        "silhouette": kmeans.silhouette,
        "n_segments": kmeans.k,
        "n_customers": sum(kmeans.sizes),
        "n_held_out": evaluation.n_held_out,
        "smallest_share": rounded(min(kmeans.sizes) / sum(kmeans.sizes)),
    }
    return found | ({} if kmeans.criteria_met is None else {"criteria_met": kmeans.criteria_met})


def _calibrated(
    document: BundleDocument, segments: DataFrame, evaluation: Evaluation
) -> BundleDocument:
    """Return the document with calibrated probabilities and their quality."""
    found = calibrate(bundle_of(document), segments)
    nothing, everything = found.completeness[0], found.with_all_measures
    metrics = {
        "calibration_error": everything.metrics.calibration_error,
        "brier": everything.metrics.brier,
        "log_loss_of_the_prior": nothing.metrics.log_loss,
    }
    return document.model_copy(
        update={
            "calibration": found.bundle.calibration,
            "evidence_weights": found.bundle.evidence_weights,
            "evaluation": _evaluation(found, evaluation),
            "metrics": document.metrics | metrics,
        }
    )


def _untested(evaluation: Evaluation) -> list[str]:
    if evaluation.n_held_out:
        return []
    return [
        f"The data has fewer than {FEWEST_TO_SPLIT} customers, too few for a held-out test set: "
        "the quality is measured on the training customers."
    ]


def _evaluation(calibrated: Calibrated, evaluation: Evaluation) -> EvaluationDocument:
    bundle, held_out = calibrated.bundle, calibrated.held_out
    measures = held_out.of(bundle.measures)
    probabilities = posterior(bundle, measures).probabilities
    return EvaluationDocument(
        recall=evaluation.recall,
        f1=rounded(f1_scores(np.array(evaluation.confusion)).tolist()),
        evaluated_customers=len(held_out.labels),
        reliability=publishable_bins(reliability(probabilities, held_out.labels)),
        classifiers=compared(bundle, calibrated.training, held_out),
        completeness=[entry.document() for entry in calibrated.completeness],
    )


def form_inputs(
    segments: DataFrame,
    measures: Sequence[str],
    currency: str,
    *,
    direction_known: bool = False,
) -> list[NumberInput]:
    """Return how a form asks for each measure: default and limits.

    The default is the median, the upper limit the first power of ten of at least ten times the
    maximum; likewise below zero, if any customer is. Typing errors exceed these limits, and they
    show only the order of magnitude of the maximum, which is a single customer's. If the direction
    of amounts is known, the form asks for spending.
    """
    questions = _QUESTIONS_ON_SPENDING if direction_known else _QUESTIONS
    counts = histograms(segments, {name: log_bin(F.col(name)) for name in measures})
    found = []
    for name in measures:
        label, unit, explanation, step = questions[name]
        least, median, greatest = (
            quantiles(counts[name], [0.0, 0.5, 1.0]) if counts[name] else (0.0, 0.0, 0.0)
        )
        found.append(
            NumberInput(
                measure=name,
                label=label,
                unit=unit or currency,
                help=explanation,
                minimum=-_limit(-least) if least < 0 else int(name == "frequency"),
                maximum=_limit(greatest),
                default=three_digits(median) if step > 1 else float(round(median)),
                step=step,
            )
        )
    return found


def _limit(greatest: float) -> float:
    return 10.0 ** math.ceil(math.log10(10 * max(greatest, 1)))


def segment_documents(
    profiles: Sequence[Mapping[str, Any]], kmeans: KMeansModel
) -> tuple[Segment, ...]:
    """Return what the bundle holds of the segments, from their profiles, by number."""
    return tuple(
        _segment(profile, kmeans) for profile in sorted(profiles, key=lambda p: p["segment"])
    )


def _segment(profile: Mapping[str, Any], kmeans: KMeansModel) -> Segment:
    number = profile["segment"]
    medians, indexed = (
        [name for name in names if name != INCOME or knows_direction(profile)]
        for names in (MEDIANS, INDEXED)
    )
    return Segment(
        segment=number,
        name=profile["segment_name"],
        sentence=profile["sentence"],
        customers=profile["customers"],
        share_of_customers=profile["share_of_customers"],
        share_of_money=profile["share_of_money"],
        medians={name: profile[f"median_{name}"] for name in medians},
        quartiles={
            name: [profile[f"{side}_quartile_{name}"] for side in ("lower", "upper")]
            for name in medians
        },
        index={name: profile[f"index_{name}"] for name in indexed},
        rule=profile["rule"],
        conditions=[RuleCondition(**one) for one in _plain(profile["rule_conditions"])],
        coverage=profile["rule_coverage"],
        exclusivity=profile["rule_exclusivity"],
        locations=[Place(**one) for one in _plain(profile["top_locations"])],
        people=profile["people"],
        colour=kmeans.colours[number],
        id=kmeans.ids[number] if kmeans.ids else None,
    )


def _plain(structs: Sequence[Any]) -> list[dict[str, Any]]:
    """Convert Spark rows, or mappings, to plain dictionaries."""
    return [one.asDict() if isinstance(one, Row) else dict(one) for one in structs]
