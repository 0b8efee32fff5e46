"""Posterior P(segment | known inputs) for any subset of measures, exact and in closed form.

A segment that is Gaussian with diagonal covariance S in the space of the principal components is
Gaussian in the space of the features, with mean m U and covariance U' S U + R. U maps component
scores back to features; R is the covariance of the dropped components, the same for all segments.
Marginalizing a feature removes its row and column. With every feature known this is naive Bayes
itself. `calibration` calibrates the probabilities, and `evidence` adds age, gender and location.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bankseg_assets.scoring.bundle import (
    DERIVED,
    Bundle,
    Prediction,
    checked_measure,
    log_joint,
    project,
    softmax,
    transformed,
)
from bankseg_assets.scoring.calibration import Calibration
from bankseg_assets.scoring.evidence import UNKNOWN, Evidence
from bankseg_assets.stats.arrays import Array

# Two nearly collinear features leave a direction without variance, in which only the rounding of
# the loadings remains. Standardised features have a variance of one.
LEAST_VARIANCE = 1e-6
LEAST_SPREAD = 1e-9  # of a segment in a direction that varies; Spark's variances have it too

Known = Mapping[str, npt.NDArray[Any]]
"""Measures (n,) as doubles, and evidence (n,) as codes, of customers with the same known inputs."""


@dataclass(frozen=True)
class Marginal:
    """The segments marginalized to p features, with q <= p directions that vary and k segments.

    places: (p,), indices of the features. centres: (k, p). whiteners: (k, q, p), to unit
    covariance. constants: (k,), minus half the log determinants.
    """

    places: list[int]
    centres: Array
    whiteners: Array
    constants: Array

    def log_density(self, standardised: Array) -> Array:
        """Return log p(features | segment) (n, k), up to a constant, of features (n, p)."""
        found = np.empty((len(standardised), len(self.centres)))
        for segment, centre in enumerate(self.centres):
            white = (standardised - centre) @ self.whiteners[segment].T
            found[:, segment] = self.constants[segment] - 0.5 * (white**2).sum(axis=1)
        return found


def posterior(bundle: Bundle, known: Mapping[str, npt.ArrayLike]) -> Prediction:
    """Return P(segment | known) of n customers; absent or NaN means unknown.

    `known` has measures, and age, gender and location if the bundle uses them as evidence; other
    names are ignored. Raises InputError when a value is not a number, infinite or negative.
    """
    values, present = _columns(bundle, known)
    patterns = (1 << np.arange(len(values))) @ present
    found = np.empty((len(patterns), len(bundle.prior)))
    for pattern in np.unique(patterns):
        rows = patterns == pattern
        some = {
            name: column[rows]
            for place, (name, column) in enumerate(values.items())
            if pattern >> place & 1
        }
        found[rows] = softmax(log_posterior(bundle, some, int(rows.sum())))
    return Prediction(found)


def known_of(bundle: Bundle, known: Mapping[str, npt.ArrayLike]) -> Known:
    """Return the known inputs of one customer; raises InputError as `posterior`."""
    values, present = _columns(bundle, known)
    return {name: values[name] for name, is_known in zip(values, present, strict=True) if is_known}


def log_posterior(bundle: Bundle, known: Known, count: int) -> Array:
    """Return log P(segment | known) (n, k), up to a constant per row."""
    measures = {name: known[name] for name in bundle.measures if name in known}
    joint = joint_of_known(bundle, measures, count)
    found = calibration_of(bundle, measures).apply(joint)
    given = [name for name in bundle.evidence if name in known]
    if given:
        weight = evidence_weight(bundle, known)
        for name in given:
            found = found + weight * evidence_of(bundle, name).log_likelihood(known[name])
    return found


def joint_of_known(bundle: Bundle, known: Mapping[str, Array], count: int) -> Array:
    """Return log P(segment, known), up to a constant, of n customers with the same known inputs."""
    if len(known) == len(bundle.measures):
        return log_joint(bundle, project(bundle, known))
    found = np.tile(np.log(bundle.prior), (count, 1))
    return found + log_density(bundle, known) if known_features(bundle, known) else found


def log_density(bundle: Bundle, known: Mapping[str, Array]) -> Array:
    """Return log p(known | segment) (n, k), up to a constant that all segments share."""
    marginal = marginal_of(bundle, known)
    places = marginal.places
    columns = [transformed(bundle, bundle.features[place], known) for place in places]
    standardised = (np.column_stack(columns) - bundle.mean[places]) / bundle.scale[places]
    return marginal.log_density(standardised)


def marginal_of(bundle: Bundle, names: Iterable[str]) -> Marginal:
    """Return the segments marginalized to the features that measures determine."""
    key = ("marginal", frozenset(names))
    if key not in bundle.memo:
        bundle.memo[key] = _marginal(bundle, known_features(bundle, key[1]))
    found: Marginal = bundle.memo[key]
    return found


def known_features(bundle: Bundle, known: Iterable[str]) -> list[int]:
    """Return the indices of the features that the known measures determine."""
    names = set(known)
    return [
        place
        for place, feature in enumerate(bundle.features)
        if feature.measure in names or set(DERIVED.get(feature.measure, ("?",))) <= names
    ]


def calibration_of(bundle: Bundle, names: Iterable[str]) -> Calibration:
    """Return the calibration of a subset of measures."""
    key = ("calibration", subset_key(names))
    if key not in bundle.memo:
        bundle.memo[key] = _calibration(bundle, key[1])
    found: Calibration = bundle.memo[key]
    return found


def evidence_of(bundle: Bundle, name: str) -> Evidence:
    """Return a table of evidence; raises KeyError if the bundle has none of this name."""
    key = ("evidence", name)
    if key not in bundle.memo:
        bundle.memo[key] = Evidence.from_document(name, bundle.evidence[name])
    found: Evidence = bundle.memo[key]
    return found


def evidence_weight(bundle: Bundle, names: Iterable[str]) -> float:
    """Return the weight of evidence beside measures.

    Zero if every measure is known: they determine the segment, and an age adds nothing.
    """
    given = set(names)
    if given >= set(bundle.measures):
        return 0.0
    return bundle.evidence_weights.get(subset_key(given), 1.0)


def subset_key(names: Iterable[str]) -> str:
    """Return the key of a subset in `Bundle.calibration` and `Bundle.evidence_weights`."""
    return ",".join(sorted(names))


def _calibration(bundle: Bundle, subset: str) -> Calibration:
    document = bundle.calibration.get(subset)
    return Calibration.from_document(document) if document else Calibration()


def _columns(
    bundle: Bundle, known: Mapping[str, npt.ArrayLike]
) -> tuple[dict[str, npt.NDArray[Any]], npt.NDArray[np.bool_]]:
    """Return the known columns, of equal length n, and a mask of known values (names, n)."""
    given: dict[str, npt.NDArray[Any]] = {
        name: checked_measure(bundle, name, known) for name in bundle.measures if name in known
    }
    for name in bundle.evidence:
        if name in known:
            given[name] = evidence_of(bundle, name).codes(known[name])
    count = max((len(column) for column in given.values()), default=1)
    given = {name: np.broadcast_to(column, count) for name, column in given.items()}
    present = [
        column != UNKNOWN if name in bundle.evidence else ~np.isnan(column)
        for name, column in given.items()
    ]
    return given, np.array(present).reshape(len(given), count)


def _marginal(bundle: Bundle, places: list[int]) -> Marginal:
    back = np.linalg.pinv(bundle.components)
    block = np.ix_(places, places)
    covariances = np.array(
        [(back.T * variance @ back + bundle.residual)[block] for variance in bundle.variances]
    )
    pooled = np.tensordot(bundle.prior, covariances, axes=1)
    eigenvalues, directions = np.linalg.eigh(pooled)
    varying = directions[:, eigenvalues > LEAST_VARIANCE]
    spreads, axes = np.linalg.eigh(varying.T @ covariances @ varying)
    spreads = np.maximum(spreads, LEAST_SPREAD)
    return Marginal(
        places=places,
        centres=(bundle.means @ back)[:, places],
        whiteners=(axes / np.sqrt(spreads)[:, None, :]).transpose(0, 2, 1) @ varying.T,
        constants=-0.5 * np.log(spreads).sum(axis=1),
    )
