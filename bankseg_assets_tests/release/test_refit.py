"""Reasons to refit the model in use."""

from dataclasses import replace

import pytest

from bankseg_assets.release.gates import Gate, Measures, Verdict
from bankseg_assets.release.refit import (
    MODEL_GATES,
    RefitLimits,
    advise_refit,
    below_zero,
    refit_gate,
)

AT_FIT = Measures(f1_macro=0.99, silhouette=0.6, smallest_share=0.1, n_customers=900)


def gate(today: Measures = AT_FIT, at_fit: Measures | None = AT_FIT, **found: object) -> Gate:
    settings = {"drift": {}, "drift_noise": {}, "below_zero": (), "limits": RefitLimits()} | found
    return refit_gate(at_fit, today, **settings)  # type: ignore[arg-type]


def test_model_fitted_by_this_run_passes() -> None:
    found = gate(at_fit=None)
    assert (found.verdict, found.sentence) == (Verdict.PASSED, "This run fitted the model.")


def test_model_that_suits_passes_with_its_numbers() -> None:
    found = gate(drift={"recency": 0.2})
    assert found.verdict is Verdict.PASSED
    assert found.numbers["psi_recency_since_fit"] == 0.2
    assert (found.numbers["f1_macro"], found.numbers["silhouette_at_fit"]) == (0.99, 0.6)


@pytest.mark.parametrize(
    ("today", "found", "reason"),
    [
        (
            {"f1_macro": 0.96},
            {},
            "macro F1 on held-out customers fell from 0.990 at the fit to 0.960",
        ),
        ({"silhouette": 0.5}, {}, "the silhouette fell from 0.600 at the fit to 0.500"),
        (
            {},
            {"drift": {"average_amount": 0.31}},
            "average amount has drifted since the fit (PSI 0.31)",
        ),
        (
            {},
            {"below_zero": ("average_balance",)},
            "average balance is below zero for some customers",
        ),
    ],
)
def test_stale_model_is_a_warning_with_reason(
    today: dict[str, float], found: dict[str, object], reason: str
) -> None:
    stale = gate(replace(AT_FIT, **today), **found)
    assert stale.verdict is Verdict.WARNED
    assert reason in stale.sentence
    assert "make materialize REFIT=1" in stale.sentence


def test_chance_is_no_reason() -> None:
    """With few customers, F1 and PSI vary between samples of the same population."""
    assert gate(replace(AT_FIT, f1_macro=0.96, f1_noise=0.02)).verdict is Verdict.PASSED
    noisy = gate(drift={"recency": 0.4}, drift_noise={"recency": 0.2})
    assert noisy.verdict is Verdict.PASSED


def test_limits_are_those_given() -> None:
    limits = RefitLimits(refit_f1_loss=0.1, refit_silhouette_loss=0.2, refit_drift=0.5)
    worse = replace(AT_FIT, f1_macro=0.9, silhouette=0.45)
    assert gate(worse, drift={"recency": 0.45}, limits=limits).verdict is Verdict.PASSED


def test_kept_model_is_not_refused_for_its_quality() -> None:
    """The release in use has the same model; refusing would only hold back new transactions."""
    refused = [Gate(name, Verdict.REFUSED, "Worse.", {}, "Do this.") for name in MODEL_GATES]
    drifted = Gate("data_has_not_drifted", Verdict.REFUSED, "Another unit.", {}, "Look.")
    *advised, last = advise_refit([*refused, drifted])
    assert {one.verdict for one in advised} == {Verdict.WARNED}
    assert advised[0].text == "Worse. It is released anyway: the model is the one in use."
    assert last == drifted


@pytest.mark.parametrize(
    ("then", "today", "expected"),
    [
        ({0: 5, 3: 2}, {-4: 1, 3: 2}, True),
        ({-1: 1}, {-4: 1}, False),
        ({0: 1}, {0: 1}, False),
        ({}, {}, False),
    ],
)
def test_below_zero_compares_lowest_bins(
    then: dict[int, int], today: dict[int, int], expected: bool
) -> None:
    assert below_zero(then, today) is expected
