"""Every subset of inputs is calibrated by a temperature or a matrix, and evaluated."""

from dataclasses import replace

import numpy as np
import pytest
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.classifier.demographic_evidence import fit_evidence
from bankseg_assets.classifier.evaluation import (
    calibration_error,
    log_loss,
)
from bankseg_assets.classifier.temperature import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    Sample,
    _calibrations,
    all_subsets,
    best_factor,
    best_matrix,
    calibrate,
    subsets,
)
from bankseg_assets.scoring.bundle import (
    bundle_from,
    score,
    softmax,
)
from bankseg_assets.scoring.documents import CalibrationDocument, EvidenceDocument
from bankseg_assets.scoring.posterior import log_posterior, subset_key
from bankseg_assets.stats.arrays import Array, Labels
from bankseg_assets_tests.fitted_models import Fitted, with_genders
from bankseg_assets_tests.small_model import one_segment, small_model


def drawn(true: Array) -> Labels:
    """Draw segments with the given log probabilities."""
    random = np.random.default_rng(1)
    return np.array([random.choice(true.shape[1], p=row) for row in softmax(true)])


def test_subsets_go_from_empty_to_full() -> None:
    assert subsets(["a", "b"]) == [(), ("a",), ("b",), ("a", "b")]
    assert len(subsets(["a", "b", "c", "d"])) == 16


def test_evidence_is_evaluated_with_partial_subsets() -> None:
    gender, age = (
        EvidenceDocument(label=label, values=["F"], log_probability=[[0.0, 0.0, 0.0]])
        for label in ("Gender", "Age")
    )
    bundle = small_model(evidence={"gender": gender, "age": age})
    found = list(all_subsets(bundle))
    assert len(found) == 16 + 3 * 15
    assert found[:16] == subsets(bundle.measures)
    assert found[16] == ("gender",)
    assert all(set(names) != {*bundle.measures, "gender"} for names in found)


@pytest.mark.parametrize("factor", [0.4, 1.0, 3.0])
def test_temperature_corrects_confidence(factor: float) -> None:
    true = np.random.default_rng(1).normal(0, 2, (20_000, 3))
    labels = drawn(true)
    found = best_factor(0.0, true / factor, labels, MIN_TEMPERATURE)
    assert found == pytest.approx(factor, rel=0.05)
    assert calibration_error(softmax(found * true / factor), labels) < 0.02


def test_best_factor_minimizes_log_loss() -> None:
    random = np.random.default_rng(2)
    base, direction = random.normal(0, 1, (2, 500, 3))
    labels = random.integers(0, 3, 500)
    found = best_factor(base, direction, labels, 0.0)
    least = log_loss(softmax(base + found * direction), labels)
    for other in (0.0, 0.5 * found, 0.9 * found, 1.1 * found, 2 * found + 0.1):
        assert log_loss(softmax(base + other * direction), labels) >= least


def test_best_factor_is_within_bounds() -> None:
    direction = np.array([[1.0, 0.0]] * 10)
    always, never = np.zeros(10, dtype=int), np.ones(10, dtype=int)
    assert best_factor(0.0, direction, always, 0.0) == MAX_TEMPERATURE
    assert best_factor(0.0, direction, never, 0.0) == 0.0
    assert best_factor(0.0, direction, never, MIN_TEMPERATURE) == MIN_TEMPERATURE


def test_matrix_calibrates_where_temperature_cannot() -> None:
    """Two segments are confused with each other a third of the time; the third never is."""
    true = np.random.default_rng(3).normal(0, 2, (20_000, 3))
    labels = drawn(true)
    wrong = true @ np.array([[1.6, 0.7, 0.0], [-0.5, 0.6, 0.0], [0.0, 0.0, 1.0]]) + [2.5, 0, 0]
    temperature = best_factor(0.0, wrong, labels, MIN_TEMPERATURE)
    before = softmax(temperature * wrong)
    after = softmax(best_matrix(wrong, labels, temperature).apply(wrong))
    assert calibration_error(before, labels) > 0.03
    assert calibration_error(after, labels) < 0.015
    assert log_loss(after, labels) < log_loss(before, labels) - 0.05


def test_matrix_of_few_customers_is_near_temperature() -> None:
    joint = np.log([[0.7, 0.3], [0.4, 0.6], [0.8, 0.2]])
    found = best_matrix(joint, np.array([0, 1, 1]), 1.0)
    assert found.matrix == pytest.approx(np.eye(2), abs=0.15)


