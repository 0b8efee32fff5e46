"""A model replaces the one in use only if it is not clearly worse."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.release.gates import (
    Gate,
    Limits,
    Measures,
    ReleaseComparison,
    Verdict,
    gates,
    unprotected,
)

GOOD = Measures(f1_macro=0.98, silhouette=0.70, smallest_share=0.08)
NO_DRIFT = {"average_amount": 0.01, "recency": 0.02}


def gates_by_name(
    candidate: Measures = GOOD,
    current: Measures | None = GOOD,
    *,
    agreement: float | None = 0.97,
    drift: Mapping[str, float] = NO_DRIFT,
    **more: Any,
) -> dict[str, Gate]:
    comparison = ReleaseComparison(agreement, drift, **more)
    found = gates(candidate, current, comparison, Limits())
    return {gate.name: gate for gate in found}


def verdicts(found: Mapping[str, Gate]) -> set[Verdict]:
    return {gate.verdict for gate in found.values()}


def test_model_as_good_as_one_in_use_passes() -> None:
    assert verdicts(gates_by_name()) == {Verdict.PASSED}


def test_first_model_is_compared_with_nothing() -> None:
    found = gates_by_name(current=None, agreement=None, drift={})
    assert verdicts(found) == {Verdict.PASSED}
    assert found["data_has_not_drifted"].sentence.startswith("There is no release in use")


@pytest.mark.parametrize(
    ("candidate", "gate", "message"),
    [
        (
            Measures(0.959, 0.70, 0.08),
            "quality_is_kept",
            "Macro F1 on held-out customers is 0.9590, below 0.9600: the value of the ",
        ),
        (
            Measures(0.98, 0.64, 0.08),
            "separation_is_kept",
            "Silhouette on all customers is 0.6400, below 0.6500: the value of the ",
        ),
        (
            Measures(0.98, 0.70, 0.009),
            "segments_are_large_enough",
            "0.90% of the customers, below 1.00%",
        ),
    ],
)
def test_worse_model_is_refused_with_numbers(candidate: Measures, gate: str, message: str) -> None:
    found = gates_by_name(candidate)
    assert [name for name, one in found.items() if one.verdict is Verdict.REFUSED] == [gate]
    assert message in found[gate].sentence


def test_little_worse_is_not_clearly_worse() -> None:
    assert verdicts(gates_by_name(Measures(0.961, 0.66, 0.01))) == {Verdict.PASSED}


def test_model_that_moves_most_customers_is_refused() -> None:
    found = gates_by_name(agreement=0.4)["customers_stay_in_their_segment"]
    assert found.verdict is Verdict.REFUSED
    assert "many customers would change segment" in found.sentence


@pytest.mark.parametrize(
    ("drift", "verdict"),
    [
        ({"average_amount": 0.3}, Verdict.REFUSED),
        ({"average_balance": 0.26}, Verdict.REFUSED),
        ({"age": 1.0}, Verdict.REFUSED),
        ({"average_amount": 0.2}, Verdict.WARNED),
        # These change with time: two months of data have other recencies than one.
        ({"recency": 3.0, "frequency": 0.5, "monetary": 0.4}, Verdict.WARNED),
        ({"recency": 0.1}, Verdict.PASSED),
    ],
)
def test_drift_warns_and_refuses_where_time_does_not_explain_it(
    drift: Mapping[str, float], verdict: Verdict
) -> None:
    found = gates_by_name(drift=drift)["data_has_not_drifted"]
    assert found.verdict is verdict
    assert found.numbers == {f"psi_{name}": value for name, value in drift.items()} | {
        "warned_above": 0.1,
        "refused_above": 0.25,
    }


SMALLEST = "segments_are_large_enough"
GROUPS = "customers_stay_in_their_segment"


def sized(share: float, n: int, k: int = 4) -> Measures:
    return Measures(0.98, 0.70, share, n_customers=n, n_segments=k)


@pytest.mark.parametrize(
    ("measured", "verdict", "sentence"),
    [
        # 8 of 181 customers are 4.42 %, and too few to be shown: "0.00 %" before.
        (
            sized(8 / 181, 181),
            Verdict.REFUSED,
            "The smallest segment has fewer than 11 of the 181 customers: too few for a separate "
            "campaign.",
        ),
        (
            sized(11 / 181, 181),
            Verdict.PASSED,
            "The smallest segment has 11 of the 181 customers (6.08%).",
        ),
        (sized(0.0, 181), Verdict.REFUSED, "fewer than 11 of the 181 customers"),
        (
            sized(996 / 100_000, 100_000),
            Verdict.REFUSED,
            "The smallest segment has 996 of the 100,000 customers (0.996%), below 1.000%: too few",
        ),
        (
            sized(999_999 / 1e8, 100_000_000),
            Verdict.REFUSED,
            "999,999 of the 100,000,000 customers (0.999999%), below 1.000000%",
        ),
        (sized(0.0099996, 10_000), Verdict.PASSED, "has 100 of the 10,000 customers (1.00%)."),
        (sized(1.0, 5, k=1), Verdict.PASSED, "a single segment with all fewer than 11 customers."),
        (sized(1.0, 500, k=1), Verdict.PASSED, "There is a single segment with all 500 customers."),
    ],
)
def test_smallest_segment_is_counted_and_not_rounded(
    measured: Measures, verdict: Verdict, sentence: str
) -> None:
    """At least 1 % and 11 of all customers; a count under 11 is not shown, nor is its share."""
    gate = gates_by_name(measured, measured)[SMALLEST]
    assert gate.verdict is verdict
    assert sentence in gate.sentence
    if "fewer than" in gate.sentence:
        assert "smallest_share" not in gate.numbers


@given(st.integers(11, 10**7), st.integers(11, 10**9))
def test_smallest_segment_never_contradicts_itself(customers: int, n: int) -> None:
    """Never "1.0 % ... below 1 %"."""
    measured = sized(min(customers, n) / n, n)
    gate = gates_by_name(measured, measured)[SMALLEST]
    if gate.verdict is Verdict.REFUSED:
        found, least = gate.sentence.partition("(")[2].split(": ")[0].split("), below ")
        assert found != least
        assert float(found[:-1]) < float(least[:-1]) == 1


def test_small_segment_in_use_allows_another() -> None:
    """The release in use is no better."""
    gate = gates_by_name(sized(8 / 181, 181), smallest_was_small=True)[SMALLEST]
    assert gate.verdict is Verdict.WARNED
    assert gate.sentence.endswith("The release in use has the same problem.")


def test_sounder_segments_are_released_though_customers_move() -> None:
    """Two segments from a first small file, and four from all data."""
    two = replace(GOOD, silhouette=0.79, n_segments=2, criteria_met=3)
    four = replace(GOOD, silhouette=0.71, n_segments=4, criteria_met=4)
    found = gates_by_name(four, two, agreement=0.3)
    moved = ("separation_is_kept", "customers_stay_in_their_segment")
    assert {found[name].verdict for name in moved} == {Verdict.WARNED}
    assert "meet more of the criteria (4 of 4)" in found[moved[1]].sentence
    for before, now in ((four, two), (two, two), (replace(two, criteria_met=None), four)):
        assert gates_by_name(now, before, agreement=0.3)[moved[1]].verdict is Verdict.REFUSED


def test_single_segment_does_not_replace_several() -> None:
    """Its macro F1 is 1 without a silhouette, but it does not separate customers."""
    single, several = sized(1.0, 500, k=1), sized(0.2, 500)
    found = gates_by_name(single, several, agreement=0.0)
    refused = [name for name, gate in found.items() if gate.verdict is Verdict.REFUSED]
    assert refused == [GROUPS]
    assert "has 4 segments, and this one puts all customers into one" in found[GROUPS].sentence
    assert "FORCE=1" in found[GROUPS].text


def test_several_segments_replace_single_one() -> None:
    """A single segment is always predicted correctly: its macro F1 of 1 is not a benchmark."""
    single = Measures(1.0, 0.0, 1.0, n_customers=500, n_segments=1)
    assert verdicts(gates_by_name(sized(0.2, 500), single, agreement=0.0)) == {Verdict.PASSED}
    assert verdicts(gates_by_name(single, single, agreement=1.0)) == {Verdict.PASSED}


def test_loss_within_chance_is_warning() -> None:
    """With 30 held-out customers one more error costs 3 points of F1, which is not significant."""
    few = Measures(0.98, 0.70, 0.2, n_customers=150, n_segments=4, f1_noise=0.1)
    worse = Measures(0.90, 0.60, 0.2, n_customers=150, n_segments=4, f1_noise=0.1)
    found = gates_by_name(worse, few, agreement=0.45, agreement_noise=0.1)
    assert found["quality_is_kept"].verdict is Verdict.WARNED
    assert "chance alone may explain a loss of 0.20" in found["quality_is_kept"].sentence
    assert found["separation_is_kept"].verdict is Verdict.WARNED  # 0.115 for twice 150 customers
    assert found[GROUPS].verdict is Verdict.WARNED
    far = Measures(0.70, 0.30, 0.2, n_customers=150, n_segments=4, f1_noise=0.1)
    found = gates_by_name(far, few, agreement=0.2, agreement_noise=0.1)
    assert {found[name].verdict for name in ("quality_is_kept", "separation_is_kept", GROUPS)} == {
        Verdict.REFUSED
    }


def test_drift_within_chance_is_warning() -> None:
    """PSI of two samples of 50 customers is 0.36 without any change."""
    noise = {"average_amount": 1.1}
    found = gates_by_name(drift={"average_amount": 0.4}, drift_noise=noise)["data_has_not_drifted"]
    assert found.verdict is Verdict.WARNED
    assert "chance may explain 1.10 of average amount" in found.sentence
    # Another unit shifts all customers: that is not chance.
    found = gates_by_name(drift={"average_amount": 8.0}, drift_noise=noise)["data_has_not_drifted"]
    assert found.verdict is Verdict.REFUSED


def test_incomparable_releases_are_warning() -> None:
    """Another customer key or currency is reported, and nothing is refused."""
    found = gates_by_name(agreement=None, drift={}, not_compared="Money is in EUR now.")
    for name in (GROUPS, "data_has_not_drifted"):
        assert found[name].verdict is Verdict.WARNED
        assert found[name].sentence.endswith("Money is in EUR now.")


def test_unprotected_turns_refusals_into_warnings() -> None:
    """The sentence is unchanged, without the advice to force."""
    found = unprotected(gates_by_name(Measures(0.5, 0.1, 0.001), agreement=0.1).values())
    assert {gate.verdict for gate in found} == {Verdict.PASSED, Verdict.WARNED}
    warned = [gate.text for gate in found if gate.verdict is Verdict.WARNED]
    assert len(warned) == 4
    assert all("FORCE" not in text and "was in use" in text for text in warned)


def test_refusals_have_next_step() -> None:
    """They say how to investigate and how to continue."""
    found = gates_by_name(Measures(0.5, 0.1, 0.001), agreement=0.1, drift={"age": 2.0})
    for gate in found.values():
        assert gate.verdict is Verdict.REFUSED
        assert "make materialize FORCE=1" in gate.text


def test_measures_of_other_builds_are_read() -> None:
    """An older release recorded three; a newer one may record more."""
    assert Measures.of({"f1_macro": 0.9, "silhouette": 0.5, "smallest_share": 0.1}) == (
        Measures(0.9, 0.5, 0.1)
    )
    assert (
        Measures.of({"f1_macro": 1, "silhouette": 1, "smallest_share": 1, "new": 3}).f1_macro == 1
    )
