"""Score customers with a published model bundle, in numpy alone (no Spark, Dagster, pickle).

The bundle is JSON. Scoring applies a transform per feature, one affine map to the principal
components, and the log density of a diagonal Gaussian per segment.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from bankseg_assets.contracts.feature_catalogue import FEATURES, Feature
from bankseg_assets.presentation.formatting import PLAIN
from bankseg_assets.scoring.documents import (
    BundleDocument,
    CalibrationDocument,
    EvaluationDocument,
    EvidenceDocument,
    NumberInput,
    Segment,
)
from bankseg_assets.stats.arrays import Array
from bankseg_assets.storage.documents import DOCUMENT_FILE, first_fault

BUNDLE_FORMAT = 3
ARRAYS = (
    *("mean", "scale", "components", "residual"),
    *("centroids", "prior", "means", "variances"),
)


class BundleError(ValueError):
    """Raised for a model bundle that must not be used; names the file and what is wrong."""


class InputError(ValueError):
    """Raised for an input that cannot be scored; names the field, expected and found value."""


# Derived measures, which no form asks for: name -> (numerator, denominator).
DERIVED = {"average_amount": ("monetary", "frequency")}


def apply_transform(feature: Feature, values: Array) -> Array:
    """Return the feature for measures of any shape; `segmentation.features` is the Spark
    version."""
    match feature.transform:
        case "identity":
            return values
        case "cap":
            return np.minimum(values, feature.parameter)
        case "log_offset":
            return np.log(np.maximum(values, 0.0) + feature.parameter)
        case "signed_log":
            return np.sign(values) * np.log1p(np.abs(values) / feature.parameter)
    raise BundleError(f"Unknown transform {feature.transform!r} of the feature {feature.name!r}.")


@dataclass(frozen=True)
class Bundle:
    """A model: d features, c components, k segments.

    mean, scale: (d,), of the training customers. components: (d, c), whitened if the model is.
    centroids, means, variances: (k, c). prior: (k,). confusion: (k, k), held-out customers, rows
    are true segments.
    """

    version: str
    sha256: str
    snapshot_date: str
    currency: str
    features: tuple[Feature, ...]
    mean: Array
    scale: Array
    components: Array
    centroids: Array
    prior: Array
    means: Array
    variances: Array
    segments: tuple[Segment, ...]
    inputs: tuple[NumberInput, ...]
    residual: Array
    """(d, d): the covariance of the standardised features in the dropped components."""
    calibration: Mapping[str, CalibrationDocument]
    """Subset of measures -> its calibration."""
    evidence: Mapping[str, EvidenceDocument]
    """Evidence tables (age, gender, location)."""
    evidence_weights: Mapping[str, float]
    """Subset of measures and evidence -> weight of the evidence."""
    metrics: Mapping[str, float]
    evaluation: EvaluationDocument
    confusion: npt.NDArray[np.int64]
    warnings: tuple[str, ...] = ()
    """Warnings, one sentence each: a dropped feature, a single segment."""
    direction_known: bool = False
    """Whether the measures are of spending only; false for older bundles without this key."""
    fitted_snapshot_date: str = ""
    """Snapshot of the customers that the model was fitted on; empty if it is `snapshot_date`."""
    number_format: str = PLAIN
    """How sentences group digits: from the release, not part of the bundle."""
    observed: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Measure -> the range that its customers have: from the release too; empty if unknown."""
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Cache of marginals that all customers share (see `posterior`)."""

    def may_be_negative(self, measure: str) -> bool:
        """Return whether a measure, or one that it is derived from, was below zero in training."""
        asked = DERIVED.get(measure, (measure,))[0]
        return any(one.measure == asked and one.minimum < 0 for one in self.inputs)

    @property
    def segment_names(self) -> dict[int, str]:
        """The number of each segment -> its name."""
        return {segment.segment: segment.name for segment in self.segments}

    @property
    def segment_ids(self) -> dict[int, int]:
        """The number of each segment -> its permanent ID; empty for a model from before them."""
        found = {one.segment: one.id for one in self.segments if one.id is not None}
        return found if len(found) == len(self.segments) else {}

    @property
    def measures(self) -> list[str]:
        """The distinct measures that a form must ask for, in order."""
        return asked_measures(self.features)

    def component_weights(self, component: int) -> dict[str, float]:
        """Return measure -> the weight of its feature in a component, largest first.

        Of several features of a measure, that with the largest weight counts.
        """
        weights = zip(self.features, self.components[:, component], strict=True)
        found: dict[str, float] = {}
        for feature, weight in sorted(weights, key=lambda pair: -abs(pair[1])):
            found.setdefault(feature.measure, float(weight))
        return found

    def label(self, name: str) -> str:
        """Return the display label of a measure or evidence; its name if it has no label."""
        asked = {field.measure: field.label for field in self.inputs}
        evidence = {key: table.label for key, table in self.evidence.items()}
        return (asked | evidence).get(name, name)


@dataclass(frozen=True)
class Prediction:
    """Posterior probabilities of the segments for n customers: (n, k)."""

    probabilities: Array

    @property
    def segment(self) -> npt.NDArray[np.int64]:
        """The most likely segment: (n,)."""
        most_likely: npt.NDArray[np.int64] = np.argmax(self.probabilities, axis=1)
        return most_likely


def project(bundle: Bundle, measures: Mapping[str, npt.ArrayLike]) -> Array:
    """Return the component scores (n, c) of customers given by their measures.

    NaN means unknown (no balance was ever delivered) and is imputed by the training mean. Raises
    InputError when a measure is missing, not a number, infinite, or negative although none was in
    training.
    """
    columns = [transformed(bundle, feature, measures) for feature in bundle.features]
    standardised = (np.column_stack(columns) - bundle.mean) / bundle.scale
    # Unknown values are imputed by the mean, which is zero here.
    return np.nan_to_num(standardised, nan=0.0) @ bundle.components


def score(bundle: Bundle, measures: Mapping[str, npt.ArrayLike]) -> Prediction:
    """Return P(segment | measures) by Gaussian naive Bayes.

    log P(s|z) = log prior_s - 1/2 sum_j [log(2 pi v_sj) + (z_j - m_sj)^2 / v_sj] - log normaliser,
    as in Spark ML's NaiveBayes with modelType "gaussian".
    """
    return Prediction(softmax(log_joint(bundle, project(bundle, measures))))


def log_joint(bundle: Bundle, scores: Array) -> Array:
    """Return log P(segment, scores) (n, k) of component scores (n, c)."""
    spread = (scores[:, None, :] - bundle.means[None]) ** 2 / bundle.variances[None]
    log_density = -0.5 * (np.log(2 * np.pi * bundle.variances)[None] + spread).sum(axis=2)
    joint: Array = np.log(bundle.prior)[None] + log_density
    return joint


def softmax(joint: Array) -> Array:
    """Return probabilities (n, k) from log probabilities known up to a constant per row."""
    weights = np.exp(joint - joint.max(axis=1, keepdims=True))
    found: Array = weights / weights.sum(axis=1, keepdims=True)
    return found


def load_bundle(path: Path) -> Bundle:
    """Read a bundle from its file or folder and verify its content hash.

    Raises BundleError when it is missing, not JSON, of another format, or not what was published.
    """
    file = path / DOCUMENT_FILE if path.is_dir() else path
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{file} cannot be read: {error}. Materialize again.") from error
    if not isinstance(document, dict) or document.get("format") != BUNDLE_FORMAT:
        found = document.get("format") if isinstance(document, dict) else type(document).__name__
        raise BundleError(
            f"The model {file} has format {found!r}; this program reads {BUNDLE_FORMAT}. "
            "Materialize again."
        )
    if not _is_as_published(document):
        raise BundleError(f"The model {file} was changed after it was published (SHA-256 differs).")
    try:
        return bundle_from(document)
    except ValidationError as error:
        raise BundleError(f"The model {file}: {first_fault(error)}. Materialize again.") from error
    except ValueError as error:  # rows of different lengths
        raise BundleError(f"The model {file}: {error}. Materialize again.") from error


def _is_as_published(document: Mapping[str, Any]) -> bool:
    try:
        return bool(document.get("sha256") == bundle_hash(document))
    except ValueError:  # it contains an infinity or NaN, which published bundles never do
        return False


def bundle_from(document: Mapping[str, Any]) -> Bundle:
    """Return the model of a JSON document; raises ValidationError if a field is invalid."""
    return bundle_of(BundleDocument.model_validate(document))


def bundle_of(found: BundleDocument) -> Bundle:
    """Return the model of a document; raises ValueError if rows have different lengths."""
    arrays = {name: np.array(getattr(found, name), dtype=np.float64) for name in ARRAYS}
    return Bundle(
        version=found.version,
        sha256=found.sha256,
        snapshot_date=found.snapshot_date,
        currency=found.currency,
        features=found.features,
        segments=found.segments,
        inputs=found.inputs,
        calibration=found.calibration,
        evidence=found.evidence,
        evidence_weights=found.evidence_weights,
        metrics=found.metrics,
        evaluation=found.evaluation,
        confusion=np.array(found.confusion, dtype=np.int64),
        warnings=found.warnings,
        direction_known=found.direction_known,
        fitted_snapshot_date=found.fitted_snapshot_date,
        number_format=PLAIN,
        observed={},
        **arrays,
    )


def bundle_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of everything that affects an answer: all except the hash and the
    version."""
    content = {key: value for key, value in document.items() if key not in ("sha256", "version")}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def feature_list(names: Sequence[str]) -> tuple[Feature, ...]:
    """Return features by name.

    Raises InputError, which lists the known ones, for an unknown name.
    """
    unknown = [name for name in names if name not in FEATURES]
    if unknown:
        raise InputError(f"Unknown features {unknown}; choose from {', '.join(FEATURES)}.")
    return tuple(FEATURES[name] for name in names)


