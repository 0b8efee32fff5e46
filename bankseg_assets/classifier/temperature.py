"""Calibrate the probabilities of every subset of inputs; evaluate them on held-out customers.

Each subset gets a temperature, fitted by log loss, which changes no label. It is not enough if the
Gaussians fit the customers poorly (balance and sum of a customer with an unknown number of
transactions: calibration error 0.046 to 0.069, depending on k); a matrix on the log probabilities
then replaces it. With all measures known a temperature is always used, so the labels remain those
of naive Bayes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.classifier.evaluation import (
    Metrics,
    calibration_error,
    evaluate,
    log_loss,
)
from bankseg_assets.scoring.bundle import (
    Bundle,
    softmax,
)
from bankseg_assets.scoring.calibration import Calibration, floored
from bankseg_assets.scoring.documents import CalibrationDocument, SubsetQuality
from bankseg_assets.scoring.posterior import evidence_of, joint_of_known, log_posterior, subset_key
from bankseg_assets.stats.arrays import Array, Labels
from bankseg_assets.stats.rounding import rounded

SAMPLE = 20_000  # customers: temperatures of two such samples differ by under 2 %
SAMPLE_SEED = 3
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
FACTOR_DIGITS = 4
# Calibration error on training customers above which a temperature is not enough. The target is
# 0.05 on held-out customers.
MOST_ERROR = 0.03
# Strength of the prior on the matrix, in customers: with few customers it is close to a
# temperature.
PRIOR_CUSTOMERS = 10.0


@dataclass(frozen=True)
class Sample:
    """n customers with all inputs known: measures (n,) each, evidence as codes (n,) each."""

    known: Mapping[str, npt.NDArray[Any]]
    labels: Labels

    def of(self, names: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        """Return the sample restricted to these inputs."""
        return {name: self.known[name] for name in names}


@dataclass(frozen=True)
class Completeness:
    """Metrics on held-out customers when only some of the inputs are known.

    temperature: None if a matrix is used instead. evidence_weight: None without evidence.
    """

    known: tuple[str, ...]
    metrics: Metrics
    temperature: float | None
    evidence_weight: float | None

    def document(self) -> SubsetQuality:
        """Return it as a bundle's document has it."""
        return SubsetQuality(
            known=list(self.known),
            **asdict(self.metrics),
            temperature=self.temperature,
            evidence_weight=self.evidence_weight,
        )


@dataclass(frozen=True)
class Calibrated:
    """The calibrated bundle, the samples, and the metrics of every subset."""

    bundle: Bundle
    training: Sample
    held_out: Sample
    completeness: list[Completeness]

    @property
    def with_all_measures(self) -> Completeness:
        """The metrics with every measure known, which are those of naive Bayes itself."""
        whole = tuple(self.bundle.measures)
        return next(entry for entry in self.completeness if entry.known == whole)


def calibrate(bundle: Bundle, segments: DataFrame) -> Calibrated:
    """Calibrate every subset on training customers and evaluate it on held-out ones.

    `segments` is CUSTOMER_SEGMENTS. Customers are sampled by a hash, so a rerun gives the same
    ones. The first entry, with nothing known, is the prior; subsets without evidence come before
    those with it. If no held-out customer has every input, because the customers are few, the
    training sample is used for evaluation too. Raises ValueError when no customer has every input.
    """
    training = _sample(bundle, segments.where("NOT held_out"))
    held_out = _sample(bundle, segments.where("held_out"))
    if not len(training.labels):
        raise ValueError(
            f"No customer has all of {', '.join(bundle.measures)}, so probabilities cannot be "
            "calibrated. Remove those that are rarely known from the run's features."
        )
    if not len(held_out.labels):
        held_out = training
    bundle = replace(bundle, calibration=_calibrations(bundle, training))
    bundle = replace(bundle, evidence_weights=_evidence_weights(bundle, training))
    found = [_evaluated(bundle, held_out, names) for names in all_subsets(bundle)]
    return Calibrated(bundle, training, held_out, found)


def subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every subset, from the empty to the full one."""
    return [some for size in range(len(names) + 1) for some in combinations(names, size)]


def all_subsets(bundle: Bundle) -> Iterator[tuple[str, ...]]:
    """Yield every subset of the inputs: without evidence first, then with it.

    The full set of measures is not combined with evidence, which has no weight then.
    """
    measures, evidence = subsets(bundle.measures), subsets(list(bundle.evidence))
    yield from measures
    yield from ((*some, *given) for given in evidence[1:] for some in measures[:-1])


def best_factor(base: Array | float, direction: Array, labels: Labels, least: float) -> float:
    """Return the t in [least, 20] that minimizes the log loss of softmax(base + t direction).

    The loss is convex in t, so its slope has at most one root.
    """
    from scipy.optimize import brentq

    of_truth = direction[np.arange(len(labels)), labels]

    def slope(factor: float) -> float:
        expected = (softmax(base + factor * direction) * direction).sum(axis=1)
        return float((expected - of_truth).mean())

    if slope(least) >= 0:
        return least
    if slope(MAX_TEMPERATURE) <= 0:
        return MAX_TEMPERATURE
    return float(f"{brentq(slope, least, MAX_TEMPERATURE, xtol=1e-9):.{FACTOR_DIGITS}g}")


def best_matrix(joint: Array, labels: Labels, temperature: float) -> Calibration:
    """Return the matrix and shift that minimize the log loss, regularized towards the
    temperature."""
    from scipy.optimize import minimize

    log_probability = floored(joint)
    n, k = log_probability.shape
    inputs = np.column_stack([log_probability, np.ones(n)])
    truth = np.eye(k)[labels]
    start = np.column_stack([temperature * np.eye(k), np.zeros(k)])

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(k, k + 1)
        probabilities = softmax(inputs @ weights.T)
        change = weights - start
        penalty = PRIOR_CUSTOMERS / n
        gradient = (probabilities - truth).T @ inputs / n + 2 * penalty * change
        return log_loss(probabilities, labels) + penalty * float(
            (change**2).sum()
        ), gradient.ravel()

    best = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B").x.reshape(k, k + 1)
    matrix, shift = rounded(best[:, :k].tolist(), FACTOR_DIGITS), best[:, k].tolist()
    return Calibration(matrix=np.array(matrix), shift=np.array(rounded(shift, FACTOR_DIGITS)))


def _calibrations(bundle: Bundle, training: Sample) -> dict[str, CalibrationDocument]:
    prior_loss = log_loss(np.tile(bundle.prior, (len(training.labels), 1)), training.labels)
    found = {}
    for names in subsets(bundle.measures):
        joint = joint_of_known(bundle, training.of(names), len(training.labels))
        may_turn = len(names) < len(bundle.measures)
        found[subset_key(names)] = _calibration(
            joint, training.labels, worst=prior_loss, may_turn=may_turn
        ).document()
    return found


def _calibration(joint: Array, labels: Labels, *, worst: float, may_turn: bool) -> Calibration:
    if joint.shape[1] == 1 or np.ptp(joint, axis=0).max() == 0:
        return Calibration()  # one segment, or nothing known: the prior needs no calibration
    temperature = best_factor(0.0, joint, labels, MIN_TEMPERATURE)
    probabilities = softmax(temperature * joint)
    is_calibrated = calibration_error(probabilities, labels) <= MOST_ERROR
    if not may_turn or (is_calibrated and log_loss(probabilities, labels) < worst):
        return Calibration(temperature)
    return best_matrix(joint, labels, temperature)


def _evidence_weights(bundle: Bundle, training: Sample) -> dict[str, float]:
    """Return the weight of the evidence's log likelihood for each subset with evidence."""
    count, found = len(training.labels), {}
    tables = {
        name: evidence_of(bundle, name).log_likelihood(training.known[name])
        for name in bundle.evidence
    }
    for names in all_subsets(bundle):
        given = [name for name in names if name in tables]
        if given:
            measures = [name for name in names if name not in tables]
            base = log_posterior(bundle, training.of(measures), count)
            evidence = np.sum([tables[name] for name in given], axis=0)
            found[subset_key(names)] = best_factor(base, evidence, training.labels, 0.0)
    return found


def _evaluated(bundle: Bundle, sample: Sample, names: tuple[str, ...]) -> Completeness:
    log_probabilities = log_posterior(bundle, sample.of(names), len(sample.labels))
    measures = [name for name in names if name not in bundle.evidence]
    return Completeness(
        known=names,
        metrics=evaluate(softmax(log_probabilities), sample.labels),
        temperature=bundle.calibration[subset_key(measures)].temperature,
        evidence_weight=bundle.evidence_weights.get(subset_key(names)),
    )


def _sample(bundle: Bundle, segments: DataFrame) -> Sample:
    """Return customers with all inputs known, in the order of a hash."""
    asked = [*bundle.measures, *bundle.evidence]
    chosen = (
        segments.dropna(subset=asked)
        .withColumn("_order", F.xxhash64("customer_id", F.lit(SAMPLE_SEED)))
        .orderBy("_order")
        .limit(SAMPLE)
        .select(
            "_order",
            "segment",
            *(F.col(name).cast("double").alias(name) for name in bundle.measures),
            *bundle.evidence,
        )
        .toPandas()
        .sort_values("_order")
    )
    known = {name: chosen[name].to_numpy(dtype=np.float64) for name in bundle.measures}
    codes = {name: evidence_of(bundle, name).codes(chosen[name]) for name in bundle.evidence}
    return Sample(known | codes, chosen["segment"].to_numpy(dtype=np.int64))
