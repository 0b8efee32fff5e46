"""What a new model must fulfil before it replaces the one in use.

Pure functions of two sets of measures: what the candidate measures, and what the release in use
measured when it was promoted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

# Measures that a unit error (paise for rupees) or a wrong column moves, and time does not. The
# others grow with the days that the data covers, so a drift in them is told and blocks nothing.
BLOCKING_DRIFT = ("average_amount", "average_balance", "age")


class Verdict(Enum):
    """What a gate says."""

    PASSED = "passed"
    WARNED = "warned"
    REFUSED = "refused"


@dataclass(frozen=True)
class Gate:
    """One condition: its verdict, one sentence why, and the numbers behind it."""

    name: str
    verdict: Verdict
    sentence: str
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """How much worse than the release in use a candidate may be."""

    f1_loss: float = 0.02
    silhouette_loss: float = 0.05
    smallest_share: float = 0.01
    least_agreement: float = 0.5
    drift_warned: float = 0.1
    drift_refused: float = 0.25


@dataclass(frozen=True)
class Measures:
    """What is measured of a candidate, or was of the release in use."""

    f1_macro: float
    silhouette: float
    smallest_share: float


def gates(
    candidate: Measures,
    current: Measures | None,
    *,
    agreement: float | None,
    drift: Mapping[str, float],
    limits: Limits,
) -> list[Gate]:
    """Return all gates; without a release in use (or one of demo data) nothing is compared."""
    return [
        _not_worse(
            "quality_is_kept",
            "Macro F1 on held-out customers",
            candidate.f1_macro,
            None if current is None else current.f1_macro,
            limits.f1_loss,
        ),
        _not_worse(
            "separation_is_kept",
            "Silhouette on all customers",
            candidate.silhouette,
            None if current is None else current.silhouette,
            limits.silhouette_loss,
        ),
        _large_enough(candidate.smallest_share, limits.smallest_share),
        _stable(agreement, limits.least_agreement),
        _drifted(drift, limits),
    ]


def _not_worse(name: str, what: str, found: float, before: float | None, loss: float) -> Gate:
    if before is None:
        return Gate(name, Verdict.PASSED, f"{what} is {found:.4f}.", {"candidate": found})
    numbers = {"candidate": found, "in_use": before, "loss_allowed": loss}
    if found >= before - loss:
        return Gate(name, Verdict.PASSED, f"{what} is {found:.4f}, {before:.4f} before.", numbers)
    sentence = f"{what} is {found:.4f}: more than {loss} below the {before:.4f} of the one in use."
    return Gate(name, Verdict.REFUSED, sentence, numbers)


def _large_enough(found: float, least: float) -> Gate:
    numbers = {"smallest_share": found, "least": least}
    sentence = f"The smallest segment has {found:.2%} of the customers"
    if found >= least:
        return Gate("segments_are_large_enough", Verdict.PASSED, sentence + ".", numbers)
    sentence += f", below {least:.0%}: too few for a campaign of its own."
    return Gate("segments_are_large_enough", Verdict.REFUSED, sentence, numbers)


def _stable(agreement: float | None, least: float) -> Gate:
    name = "customers_stay_in_their_segment"
    if agreement is None:
        return Gate(name, Verdict.PASSED, "There is no model in use to compare with.")
    numbers = {"adjusted_rand_index": agreement, "least": least}
    sentence = f"The model in use and this one agree on held-out customers at {agreement:.3f}"
    if agreement >= least:
        return Gate(name, Verdict.PASSED, sentence + " (adjusted Rand index).", numbers)
    sentence += f" (adjusted Rand index), below {least}: most customers would change segment."
    return Gate(name, Verdict.REFUSED, sentence, numbers)


def _drifted(drift: Mapping[str, float], limits: Limits) -> Gate:
    name = "data_has_not_drifted"
    if not drift:
        return Gate(name, Verdict.PASSED, "There is no release in use to compare with.")
    numbers = {f"psi_{measure}": value for measure, value in drift.items()}
    numbers |= {"warned_above": limits.drift_warned, "refused_above": limits.drift_refused}
    refused = [m for m in BLOCKING_DRIFT if drift.get(m, 0.0) > limits.drift_refused]
    warned = [measure for measure, value in drift.items() if value > limits.drift_warned]
    if refused:
        told = ", ".join(_shift(measure, drift) for measure in refused)
        sentence = (
            f"The customers are not those of the release in use: {told}, PSI above "
            f"{limits.drift_refused}. Look for another unit, currency or column in the deliveries."
        )
        return Gate(name, Verdict.REFUSED, sentence, numbers)
    if warned:
        told = ", ".join(_shift(measure, drift) for measure in warned)
        sentence = f"Shifted since the release in use, PSI above {limits.drift_warned}: {told}."
        return Gate(name, Verdict.WARNED, sentence, numbers)
    most = max(drift, key=lambda measure: drift[measure])
    sentence = f"The greatest PSI is {drift[most]:.3f} ({_in_words(most)})."
    return Gate(name, Verdict.PASSED, sentence, numbers)


def _shift(measure: str, drift: Mapping[str, float]) -> str:
    return f"{_in_words(measure)} ({drift[measure]:.2f})"


def _in_words(measure: str) -> str:
    return measure.replace("_", " ")
