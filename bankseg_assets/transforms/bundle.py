"""The scoring bundle: everything that numpy needs to answer, as one JSON document."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.scoring import BUNDLE_FORMAT, asked_measures, bundle_from, bundle_hash
from bankseg_assets.transforms.calibration import calibrate
from bankseg_assets.transforms.histograms import histograms, log_bin, quantiles
from bankseg_assets.transforms.kmeans import KMeansModel
from bankseg_assets.transforms.naive_bayes import Evaluation, NaiveBayesModel
from bankseg_assets.transforms.pca import PcaModel
from bankseg_assets.transforms.profiles import INDEXED, MEDIANS

# How a form asks for a measure: label, unit ("" is the currency), help, step.
_QUESTIONS: dict[str, tuple[str, str, str, float]] = {
    "recency": ("Days since the last transaction", "days", "Counted to the snapshot date", 1),
    "frequency": ("Number of transactions", "transactions", "In the days that the data covers", 1),
    "monetary": ("Sum of the amounts", "", "Over all these transactions", 100),
    "average_balance": ("Average account balance", "", "Mean balance at the transactions", 100),
}


def build_bundle(
    *,
    pca: PcaModel,
    kmeans: KMeansModel,
    model: NaiveBayesModel,
    evaluation: Evaluation,
    segments: DataFrame,
    profiles: Sequence[Mapping[str, Any]],
    version: str,
    currency: str,
) -> dict[str, Any]:
    """Return the bundle that `scoring.load_bundle` reads, with its content hash.

    `segments` is CUSTOMER_SEGMENTS: the form's ranges and defaults come from it.
    """
    measures = asked_measures(pca.features)
    snapshot = segments.select("snapshot_date").first()
    document: dict[str, Any] = {
        "format": BUNDLE_FORMAT,
        "version": version,
        "snapshot_date": snapshot[0].isoformat() if snapshot else "",
        "currency": currency,
        "features": [asdict(feature) for feature in pca.features],
        "mean": pca.mean,
        "scale": pca.scale,
        "components": pca.components,
        "residual": pca.residual,
        "centroids": kmeans.centroids,
        "prior": model.prior,
        "means": model.means,
        "variances": model.variances,
        "segments": [_segment(profile) for profile in sorted(profiles, key=lambda p: p["segment"])],
        "inputs": form_inputs(segments, measures, currency),
        "metrics": {
            "f1_weighted": evaluation.f1_weighted,
            "f1_macro": evaluation.f1_macro,
            "log_loss": evaluation.log_loss,
            "silhouette": kmeans.silhouette,
            "n_segments": kmeans.k,
            "n_customers": sum(kmeans.sizes),
            "n_held_out": evaluation.n_held_out,
        },
        "confusion": evaluation.confusion,
    }
    document["temperatures"], found = calibrate(bundle_from(_uncalibrated(document)), segments)
    document["completeness"] = [entry.to_json() for entry in found]
    document["metrics"] |= {
        "calibration_error": found[-1].calibration_error,
        "brier": found[-1].brier,
        "log_loss_of_the_prior": found[0].log_loss,
    }
    return document | {"sha256": bundle_hash(document)}


def _uncalibrated(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"temperatures": {}, "sha256": ""}


def form_inputs(
    segments: DataFrame, measures: Sequence[str], currency: str
) -> list[dict[str, Any]]:
    """Return, for each measure, how a form asks for it: the median as default, and as the limit
    the first power of ten from ten times the greatest value on.

    A typing error is further off than that; and a greatest value is one customer's, of which
    people are told the order of magnitude only.
    """
    counts = histograms(segments, {name: log_bin(F.col(name)) for name in measures})
    found = []
    for name in measures:
        label, unit, explanation, step = _QUESTIONS[name]
        median, greatest = quantiles(counts[name], [0.5, 1.0]) if counts[name] else (0.0, 0.0)
        found.append(
            {
                "measure": name,
                "label": label,
                "unit": unit or currency,
                "help": explanation,
                "minimum": 1 if name == "frequency" else 0,
                "maximum": 10.0 ** math.ceil(math.log10(10 * max(greatest, 1))),
                "default": float(f"{median:.3g}") if step > 1 else float(round(median)),
                "step": step,
            }
        )
    return found


def _segment(profile: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "segment": profile["segment"],
        "name": profile["segment_name"],
        "sentence": profile["sentence"],
        "customers": profile["customers"],
        "share_of_customers": profile["share_of_customers"],
        "share_of_money": profile["share_of_money"],
        "medians": {name: profile[f"median_{name}"] for name in MEDIANS},
        "index": {name: profile[f"index_{name}"] for name in INDEXED},
    }
