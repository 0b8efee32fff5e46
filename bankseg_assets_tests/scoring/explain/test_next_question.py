"""Expected information gain of a question, against brute force and simple cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.explain import next_question
from bankseg_assets.scoring.explain.next_question import entropy
from bankseg_assets.scoring.posterior import posterior
from bankseg_assets_tests.scoring.test_posterior import TABLES
from bankseg_assets_tests.small_model import CUSTOMER, MEASURES, small_model


def gains(bundle: Bundle, known: dict[str, object]) -> dict[str, float]:
    return {q.name: q.gain for q in next_question(bundle, known)}  # type: ignore[arg-type]


def test_entropy_is_in_bits() -> None:
    rows = np.array([[0.5, 0.5, 0.0, 0.0], [0.25] * 4, [1.0, 0.0, 0.0, 0.0]])
    assert entropy(rows).tolist() == [1.0, 2.0, 0.0]


def test_gain_of_measure_is_mutual_information() -> None:
    """Draw customers from the model and average the entropy after revealing their balance."""
    bundle = small_model()
    back = np.linalg.pinv(bundle.components)
    centres, place = bundle.means @ back, 3
    variances = [(back.T * v @ back + bundle.residual)[place, place] for v in bundle.variances]
    random = np.random.default_rng(0)
    truth = random.choice(3, p=bundle.prior, size=200_000)
    z = random.normal(centres[truth, place], np.sqrt(np.array(variances)[truth]))
    balance = np.exp(bundle.mean[place] + bundle.scale[place] * z) - 10.0
    probabilities = posterior(bundle, {"average_balance": np.maximum(balance, 0.0)}).probabilities
    expected = entropy(bundle.prior[None])[0] - entropy(probabilities).mean()
    assert expected > 0.1
    assert gains(bundle, {})["average_balance"] == pytest.approx(expected, abs=0.01)


def test_gain_of_evidence_is_mutual_information() -> None:
    table = np.exp(TABLES["gender"].log_probability)
    prior = np.array([0.5, 0.3, 0.2])
    joint = table * prior
    probabilities = joint.sum(axis=1)
    expected = entropy(prior[None])[0] - probabilities @ entropy(joint / probabilities[:, None])
    assert gains(small_model(evidence=TABLES), {})["gender"] == pytest.approx(expected, abs=1e-9)


def test_questions_are_sorted_by_gain() -> None:
    questions = next_question(small_model(evidence=TABLES), {"recency": 12.0})
    assert {q.name for q in questions} == {*MEASURES, "age", "gender"} - {"recency"}
    assert [q.gain for q in questions] == sorted((q.gain for q in questions), reverse=True)
    assert {q.name: q.label for q in questions}["average_balance"] == "Balance"


def test_separating_measure_gains_full_entropy() -> None:
    sure = small_model(
        means=np.array([[-5.0, 0.0], [0.0, 5.0], [5.0, -5.0]]), variances=np.full((3, 2), 0.01)
    )
    known = {name: CUSTOMER[name] for name in ("recency", "frequency", "monetary")}
    before = entropy(posterior(sure, {}).probabilities)[0]
    assert max(gains(sure, {}).values()) <= before + 1e-9
    assert all(gain >= 0 for gain in gains(sure, known).values())


def test_measure_without_new_feature_has_no_gain() -> None:
    # The sum gives an average only with the number of transactions.
    bundle = small_model()
    assert gains(bundle, {})["monetary"] == 0.0
    assert gains(bundle, {"frequency": 2.0})["monetary"] > 0.01


def test_no_question_if_everything_is_known() -> None:
    assert next_question(small_model(), CUSTOMER) == []


@settings(deadline=None, max_examples=50)
@given(st.fixed_dictionaries({}, optional={name: st.floats(0, 1e12) for name in MEASURES}))
def test_gain_is_finite_and_at_most_entropy(known: dict[str, float]) -> None:
    bundle = small_model()
    unknown = entropy(posterior(bundle, known).probabilities)[0]
    for gain in gains(bundle, dict(known)).values():
        assert 0 <= gain <= unknown + 1e-9
