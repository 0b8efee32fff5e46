"""Contributions of inputs to the log odds, as exact values and in words."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankseg_assets.presentation.formatting import LAKH
from bankseg_assets.scoring.bundle import Bundle, InputError
from bankseg_assets.scoring.documents import CalibrationDocument
from bankseg_assets.scoring.explain import why
from bankseg_assets.scoring.posterior import posterior, subset_key
from bankseg_assets_tests.scoring.test_posterior import TABLES
from bankseg_assets_tests.small_model import CUSTOMER, MEASURES, small_model

MATRIX = CalibrationDocument(
    matrix=[[1.2, 0.1, 0.0], [0.0, 0.6, 0.2], [0.0, 0.0, 0.9]], shift=[0.1, 0.0, -0.2]
)
CALIBRATION = {
    subset_key(MEASURES): CalibrationDocument(temperature=2.5),
    "average_balance,recency": MATRIX,
    "recency": CalibrationDocument(temperature=0.7),
}


def log_odds(bundle: Bundle, known: dict[str, float]) -> tuple[int, int, float]:
    chances = posterior(bundle, known).probabilities[0]
    runner_up, segment = np.argsort(chances, kind="stable")[-2:]
    return int(segment), int(runner_up), float(np.log(chances[segment] / chances[runner_up]))


ORDINARY = st.fixed_dictionaries(
    {},
    optional={
        "recency": st.floats(0, 80),
        "frequency": st.integers(1, 6),
        "monetary": st.floats(1, 50_000),
        "average_balance": st.floats(1, 500_000),
        "age": st.integers(18, 80),
        "gender": st.sampled_from(["F", "M"]),
    },
)


@settings(deadline=None, max_examples=50)
@given(ORDINARY)
def test_prior_and_contributions_sum_to_log_odds(known: dict[str, float]) -> None:
    bundle = small_model(calibration=CALIBRATION, evidence=TABLES)
    found = why(bundle, known)
    segment, runner_up, expected = log_odds(bundle, known)
    assert found.log_odds == pytest.approx(expected, abs=1e-6)
    parts = found.prior + sum(reason.contribution for reason in found.reasons)
    assert parts == pytest.approx(found.log_odds, abs=1e-9)
    if found.log_odds > 1e-9:
        assert (found.segment, found.runner_up) == (segment, runner_up)
    assert {reason.name for reason in found.reasons} == known.keys()
    assert found.sentence.endswith(".")


def test_contribution_is_shapley_value() -> None:
    bundle = small_model()
    found = why(bundle, CUSTOMER)

    def odds(names: tuple[str, ...]) -> float:
        chances = posterior(bundle, {name: CUSTOMER[name] for name in names}).probabilities[0]
        return float(np.log(chances[found.segment] / chances[found.runner_up]))

    for reason in found.reasons:
        steps = []
        for order in permutations(MEASURES):
            place = order.index(reason.name)
            steps.append(odds(order[: place + 1]) - odds(order[:place]))
        assert reason.contribution == pytest.approx(np.mean(steps), abs=1e-9)


def test_single_input_contributes_log_likelihood_ratio() -> None:
    bundle = small_model()
    found = why(bundle, {"recency": 60.0})
    (reason,) = found.reasons
    prior = np.log(bundle.prior[found.segment] / bundle.prior[found.runner_up])
    assert found.prior == pytest.approx(prior)
    assert reason.contribution == pytest.approx(found.log_odds - prior)
    assert reason.label == "Days"


def test_evidence_contributes_weighted_log_likelihood() -> None:
    bundle = small_model(evidence=TABLES, evidence_weights={"age,gender": 0.5})
    found = why(bundle, {"age": 33, "gender": "M"})
    table = {r.name: r.contribution for r in found.reasons}
    gender = np.log([0.6, 0.5, 0.8])
    expected = 0.5 * (gender[found.segment] - gender[found.runner_up])
    assert table["gender"] == pytest.approx(expected)
    assert table["age"] == pytest.approx(0.0)


def test_reasons_are_sorted_by_weight() -> None:
    found = why(small_model(), CUSTOMER | {"recency": 2.0, "average_balance": 4e5})
    weights = [abs(reason.contribution) for reason in found.reasons]
    assert weights == sorted(weights, reverse=True)
    first = next(reason for reason in found.reasons if reason.contribution > 0)
    assert found.sentence.startswith(f"Because {first.phrase}")


@pytest.mark.parametrize(
    ("known", "phrase"),
    [
        ({"average_balance": 250_000.0}, "the balance is high (INR 250,000)"),
        ({"average_balance": 99.5}, "the balance is low (INR 99.50)"),
        ({"average_balance": 8_100.0}, "the balance is usual (INR 8,100)"),
        ({"recency": 1}, "the last transaction is recent (1 day)"),
        ({"recency": 70.0}, "the last transaction is long ago (70 days)"),
        ({"frequency": 5}, "the number of transactions is high (5)"),
        ({"monetary": 12.0}, "the sum of the amounts is low (INR 12)"),
        ({"age": 33}, "the age is 33"),
        ({"gender": "F"}, "the gender is F"),
    ],
)
def test_value_is_described_in_words(known: dict[str, float], phrase: str) -> None:
    (reason,) = why(small_model(evidence=TABLES), known).reasons
    assert reason.phrase == phrase


def test_sentence_names_opposing_reasons() -> None:
    bundle = small_model()
    explanations = [
        why(bundle, {"recency": recency, "average_balance": balance})
        for recency in (0.0, 60.0)
        for balance in (10.0, 5e5)
    ]
    against = [w for w in explanations if "Evidence against it:" in w.sentence]
    assert against
    for found in against:
        negative = min(found.reasons, key=lambda reason: reason.contribution)
        assert negative.contribution < 0
        assert found.sentence.endswith(f"Evidence against it: {negative.phrase}.")


def test_sentence_for_no_known_inputs() -> None:
    found = why(small_model(), {})
    assert found.reasons == ()
    assert (found.segment, found.runner_up) == (0, 1)
    assert found.log_odds == found.prior == pytest.approx(np.log(0.5 / 0.3))
    assert found.sentence.startswith("Nothing is known")


def test_invalid_value_is_refused_with_label() -> None:
    with pytest.raises(InputError, match="Days must be a finite number"):
        why(small_model(), {"recency": -1.0})


def test_values_are_written_as_bank_does() -> None:
    found = why(small_model(number_format=LAKH), {"average_balance": 1234567.5})
    assert found.reasons[0].phrase == "the balance is high (INR 12,34,567.50)"


def test_phrases_speak_of_spending_where_known() -> None:
    known = {"recency": 5.0, "frequency": 3, "monetary": 900.0, "average_balance": 100.0}
    reasons = why(small_model(direction_known=True), known).reasons
    assert {reason.name: reason.phrase.partition(" is ")[0] for reason in reasons} == {
        "recency": "the last spending transaction",
        "frequency": "the number of spending transactions",
        "monetary": "the sum of the spending",
        "average_balance": "the balance",
    }
    assert "spending" not in why(small_model(), known).sentence
