"""Score customers with a published model bundle: numpy only, no Spark, no Dagster, no pickle.

The bundle is JSON. Scoring a customer is a transform per feature, one affine map into the space of
the principal components, and the log density of a diagonal Gaussian per segment.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

BUNDLE_FORMAT = 1
BUNDLE_FILE = "model.json"

Array = npt.NDArray[np.float64]


class BundleError(ValueError):
    """A model bundle that must not be used; the message names the file and what is wrong."""


class InputError(ValueError):
    """An input that cannot be scored; the message names the field, what was expected and found."""


@dataclass(frozen=True)
class Feature:
    """A number that the model sees: a transform of one measure of rfm_table."""

    name: str
    measure: str
    transform: str
    parameter: float = 0.0
    reason: str = ""


_CATALOGUE = (
    Feature("recency", "recency", "identity", reason="days as they are"),
    Feature("log_recency", "recency", "log", 1.0, "a day matters more among recent customers"),
    Feature("log_frequency", "frequency", "log", 1.0, "84 % have one transaction; long tail"),
    Feature("capped_frequency", "frequency", "cap", 3.0, "three or more is one class"),
    Feature("log_monetary", "monetary", "log", 1.0, "amounts are log-normal"),
    Feature("log_average_amount", "average_amount", "log1p", reason="unlike M, free of frequency"),
    Feature("log_average_balance", "average_balance", "log1p", reason="balances are log-normal"),
)
FEATURES: dict[str, Feature] = {feature.name: feature for feature in _CATALOGUE}


def apply_transform(feature: Feature, values: Array) -> Array:
    """Return the feature for measures of any shape; the Spark twin is `transforms.features`."""
    match feature.transform:
        case "identity":
            return values
        case "log":
            return np.log(np.maximum(values, feature.parameter))
        case "log1p":
            return np.log1p(np.maximum(values, 0.0))
        case "cap":
            return np.minimum(values, feature.parameter)
    raise BundleError(f"Unknown transform {feature.transform!r} of the feature {feature.name!r}.")


@dataclass(frozen=True)
class Bundle:
    """A model: d features, c components, k segments.

    mean, scale: (d,), of the training customers. components: (d, c), whitened where the model is.
    centroids, means, variances: (k, c). prior: (k,). confusion: (k, k), held-out customers, rows
    are the true segments.
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
    segments: tuple[Mapping[str, Any], ...]
    inputs: tuple[Mapping[str, Any], ...]
    metrics: Mapping[str, float]
    confusion: npt.NDArray[np.int64]

    @property
    def measures(self) -> list[str]:
        """The measures that a form must ask for, in order, each once."""
        return list(dict.fromkeys(feature.measure for feature in self.features))


@dataclass(frozen=True)
class Prediction:
    """The segments' posterior probabilities for n customers: (n, k); and the most likely one."""

    probabilities: Array

    @property
    def segment(self) -> npt.NDArray[np.int64]:
        """The most likely segment: (n,)."""
        most_likely: npt.NDArray[np.int64] = np.argmax(self.probabilities, axis=1)
        return most_likely


def project(bundle: Bundle, measures: Mapping[str, npt.ArrayLike]) -> Array:
    """Return the component scores (n, c) of customers given by their measures.

    Raises InputError when a measure is missing, not a finite number, or negative.
    """
    columns = []
    for feature in bundle.features:
        values = _checked(feature.measure, measures)
        columns.append(apply_transform(feature, values))
    standardised = (np.column_stack(columns) - bundle.mean) / bundle.scale
    return standardised @ bundle.components


def score(bundle: Bundle, measures: Mapping[str, npt.ArrayLike]) -> Prediction:
    """Return P(segment | measures) by Gaussian naive Bayes.

    log P(s|z) = log prior_s - 1/2 sum_j [log(2 pi v_sj) + (z_j - m_sj)^2 / v_sj] - log normaliser,
    as in Spark ML's NaiveBayes with modelType "gaussian".
    """
    scores = project(bundle, measures)
    spread = (scores[:, None, :] - bundle.means[None]) ** 2 / bundle.variances[None]
    log_density = -0.5 * (np.log(2 * np.pi * bundle.variances)[None] + spread).sum(axis=2)
    joint = np.log(bundle.prior)[None] + log_density
    joint -= joint.max(axis=1, keepdims=True)
    weights = np.exp(joint)
    return Prediction(weights / weights.sum(axis=1, keepdims=True))


def load_bundle(path: Path) -> Bundle:
    """Read a bundle from its file or folder and prove its content hash.

    Raises BundleError when it is missing, not JSON, of another format, or not what was published.
    """
    file = path / BUNDLE_FILE if path.is_dir() else path
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(
            f"The model {file} cannot be read: {error}. Materialize again."
        ) from error
    if document.get("format") != BUNDLE_FORMAT:
        raise BundleError(
            f"The model {file} has format {document.get('format')!r}; this program reads "
            f"{BUNDLE_FORMAT}. Materialize again."
        )
    claimed = document.get("sha256")
    if claimed != bundle_hash(document):
        raise BundleError(f"The model {file} is not what was published (its SHA-256 differs).")
    arrays = {
        name: np.array(document[name], dtype=np.float64)
        for name in ("mean", "scale", "components", "centroids", "prior", "means", "variances")
    }
    return Bundle(
        version=document["version"],
        sha256=claimed,
        snapshot_date=document["snapshot_date"],
        currency=document["currency"],
        features=tuple(Feature(**feature) for feature in document["features"]),
        segments=tuple(document["segments"]),
        inputs=tuple(document["inputs"]),
        metrics=document["metrics"],
        confusion=np.array(document["confusion"], dtype=np.int64),
        **arrays,
    )


def bundle_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of everything that decides an answer: all but the hash and the version."""
    content = {key: value for key, value in document.items() if key not in ("sha256", "version")}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _checked(measure: str, measures: Mapping[str, npt.ArrayLike]) -> Array:
    if measure not in measures:
        raise InputError(f"{measure} is missing; expected a number of 0 or more.")
    try:
        values = np.atleast_1d(np.asarray(measures[measure], dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise InputError(f"{measure} is not a number: {measures[measure]!r}.") from error
    if not np.isfinite(values).all() or (values < 0).any():
        raise InputError(f"{measure} must be a finite number of 0 or more; found {values.min()}.")
    return values


def feature_list(names: Sequence[str]) -> tuple[Feature, ...]:
    """Return features by name.

    Raises InputError that lists the known ones when a name is not among them.
    """
    unknown = [name for name in names if name not in FEATURES]
    if unknown:
        raise InputError(f"Unknown features {unknown}; choose from {', '.join(FEATURES)}.")
    return tuple(FEATURES[name] for name in names)
