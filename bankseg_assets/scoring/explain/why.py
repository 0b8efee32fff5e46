"""Explain a prediction: the contribution of each known input to the log odds.

The log odds of the most likely segment against the runner-up are exactly the prior's part plus one
contribution per input. Measures correlate within a segment, so the effect of one depends on which
others are already known: its contribution is the mean over all orders in which they could become
known (Shapley, A value for n-person games, 1953), each step from the exact marginals. Four measures
have 16 subsets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
import numpy.typing as npt

from bankseg_assets.scoring.bundle import (
    Bundle,
)
from bankseg_assets.scoring.explain.wording import ONE_SEGMENT, phrase
from bankseg_assets.scoring.posterior import (
    Known,
    calibration_of,
    evidence_of,
    evidence_weight,
    joint_of_known,
    known_of,
    log_posterior,
)
from bankseg_assets.stats.arrays import Array

MOST_REASONS = 3
WORTH_SAYING = 0.1  # share of all contributions in favour of the segment


@dataclass(frozen=True)
class Reason:
    """Contribution of one input to the log odds, in nats; positive favours the segment."""

    name: str
    label: str
    phrase: str
    contribution: float


@dataclass(frozen=True)
class Why:
    """An explanation: log_odds = prior + the sum of the reasons' contributions, in nats.

    With one segment there is no runner-up (None) and no reason.

    reasons: by descending absolute contribution.
    """

    segment: int
    runner_up: int | None
    log_odds: float
    prior: float
    reasons: tuple[Reason, ...]
    sentence: str


def why(bundle: Bundle, known: Mapping[str, npt.ArrayLike]) -> Why:
    """Explain the most likely segment of one customer; raises InputError as `posterior`."""
    given = known_of(bundle, known)
    total = log_posterior(bundle, given, 1)[0]
    if len(total) == 1:
        return Why(0, None, 0.0, 0.0, (), ONE_SEGMENT)
    runner_up, segment = (int(place) for place in np.argsort(total, kind="stable")[-2:])
    prior, of_input = contributions(bundle, given)
    reasons = [
        Reason(
            name,
            bundle.label(name),
            phrase(bundle, name, known[name]),
            float(part[segment] - part[runner_up]),
        )
        for name, part in of_input.items()
    ]
    reasons.sort(key=lambda reason: -abs(reason.contribution))
    return Why(
        segment=segment,
        runner_up=runner_up,
        log_odds=float(total[segment] - total[runner_up]),
        prior=float(prior[segment] - prior[runner_up]),
        reasons=tuple(reasons),
        sentence=_sentence(bundle, reasons),
    )


def contributions(bundle: Bundle, given: Known) -> tuple[Array, dict[str, Array]]:
    """Return the contributions (k,) of the prior and of each input, which sum to the log
    posterior."""
    measures = [name for name in bundle.measures if name in given]
    calibration = calibration_of(bundle, measures)
    worth = {
        some: calibration.apply(joint_of_known(bundle, {name: given[name] for name in some}, 1))[0]
        for some in _coalitions(measures)
    }
    found = {name: _shapley(name, measures, worth) for name in measures}
    weight = evidence_weight(bundle, given)
    for name in bundle.evidence:
        if name in given:
            found[name] = weight * evidence_of(bundle, name).log_likelihood(given[name])[0]
    return worth[()], found


def _coalitions(names: Sequence[str]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for name in names:
        found += [(*some, name) for some in found]
    return found


def _shapley(name: str, names: Sequence[str], worth: Mapping[tuple[str, ...], Array]) -> Array:
    """Return the Shapley value (k,) of a measure; `names` have a fixed order."""
    found = np.zeros_like(worth[()])
    for some in worth:
        if name not in some:
            joined = tuple(other for other in names if other == name or other in some)
            before, after = len(some), len(names) - len(some) - 1
            share = factorial(before) * factorial(after) / factorial(len(names))
            found += share * (worth[joined] - worth[some])
    return found


def _sentence(bundle: Bundle, reasons: Sequence[Reason]) -> str:
    if not reasons:
        return "Nothing is known about the customer; this is the largest segment."
    for_it = [reason for reason in reasons if reason.contribution > 0]
    weight = sum(reason.contribution for reason in for_it)
    said = [r.phrase for r in for_it if r.contribution >= WORTH_SAYING * weight][:MOST_REASONS]
    against = [r.phrase for r in reasons if -r.contribution >= WORTH_SAYING * max(weight, 1e-9)]
    because = f"Because {_listed(said)}." if said else "Because it is the largest segment."
    return f"{because} Evidence against it: {against[0]}." if against else because


def _listed(phrases: Sequence[str]) -> str:
    *others, last = phrases
    return f"{', '.join(others)} and {last}" if others else last