def test_matrix_is_used_only_if_temperature_fails() -> None:
    """The labels are not Gaussian: they depend on bands of recency."""
    bundle, random = small_model(), np.random.default_rng(4)
    count = 4_000
    known = {
        "recency": random.uniform(0, 60, count),
        "frequency": random.integers(1, 4, count).astype(float),
        "monetary": random.uniform(10, 5_000, count),
        "average_balance": random.uniform(10, 50_000, count),
    }
    labels = (known["recency"] // 10 % 3).astype(int)
    found = _calibrations(bundle, Sample(known, labels))
    assert found.keys() == {subset_key(names) for names in subsets(bundle.measures)}
    assert found[""] == CalibrationDocument(temperature=1.0)
    assert found["recency"].matrix is not None
    assert found[subset_key(bundle.measures)].temperature is not None
    calibrated = replace(bundle, calibration=found)
    some = {"recency": known["recency"]}
    assert log_loss(softmax(log_posterior(calibrated, some, count)), labels) < log_loss(
        np.tile(bundle.prior, (count, 1)), labels
    )


def test_every_subset_beats_prior(fitted: Fitted) -> None:
    bundle = bundle_from(fitted.bundle)
    calibrated = calibrate(bundle, fitted.segments)
    found = calibrated.completeness
    assert [entry.known for entry in found] == subsets(bundle.measures)
    prior, *others = found
    # With 180 customers, an uninformative measure may cost a little by chance.
    assert all(e.metrics.log_loss < prior.metrics.log_loss + 0.02 for e in others)
    whole = calibrated.with_all_measures
    assert whole == found[-1]
    assert whole.metrics.log_loss == min(entry.metrics.log_loss for entry in found)
    assert whole.metrics.f1_macro == pytest.approx(fitted.evaluation.f1_macro, abs=0.02)
    assert whole.temperature is not None
    assert all(entry.evidence_weight is None for entry in found)


def test_samples_are_disjoint_and_reproducible(
    fitted: Fitted,
) -> None:
    first, second = (calibrate(bundle_from(fitted.bundle), fitted.segments) for _ in range(2))
    complete = fitted.segments.dropna(subset=["average_balance"])
    assert len(first.training.labels) == complete.where("NOT held_out").count()
    assert len(first.held_out.labels) == complete.where("held_out").count()
    assert first.bundle.calibration == second.bundle.calibration
    np.testing.assert_array_equal(first.held_out.labels, second.held_out.labels)


def test_bundle_has_calibration_and_metrics(fitted: Fitted) -> None:
    bundle = bundle_from(fitted.bundle)
    calibrated = calibrate(bundle, fitted.segments)
    assert dict(bundle.calibration) == calibrated.bundle.calibration
    assert bundle.evaluation.completeness == [e.document() for e in calibrated.completeness]
    whole = bundle.evaluation.completeness[-1]
    assert whole.known == bundle.measures
    assert bundle.metrics["calibration_error"] == whole.calibration_error
    prior = bundle.evaluation.completeness[0]
    assert bundle.metrics["log_loss_of_the_prior"] == prior.log_loss


def test_evidence_weights_cover_partial_subsets(fitted: Fitted) -> None:
    segments = with_genders(fitted.segments)
    tables = fit_evidence(segments, ["age", "gender"], fitted.kmeans.k)
    assert tables.keys() == {"gender"}  # all are 30 years old: no information
    bundle = replace(bundle_from(fitted.bundle), evidence=tables)
    calibrated = calibrate(bundle, segments)
    weights = calibrated.bundle.evidence_weights
    with_evidence = [names for names in all_subsets(bundle) if "gender" in names]
    assert weights.keys() == {subset_key(names) for names in with_evidence}
    assert all(0 <= weight <= MAX_TEMPERATURE for weight in weights.values())
    assert len(calibrated.completeness) == 16 + len(with_evidence)
    by_names = {entry.known: entry.metrics for entry in calibrated.completeness}
    # A gender drawn by segment is weakly informative; 180 customers show it roughly.
    assert by_names["gender",].log_loss < by_names[()].log_loss + 0.01
    assert weights["gender"] == pytest.approx(1.0, abs=0.5)


def test_calibration_keeps_labels_with_every_measure(fitted: Fitted) -> None:
    bundle = bundle_from(fitted.bundle)
    held_out = calibrate(bundle, fitted.segments).held_out
    found = log_posterior(bundle, held_out.known, len(held_out.labels))
    np.testing.assert_array_equal(found.argmax(axis=1), score(bundle, held_out.known).segment)


def test_calibrate_evaluates_training_customers_if_needed(fitted: Fitted) -> None:
    found = calibrate(bundle_from(fitted.bundle), fitted.segments.where("NOT held_out"))
    assert found.held_out is found.training


def test_calibrate_needs_customer_with_every_measure(fitted: Fitted) -> None:
    unknown = fitted.segments.withColumn("average_balance", F.lit(None).cast("double"))
    with pytest.raises(ValueError, match=r"No customer has all of recency, .*average_balance"):
        calibrate(bundle_from(fitted.bundle), unknown)


def test_calibrate_keeps_single_segment(fitted: Fitted) -> None:
    """Its probability is always 1, so no temperature can be fitted."""
    known = {"recency": np.array([1.0, 2.0, 9.0])}
    found = _calibrations(one_segment(), Sample(known, np.zeros(3, dtype=np.int64)))
    assert {one.temperature for one in found.values()} == {1.0}
