"""Model gates: conditions that a new model must meet before it replaces the one in use.

Pure functions of the candidate's measures and those of the release in use, as recorded when it was
promoted. Gates protect the release in use: without one, `unprotected` turns refusals into warnings.
A loss within sampling error is a warning, too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from bankseg_assets.presentation.disclosure import SMALLEST_CELL, is_small

# Measures that a unit error (paise for rupees) or a wrong column shifts, and time does not. The
# others grow with the days that the data covers, so drift in them is reported and blocks nothing.
BLOCKING_DRIFT = ("average_amount", "average_balance", "age")

DRIFT_GATE = "data_has_not_drifted"

LOOK = "`bankseg deliveries` lists the outcome of each file"
FORCE = (
    "To release anyway, run `make materialize FORCE=1`, or materialize `release` in the "
    "Dagster UI with `force: true`."
)
_MOST_DIGITS = 12
ALL_CRITERIA = 4  # criteria of a sound segmentation: see `segmentation.k_selection.choose_k`


class Verdict(Enum):
    """The outcome of a gate."""

    PASSED = "passed"
    WARNED = "warned"
    REFUSED = "refused"


@dataclass(frozen=True)
class Gate:
    """One condition: its verdict, the reason in a sentence, the numbers, and the next step."""

    name: str
    verdict: Verdict
    sentence: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    advice: str = ""

    @property
    def text(self) -> str:
        """The sentence, followed by the next step."""
        return f"{self.sentence} {self.advice}".strip()


@dataclass(frozen=True)
class Limits:
    """How much worse than the release in use a candidate may be, per gate."""

    f1_loss: float = 0.02
    silhouette_loss: float = 0.05
    smallest_share: float = 0.01
    least_agreement: float = 0.5
    drift_warned: float = 0.1
    drift_refused: float = 0.25
    customers_lost_warned: float = 0.01
    customers_lost_refused: float = 0.1
    rows_lost_warned: float = 0.01
    rows_lost_refused: float = 0.1
    quarantined_warned: float = 0.01
    quarantined_refused: float = 0.1


@dataclass(frozen=True)
class Measures:
    """Measures of a candidate or of the release in use; 0 where not recorded.

    smallest_share: of all customers. f1_noise: the sampling error of macro F1. criteria_met: how
    many of the criteria of a sound segmentation are met; None if not recorded, or if the run set k.
    """

    f1_macro: float
    silhouette: float
    smallest_share: float
    n_customers: int = 0
    n_segments: int = 0
    f1_noise: float = 0.0
    criteria_met: float | None = None

    @classmethod
    def of(cls, recorded: Mapping[str, Any]) -> "Measures":
        """Return the measures that a release recorded; unknown ones of newer builds are ignored."""
        return cls(
            **{name: recorded[name] for name in cls.__dataclass_fields__ if name in recorded}
        )


@dataclass(frozen=True)
class ReleaseComparison:
    """The customers of a candidate, compared with those of the release in use.

    agreement: adjusted Rand index of the two models; None without a model in use. agreement_noise,
    drift_noise: sampling errors. not_compared: why the customers cannot be compared.
    smallest_was_small: whether the release in use has too small a segment as well.
    """

    agreement: float | None = None
    drift: Mapping[str, float] = field(default_factory=dict)
    agreement_noise: float = 0.0
    drift_noise: Mapping[str, float] = field(default_factory=dict)
    not_compared: str = ""
    smallest_was_small: bool = False


def gates(
    candidate: Measures, current: Measures | None, found: ReleaseComparison, limits: Limits
) -> list[Gate]:
    """Return all model gates; without a release in use nothing is compared."""
    return [
        _quality(candidate, current, limits.f1_loss),
        _unless_sounder(
            _separation(candidate, current, limits.silhouette_loss), candidate, current
        ),
        _large_enough(candidate, limits.smallest_share, was_small=found.smallest_was_small),
        _unless_sounder(_stable(candidate, current, found, limits), candidate, current),
        _drifted(found, limits),
    ]


def _unless_sounder(gate: Gate, candidate: Measures, current: Measures | None) -> Gate:
    """Turn a refusal into a warning if the new segments meet more criteria than those in use.

    A bank that starts with a small file gets two segments, and more once there is more data. Most
    customers then change segment, which must not block the better model.
    """
    if gate.verdict is not Verdict.REFUSED or current is None:
        return gate
    now, before = candidate.criteria_met, current.criteria_met
    if now is None or before is None or now <= before:
        return gate
    sentence = (
        f"{gate.sentence} It is released anyway: the new segments meet more of the criteria "
        f"({now:g} of {ALL_CRITERIA}) than those in use ({before:g})."
    )
    return replace(gate, verdict=Verdict.WARNED, sentence=sentence, advice="")


def unprotected(found: Iterable[Gate]) -> list[Gate]:
    """Return the gates with refusals turned into warnings, for when there is nothing to protect."""
    return [
        replace(
            gate,
            verdict=Verdict.WARNED,
            sentence=f"{gate.sentence} It is released anyway: no release of the bank's own "
            "data was in use.",
            advice="",
        )
        if gate.verdict is Verdict.REFUSED
        else gate
        for gate in found
    ]


def distinct_numbers(found: float, limit: float, style: str, digits: int) -> tuple[str, str]:
    """Return two numbers with so many digits, at least, that they do not look the same.

    >>> distinct_numbers(0.00996, 0.01, "%", 0)
    ('0.996%', '1.000%')
    """
    while True:
        texts = f"{found:z.{digits}{style}}", f"{limit:z.{digits}{style}}"
        if texts[0] != texts[1] or found == limit or digits >= _MOST_DIGITS:
            return texts
        digits += 1


def _quality(candidate: Measures, current: Measures | None, loss: float) -> Gate:
    if current is not None and current.n_segments == 1:
        current = None  # a single segment is always predicted correctly
    before = None if current is None else current.f1_macro
    noise = candidate.f1_noise + (current.f1_noise if current else 0.0)
    what = "Macro F1 on held-out customers"
    return _not_worse("quality_is_kept", what, candidate.f1_macro, before, loss, noise)


def _separation(candidate: Measures, current: Measures | None, loss: float) -> Gate:
    name, what = "separation_is_kept", "Silhouette on all customers"
    if candidate.n_segments == 1:
        return Gate(name, Verdict.PASSED, "A single segment has no silhouette.")
    if current is not None and current.n_segments == 1:
        current = None
    if current is None:
        return _not_worse(name, what, candidate.silhouette, None, loss, 0.0)
    noise = _silhouette_noise(candidate.n_customers, current.n_customers)
    return _not_worse(name, what, candidate.silhouette, current.silhouette, loss, noise)


def _silhouette_noise(*customers: int) -> float:
    """Return two standard errors of a difference of mean silhouettes (standard deviation 0.5)."""
    return float(sum(1 / n for n in customers if n) ** 0.5)


def _not_worse(
    name: str, what: str, found: float, before: float | None, loss: float, noise: float
) -> Gate:
    if before is None:
        return Gate(name, Verdict.PASSED, f"{what} is {found:z.4f}.", {"candidate": found})
    numbers = {"candidate": found, "in_use": before, "loss_allowed": loss, "noise": noise}
    floor = before - loss
    if found >= floor:
        return Gate(name, Verdict.PASSED, f"{what} is {found:z.4f}, {before:z.4f} before.", numbers)
    now, least = distinct_numbers(found, floor, "f", 4)
    sentence = f"{what} is {now}, below {least}: the value of the model in use ({before:z.4f}) "
    sentence += f"minus the allowed loss of {loss:g}."
    if found >= floor - noise:
        sentence += f" With so few customers, chance alone may explain a loss of {noise:.2f}."
        return Gate(name, Verdict.WARNED, sentence, numbers)
    advice = f"Check the newest deliveries and the settings of the run: {LOOK}. {FORCE}"
    return Gate(name, Verdict.REFUSED, sentence, numbers, advice)


def _large_enough(candidate: Measures, limit: float, *, was_small: bool) -> Gate:
    name, n, share = "segments_are_large_enough", candidate.n_customers, candidate.smallest_share
    customers = round(share * n)
    if candidate.n_segments == 1:
        of_all = f"fewer than {SMALLEST_CELL}" if is_small(n) else f"{n:,}"
        sentence = f"There is a single segment with all {of_all} customers."
        return Gate(name, Verdict.PASSED, sentence, {"least": limit})
    if n and customers < SMALLEST_CELL:
        sentence = (
            f"The smallest segment has fewer than {SMALLEST_CELL} of the {n:,} customers: too few "
            "for a separate campaign."
        )
        return _too_small(Gate(name, Verdict.REFUSED, sentence, {"least": limit}), was_small)
    share = customers / n if n else share
    numbers = {"smallest_share": share, "least": limit}
    found, least = distinct_numbers(share, limit, "%", 2)
    of_all = f"{customers:,} of the {n:,} customers ({found})" if n else f"{found} of the customers"
    sentence = f"The smallest segment has {of_all}"
    if share >= limit:
        return Gate(name, Verdict.PASSED, sentence + ".", numbers)
    sentence += f", below {least}: too few for a separate campaign."
    return _too_small(Gate(name, Verdict.REFUSED, sentence, numbers), was_small)


def _too_small(gate: Gate, was_small: bool) -> Gate:
    if was_small:
        sentence = f"{gate.sentence} The release in use has the same problem."
        return replace(gate, sentence=sentence, verdict=Verdict.WARNED)
    return replace(gate, advice=f"Choose fewer segments (`k` of kmeans_model), or: {FORCE}")


def _stable(
    candidate: Measures, current: Measures | None, found: ReleaseComparison, limits: Limits
) -> Gate:
    name, least = "customers_stay_in_their_segment", limits.least_agreement
    if current is not None and current.n_segments == 1:
        sentence = "The model in use has a single segment, so there are no groups to keep."
        return Gate(name, Verdict.PASSED, sentence)
    if current is not None and candidate.n_segments == 1:
        segments = f"{current.n_segments} segments" if current.n_segments else "several segments"
        sentence = f"The model in use has {segments}, and this one puts all customers into one."
        advice = f"The model card lists the reasons. {LOOK}. {FORCE}"
        return Gate(name, Verdict.REFUSED, sentence, {}, advice)
    if found.not_compared:
        return Gate(name, Verdict.WARNED, f"Segments cannot be compared. {found.not_compared}")
    if found.agreement is None:
        return Gate(name, Verdict.PASSED, "There is no model in use to compare with.")
    return _agreed(name, found.agreement, found.agreement_noise, least)


def _agreed(name: str, agreement: float, noise: float, least: float) -> Gate:
    numbers = {"adjusted_rand_index": agreement, "least": least, "noise": noise}
    found, limit = distinct_numbers(agreement, least, "f", 3)
    sentence = f"Agreement with the model in use on held-out customers is {found}"
    if agreement >= least:
        return Gate(name, Verdict.PASSED, sentence + " (adjusted Rand index).", numbers)
    sentence += f" (adjusted Rand index), below {limit}: many customers would change segment."
    if agreement >= least - noise:
        sentence += f" With so few customers, chance alone may explain {noise:.2f}."
        return Gate(name, Verdict.WARNED, sentence, numbers)
    advice = f"Check the segments and the newest deliveries ({LOOK}). {FORCE}"
    return Gate(name, Verdict.REFUSED, sentence, numbers, advice)


def _drifted(found: ReleaseComparison, limits: Limits) -> Gate:
    name, drift, noise = DRIFT_GATE, found.drift, found.drift_noise
    numbers = {f"psi_{measure}": value for measure, value in drift.items()}
    if drift:
        numbers |= {"warned_above": limits.drift_warned, "refused_above": limits.drift_refused}
    warned = [measure for measure, value in drift.items() if value > limits.drift_warned]
    refused = [
        measure
        for measure in BLOCKING_DRIFT
        if drift.get(measure, 0.0) > limits.drift_refused + noise.get(measure, 0.0)
    ]
    if refused:
        shifted = ", ".join(_shift(measure, drift, limits.drift_refused) for measure in refused)
        sentence = (
            f"The data has drifted too far from the release in use: {shifted}, PSI above "
            f"{limits.drift_refused}."
        )
        advice = (
            f"Check the deliveries for another unit, currency or column: {LOOK}, `bankseg "
            f"withdraw SHA` withdraws one. {FORCE}"
        )
        return Gate(name, Verdict.REFUSED, sentence, numbers, advice)
    if warned:
        shifted = ", ".join(_shift(measure, drift, limits.drift_warned) for measure in warned)
        sentence = f"Drift since the release in use, PSI above {limits.drift_warned}: {shifted}."
        chance = [measure for measure in warned if drift[measure] <= noise.get(measure, 0.0)]
        if chance:
            most = max(noise[measure] for measure in chance)
            names = ", ".join(map(_in_words, chance))
            sentence += f" With so few customers, chance may explain {most:.2f} of {names}."
        return Gate(name, Verdict.WARNED, f"{sentence} {found.not_compared}".strip(), numbers)
    if found.not_compared:
        sentence = f"Not all measures can be compared. {found.not_compared}"
        return Gate(name, Verdict.WARNED, sentence, numbers)
    if not drift:
        return Gate(name, Verdict.PASSED, "There is no release in use to compare with.")
    most_shifted = max(drift, key=lambda measure: drift[measure])
    sentence = f"The largest PSI is {drift[most_shifted]:.3f} ({_in_words(most_shifted)})."
    return Gate(name, Verdict.PASSED, sentence, numbers)


def _shift(measure: str, drift: Mapping[str, float], limit: float) -> str:
    return f"{_in_words(measure)} ({distinct_numbers(drift[measure], limit, 'f', 2)[0]})"


def _in_words(measure: str) -> str:
    return measure.replace("_", " ")