def asked_measures(features: Sequence[Feature]) -> list[str]:
    """Return the distinct measures that features need, in order; derived ones by their parts."""
    needed = [
        part for feature in features for part in DERIVED.get(feature.measure, (feature.measure,))
    ]
    return list(dict.fromkeys(needed))


def transformed(bundle: Bundle, feature: Feature, measures: Mapping[str, npt.ArrayLike]) -> Array:
    """Compute a feature of customers from their measures; raises InputError as `project`."""
    return apply_transform(feature, _measure(bundle, feature.measure, measures))


def _measure(bundle: Bundle, name: str, measures: Mapping[str, npt.ArrayLike]) -> Array:
    if name in measures or name not in DERIVED:
        return checked_measure(bundle, name, measures)
    numerator, denominator = (checked_measure(bundle, part, measures) for part in DERIVED[name])
    return numerator / np.maximum(denominator, 1.0)


def checked_measure(bundle: Bundle, measure: str, measures: Mapping[str, npt.ArrayLike]) -> Array:
    """Return a measure of customers as doubles; raises InputError as `project`."""
    expected = "number" if bundle.may_be_negative(measure) else "number of 0 or more"
    if measure not in measures:
        raise InputError(f"{bundle.label(measure)} is missing; expected a {expected}.")
    try:
        values = np.atleast_1d(np.asarray(measures[measure], dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{bundle.label(measure)} is not a number: {measures[measure]!r}."
        ) from error
    is_negative = (values < 0) & (not bundle.may_be_negative(measure))
    wrong = values[np.isinf(values) | is_negative]
    if wrong.size:
        raise InputError(f"{bundle.label(measure)} must be a finite {expected}; found {wrong[0]}.")
    return values
