"""Reasons to refit the model in use: it no longer suits today's customers.

Pure functions of the measures at the fit and of today's. The model stays in use meanwhile.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bankseg_assets.release.gates import Gate, Measures, Verdict, distinct_numbers

REFIT_GATE = "model_suits_todays_customers"
MODEL_GATES = (
    *("quality_is_kept", "separation_is_kept"),
    *("segments_are_large_enough", "customers_stay_in_their_segment"),
)


@dataclass(frozen=True)
class RefitLimits:
    """How far today's customers may be from those that the model was fitted on.

    refit_f1_loss: macro F1 of the classifier against the segments of today's held-out customers.
    refit_silhouette_loss: of all customers. refit_drift: population stability index of a measure
    that the model uses; above 0.25 is usually read as a different population.
    """

    refit_f1_loss: float = 0.02
    refit_silhouette_loss: float = 0.05
    refit_drift: float = 0.25


def refit_gate(
    at_fit: Measures | None,
    today: Measures,
    *,
    drift: Mapping[str, float],
    drift_noise: Mapping[str, float],
    below_zero: tuple[str, ...],
    limits: RefitLimits,
) -> Gate:
    """Return the gate that warns when the model should be refitted; it never refuses.

    `at_fit`: None if this run fitted the model. drift: PSI of the measures that the model uses,
    from the customers at the fit to today's. below_zero: measures that are negative for some
    customers today, and were not at the fit.
    """
    if at_fit is None:
        return Gate(REFIT_GATE, Verdict.PASSED, "This run fitted the model.")
    reasons = [
        *_loss("macro F1 on held-out customers", at_fit.f1_macro, today.f1_macro,
               limits.refit_f1_loss, at_fit.f1_noise + today.f1_noise),
        *_loss("the silhouette", at_fit.silhouette, today.silhouette,
               limits.refit_silhouette_loss, 0.0),
        *_drifted(drift, drift_noise, limits.refit_drift),
        *(f"{_in_words(name)} is below zero for some customers now" for name in below_zero),
    ]  # fmt: skip
    numbers = {
        "f1_macro": today.f1_macro,
        "f1_macro_at_fit": at_fit.f1_macro,
        "silhouette": today.silhouette,
        "silhouette_at_fit": at_fit.silhouette,
        **{f"psi_{measure}_since_fit": value for measure, value in drift.items()},
    }
    if not reasons:
        sentence = "The model in use still suits the customers."
        return Gate(REFIT_GATE, Verdict.PASSED, sentence, numbers)
    sentence = f"The model in use should be refitted: {'; '.join(reasons)}."
    advice = "The job `refit` starts by itself, or by hand: `make materialize REFIT=1`."
    return Gate(REFIT_GATE, Verdict.WARNED, f"{sentence} {advice}", numbers)


def advise_refit(found: Iterable[Gate]) -> list[Gate]:
    """Return the model gates of a model that was kept, with refusals turned into warnings.

    The release in use has the same model, so a refusal would protect no better one, and would keep
    the new transactions from everyone. Refusals of data that drifted stay.
    """
    return [
        replace(
            gate,
            verdict=Verdict.WARNED,
            sentence=f"{gate.sentence} It is released anyway: the model is the one in use.",
            advice="",
        )
        if gate.verdict is Verdict.REFUSED and gate.name in MODEL_GATES
        else gate
        for gate in found
    ]


def below_zero(then: Mapping[int, int], today: Mapping[int, int]) -> bool:
    """Return whether a measure is negative for some customers today, and was for none at the fit.

    Bins are those of `release.drift`: below zero for negative values.
    """
    return min(today, default=0) < 0 <= min(then, default=0)


def _loss(what: str, then: float, now: float, allowed: float, noise: float) -> list[str]:
    if now >= then - allowed - noise:
        return []
    before, after = distinct_numbers(then, now, "f", 3)
    return [f"{what} fell from {before} at the fit to {after}"]


def _drifted(drift: Mapping[str, float], noise: Mapping[str, float], limit: float) -> list[str]:
    found = [name for name in drift if drift[name] > limit + noise.get(name, 0.0)]
    return [
        f"{_in_words(name)} has drifted since the fit (PSI {drift[name]:.2f})" for name in found
    ]


def _in_words(measure: str) -> str:
    return measure.replace("_", " ")
