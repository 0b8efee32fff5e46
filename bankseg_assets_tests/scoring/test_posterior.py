"""Any subset of the measures gives the exact posterior."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from bankseg_assets.scoring.bundle import Bundle, InputError, score, softmax
from bankseg_assets.scoring.documents import CalibrationDocument, EvidenceDocument
from bankseg_assets.scoring.evidence import OTHER
from bankseg_assets.scoring.posterior import known_features, posterior, subset_key
from bankseg_assets_tests.small_model import CUSTOMER, MEASURES, small_model


def features_of(bundle: Bundle) -> np.ndarray:
    plain = [
        CUSTOMER["recency"],
        min(CUSTOMER["frequency"], 3.0),
        np.log(450.0 + 10.0),
        np.log(CUSTOMER["average_balance"] + 10.0),
    ]
    return (np.array(plain) - bundle.mean) / bundle.scale


@pytest.mark.parametrize("whitened", [False, True])
@pytest.mark.parametrize(
    ("known", "places"),
    [
        (["recency"], [0]),
        (["average_balance", "frequency"], [1, 3]),
        (["frequency", "monetary"], [1, 2]),
        (["monetary", "recency"], [0]),  # an average needs the number of transactions as well
    ],
)
def test_posterior_uses_marginal_gaussians(
    whitened: bool, known: list[str], places: list[int]
) -> None:
    bundle = small_model(whitened=whitened)
    back = np.linalg.pinv(bundle.components)
    densities = [
        multivariate_normal(
            (mean @ back)[places],
            (back.T @ np.diag(variance) @ back + bundle.residual)[np.ix_(places, places)],
        ).pdf(features_of(bundle)[places])
        for mean, variance in zip(bundle.means, bundle.variances, strict=True)
    ]
    expected = bundle.prior * densities / (bundle.prior * densities).sum()
    found = posterior(bundle, {name: CUSTOMER[name] for name in known}).probabilities
    np.testing.assert_allclose(found, [expected], rtol=1e-9)
    assert known_features(bundle, known) == places


@pytest.mark.parametrize("whitened", [False, True])
def test_posterior_of_all_measures_is_naive_bayes(whitened: bool) -> None:
    bundle = small_model(whitened=whitened)
    expected = score(bundle, CUSTOMER).probabilities
    np.testing.assert_allclose(posterior(bundle, CUSTOMER).probabilities, expected, rtol=1e-12)
    # The residual is equal for all segments, so the full feature space gives the same answer.
    back = np.linalg.pinv(bundle.components)
    densities = [
        multivariate_normal(m @ back, back.T @ np.diag(v) @ back + bundle.residual).pdf(
            features_of(bundle)
        )
        for m, v in zip(bundle.means, bundle.variances, strict=True)
    ]
    np.testing.assert_allclose(
        [bundle.prior * densities / (bundle.prior * densities).sum()], expected, rtol=1e-9
    )


def test_nothing_known_is_prior() -> None:
    np.testing.assert_allclose(posterior(small_model(), {}).probabilities, [[0.5, 0.3, 0.2]])


def test_customers_are_scored_by_their_known_inputs() -> None:
    bundle, unknown = small_model(), np.nan
    table = {"recency": [12.0, 12.0, unknown], "average_balance": [5000.0, unknown, unknown]}
    found = posterior(bundle, table).probabilities
    alone = [{"recency": 12.0, "average_balance": 5000.0}, {"recency": 12.0}, {}]
    expected = [posterior(bundle, one).probabilities[0] for one in alone]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_temperature_moves_probabilities_and_no_label() -> None:
    key = subset_key(["recency", "frequency"])
    bundle = small_model(calibration={key: CalibrationDocument(temperature=0.5)})
    known = {name: CUSTOMER[name] for name in ("recency", "frequency")}
    cold, plain = (posterior(one, known) for one in (bundle, small_model()))
    assert cold.segment == plain.segment
    assert cold.probabilities.max() < plain.probabilities.max()
    ratio = np.log(plain.probabilities[0, 0] / plain.probabilities[0, 1])
    assert np.log(cold.probabilities[0, 0] / cold.probabilities[0, 1]) == pytest.approx(ratio / 2)


MEASURE = st.one_of(st.floats(0, 1e15), st.just(float("nan")))


@given(st.fixed_dictionaries(dict.fromkeys(MEASURES, MEASURE)))
def test_posterior_is_finite_and_sums_to_one(known: dict[str, float]) -> None:
    found = posterior(small_model(), known).probabilities
    assert np.isfinite(found).all()
    assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize("value", [-1.0, float("inf"), "many"])
def test_invalid_measure_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="Days"):
        posterior(small_model(), {"recency": value})  # type: ignore[dict-item]


def test_models_do_not_affect_one_another() -> None:
    first, second = small_model(), small_model(prior=np.array([0.2, 0.2, 0.6]))
    known = {"recency": 12.0}
    expected = posterior(first, known).probabilities
    assert not np.allclose(posterior(second, known).probabilities, expected)
    np.testing.assert_array_equal(posterior(first, known).probabilities, expected)
    changed = replace(first, means=first.means + 1.0)
    assert not np.allclose(posterior(changed, known).probabilities, expected)


def test_two_features_that_repeat_each_other_count_once() -> None:
    """No customer has three transactions, so "repeat" and "capped frequency" are equal."""
    bundle = small_model()
    twice = np.array([0, 1, 1, 2, 3])
    back = np.linalg.pinv(bundle.components)[:, twice]
    doubled = replace(
        bundle,
        features=tuple(bundle.features[place] for place in twice),
        mean=bundle.mean[twice],
        scale=bundle.scale[twice],
        components=np.linalg.pinv(back),
        residual=bundle.residual[np.ix_(twice, twice)],
    )
    for known in ({"frequency": 2.0}, {"frequency": 2.0, "recency": 12.0}):
        np.testing.assert_allclose(
            posterior(doubled, known).probabilities,
            posterior(bundle, known).probabilities,
            rtol=1e-9,
        )


@pytest.mark.slow
def test_marginal_matches_simulated_customers() -> None:
    """Monte Carlo: the segments of simulated customers with nearly this balance and recency."""
    bundle, random = small_model(), np.random.default_rng(0)
    back = np.linalg.pinv(bundle.components)
    truth = random.choice(3, p=bundle.prior, size=3_000_000)
    scores = random.normal(bundle.means[truth], np.sqrt(bundle.variances[truth]))
    values, vectors = np.linalg.eigh(bundle.residual)
    noise = random.normal(size=(len(truth), 4)) * np.sqrt(np.maximum(values, 0)) @ vectors.T
    drawn = scores @ back + noise
    wanted = features_of(bundle)[[0, 3]]
    near = (np.abs(drawn[:, [0, 3]] - wanted) < 0.08).all(axis=1)
    found = np.bincount(truth[near], minlength=3) / near.sum()
    known = {name: CUSTOMER[name] for name in ("recency", "average_balance")}
    assert near.sum() > 5_000
    np.testing.assert_allclose(posterior(bundle, known).probabilities[0], found, atol=0.02)


def test_matrix_replaces_temperature() -> None:
    matrix, shift = [[1.0, 0.2, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 2.0]], [0.1, 0.0, -0.3]
    bundle = small_model(calibration={"recency": CalibrationDocument(matrix=matrix, shift=shift)})
    known = {"recency": 12.0}
    plain = np.log(posterior(small_model(), known).probabilities)
    expected = softmax(plain @ np.array(matrix).T + shift)
    np.testing.assert_allclose(posterior(bundle, known).probabilities, expected, rtol=1e-9)


@given(st.floats(0, 1e15))
def test_matrix_clips_customers_far_outside(recency: float) -> None:
    matrix, shift = [[1.0, 0.9, 0.0], [0.0, -0.5, 0.0], [0.4, 0.0, 2.0]], [0.0, 0.0, 0.0]
    bundle = small_model(calibration={"recency": CalibrationDocument(matrix=matrix, shift=shift)})
    found = posterior(bundle, {"recency": recency}).probabilities
    assert np.isfinite(found).all()
    assert found.sum() == pytest.approx(1)


TABLES = {
    "age": EvidenceDocument(
        label="Age",
        values=["18-20", "30-34", OTHER],
        log_probability=np.log([[0.5, 0.2, 0.1], [0.3, 0.3, 0.3], [0.2, 0.5, 0.6]]).tolist(),
    ),
    "gender": EvidenceDocument(
        label="Gender",
        values=["F", "M"],
        log_probability=np.log([[0.4, 0.5, 0.2], [0.6, 0.5, 0.8]]).tolist(),
    ),
}


def test_evidence_alone_follows_bayes_rule() -> None:
    bundle = small_model(evidence=TABLES)
    found = posterior(bundle, {"age": 33, "gender": "f "}).probabilities
    weights = np.array([0.5, 0.3, 0.2]) * [0.3, 0.3, 0.3] * np.array([0.4, 0.5, 0.2])
    np.testing.assert_allclose(found, [weights / weights.sum()], rtol=1e-12)


def test_evidence_is_weighted_beside_measures() -> None:
    names = ["age", "recency"]
    bundle = small_model(evidence=TABLES, evidence_weights={subset_key(names): 0.5})
    alone = posterior(bundle, {"recency": 12.0}).probabilities
    expected = alone * np.sqrt([0.5, 0.2, 0.1])
    found = posterior(bundle, {"recency": 12.0, "age": 19}).probabilities
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-12)


def test_with_every_measure_known_evidence_changes_nothing() -> None:
    bundle = small_model(evidence=TABLES)
    found = posterior(bundle, CUSTOMER | {"age": 19, "gender": "M"}).probabilities
    np.testing.assert_array_equal(found, posterior(bundle, CUSTOMER).probabilities)


@pytest.mark.parametrize(
    ("known", "as_if"),
    [
        ({"age": None}, {}),
        ({"age": np.nan, "gender": ""}, {}),
        ({"gender": "T"}, {}),  # not in the table, which has no others
        ({"age": 77}, {"age": 95}),  # both are others
    ],
)
def test_unlisted_value_is_other_or_unknown(
    known: dict[str, object], as_if: dict[str, object]
) -> None:
    bundle = small_model(evidence=TABLES)
    found, expected = (posterior(bundle, one).probabilities for one in (known, as_if))  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, expected)


def test_customers_are_scored_by_available_evidence() -> None:
    bundle = small_model(evidence=TABLES)
    table = {"recency": [12.0, np.nan, 12.0], "age": [19, 33, None]}
    found = posterior(bundle, table).probabilities
    alone = [{"recency": 12.0, "age": 19}, {"age": 33}, {"recency": 12.0}]
    expected = [posterior(bundle, one).probabilities[0] for one in alone]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_unused_evidence_is_ignored() -> None:
    found = posterior(small_model(), {"recency": 12.0, "age": 19, "gender": "F"}).probabilities
    expected = posterior(small_model(), {"recency": 12.0}).probabilities
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("age", "message"),
    [(-1, "Age must be from 0 to 150; found -1"), ("old", "Age is not a number")],
)
def test_invalid_age_is_refused(age: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        posterior(small_model(evidence=TABLES), {"age": age})  # type: ignore[dict-item]


@pytest.mark.parametrize("names", [MEASURES, ["monetary", "average_balance"]])
def test_one_customer_is_scored_in_tenth_of_millisecond(
    names: list[str],
) -> None:
    bundle, known = small_model(), {name: CUSTOMER[name] for name in names}
    taken = []
    for _ in range(200):
        start = time.thread_time()
        posterior(bundle, known)
        taken.append(time.thread_time() - start)
    assert np.median(taken) < 0.001  # s; 0.0001 on a machine with nothing else to do
