"""A model replaces the one in use only if it is not clearly worse."""

from collections.abc import Mapping

import pytest

from bankseg_assets.gates import Gate, Limits, Measures, Verdict, gates

GOOD = Measures(f1_macro=0.98, silhouette=0.70, smallest_share=0.08)
NO_DRIFT = {"average_amount": 0.01, "recency": 0.02}


def judge(
    candidate: Measures = GOOD,
    current: Measures | None = GOOD,
    *,
    agreement: float | None = 0.97,
    drift: Mapping[str, float] = NO_DRIFT,
) -> dict[str, Gate]:
    found = gates(candidate, current, agreement=agreement, drift=drift, limits=Limits())
    return {gate.name: gate for gate in found}


def verdicts(found: Mapping[str, Gate]) -> set[Verdict]:
    return {gate.verdict for gate in found.values()}


def test_a_model_as_good_as_the_one_in_use_passes() -> None:
    assert verdicts(judge()) == {Verdict.PASSED}


def test_the_first_model_is_compared_with_nothing() -> None:
    found = judge(current=None, agreement=None, drift={})
    assert verdicts(found) == {Verdict.PASSED}
    assert found["data_has_not_drifted"].sentence.startswith("There is no release in use")


@pytest.mark.parametrize(
    ("candidate", "gate", "told"),
    [
        (
            Measures(0.959, 0.70, 0.08),
            "quality_is_kept",
            "Macro F1 on held-out customers is 0.9590: more than 0.02 below the 0.9800",
        ),
        (
            Measures(0.98, 0.64, 0.08),
            "separation_is_kept",
            "Silhouette on all customers is 0.6400: more than 0.05 below the 0.7000",
        ),
        (
            Measures(0.98, 0.70, 0.009),
            "segments_are_large_enough",
            "0.90% of the customers, below 1%",
        ),
    ],
)
def test_a_worse_model_is_refused_with_the_numbers(
    candidate: Measures, gate: str, told: str
) -> None:
    found = judge(candidate)
    assert [name for name, one in found.items() if one.verdict is Verdict.REFUSED] == [gate]
    assert told in found[gate].sentence


def test_a_little_worse_is_not_clearly_worse() -> None:
    assert verdicts(judge(Measures(0.961, 0.66, 0.01))) == {Verdict.PASSED}


def test_a_model_that_moves_most_customers_is_refused() -> None:
    found = judge(agreement=0.4)["customers_stay_in_their_segment"]
    assert found.verdict is Verdict.REFUSED
    assert "most customers would change segment" in found.sentence


@pytest.mark.parametrize(
    ("drift", "verdict"),
    [
        ({"average_amount": 0.3}, Verdict.REFUSED),
        ({"average_balance": 0.26}, Verdict.REFUSED),
        ({"age": 1.0}, Verdict.REFUSED),
        ({"average_amount": 0.2}, Verdict.WARNED),
        # Time moves these: two months of data have other recencies than one.
        ({"recency": 3.0, "frequency": 0.5, "monetary": 0.4}, Verdict.WARNED),
        ({"recency": 0.1}, Verdict.PASSED),
    ],
)
def test_drift_warns_and_refuses_where_time_does_not_explain_it(
    drift: Mapping[str, float], verdict: Verdict
) -> None:
    found = judge(drift=drift)["data_has_not_drifted"]
    assert found.verdict is verdict
    assert found.numbers == {f"psi_{name}": value for name, value in drift.items()} | {
        "warned_above": 0.1,
        "refused_above": 0.25,
    }
