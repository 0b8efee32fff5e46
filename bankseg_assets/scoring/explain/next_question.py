"""Rank unknown inputs by expected information gain: the expected drop of entropy, in bits.

The model gives the probability of each possible answer: per segment, its Gaussian at the values
that a measure may take, given the known inputs. The posterior is computed for each of these values,
and the entropies are averaged (Lindley, On a measure of the information provided by an experiment,
1956). A grid of a few dozen values per measure is enough, without random numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bankseg_assets.scoring.bundle import (
    Bundle,
    softmax,
)
from bankseg_assets.scoring.explain.plausible_values import WHOLE, inverse, invertible, limits
from bankseg_assets.scoring.posterior import (
    Known,
    evidence_of,
    known_features,
    known_of,
    log_density,
    log_posterior,
)
from bankseg_assets.stats.arrays import Array

POINTS = 65
REACH = 4.0  # standard deviations of all customers, on each side of the mean
MOST_COUNTED = 8  # transactions: larger numbers add no information


@dataclass(frozen=True)
class Question:
    """An unknown input and the expected information gain of its answer, in bits."""

    name: str
    label: str
    gain: float


def next_question(bundle: Bundle, known: Mapping[str, npt.ArrayLike]) -> list[Question]:
    """Return the unknown inputs of one customer by descending information gain.

    Empty for a model of one segment.

    Raises InputError as `posterior`.
    """
    given = known_of(bundle, known)
    if len(bundle.segments) == 1:
        return []  # nothing to learn
    unknown = [name for name in (*bundle.measures, *bundle.evidence) if name not in given]
    questions = [
        Question(name, bundle.label(name), expected_gain(bundle, given, name)) for name in unknown
    ]
    return sorted(questions, key=lambda question: -question.gain)


def expected_gain(bundle: Bundle, given: Known, name: str) -> float:
    """Return the expected drop of the entropy, in bits, when `name` becomes known; at least 0."""
    values, likelihood = _answers(bundle, given, name)
    if not len(values):
        return 0.0
    now = softmax(log_posterior(bundle, given, 1))
    supposed = {other: np.repeat(column, len(values)) for other, column in given.items()}
    then = softmax(log_posterior(bundle, supposed | {name: values}, len(values)))
    chance = likelihood @ now[0]
    return max(0.0, float(entropy(now)[0] - chance @ entropy(then)))


def entropy(probabilities: Array) -> Array:
    """Return the entropy of each row in bits: (n, k) -> (n,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(probabilities > 0, probabilities * np.log2(probabilities), 0.0)
    found: Array = -terms.sum(axis=1)
    return found


def _answers(bundle: Bundle, given: Known, name: str) -> tuple[npt.NDArray[np.generic], Array]:
    """Return possible answers (v,) and P(answer | segment, known) (v, k)."""
    if name in bundle.evidence:
        table = np.exp(evidence_of(bundle, name).log_probability)
        return np.arange(len(table)), table / np.maximum(table.sum(axis=0), 1e-300)
    measures = {other: given[other] for other in bundle.measures if other in given}
    values = _values(bundle, measures, name)
    if not len(values):
        return values, np.empty((0, len(bundle.prior)))
    supposed = {other: np.repeat(column, len(values)) for other, column in measures.items()}
    return values, softmax(log_density(bundle, supposed | {name: values}).T).T


def _values(bundle: Bundle, measures: Known, name: str) -> Array:
    """Return values of a measure, evenly spaced on the scale of a feature that depends on it."""
    before = known_features(bundle, measures)
    added = [p for p in known_features(bundle, [*measures, name]) if p not in before]
    scales = [p for p in added if invertible(bundle.features[p], name)]
    if not added:
        return np.empty(0)
    low, high = limits(bundle, name)
    if not scales:
        capped = all(bundle.features[place].transform == "cap" for place in added)
        most = max(bundle.features[place].parameter for place in added) if capped else MOST_COUNTED
        return np.arange(max(low, 0), most + 1)
    place = scales[0]
    feature = bundle.features[place]
    spread = bundle.scale[place] * feature.weight
    on_scale = bundle.mean[place] + spread * np.linspace(-REACH, REACH, POINTS)
    values = inverse(feature, on_scale, measures)
    return np.unique(np.clip(np.round(values) if name in WHOLE else values, low, high))
