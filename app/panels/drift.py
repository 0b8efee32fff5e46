"""Drift of the measures and stability of the segments since the previous release."""

import pandas as pd

from app.widgets.measures import label
from bankseg_assets.release.gates import BLOCKING_DRIFT, DRIFT_GATE, Limits
from bankseg_assets.release.releases import GateRecord, Release

DRIFT, AGREEMENT = DRIFT_GATE, "customers_stay_in_their_segment"
STABLE = 0.8
"""Below this agreement, changes of segment are frequent enough for a marketer to notice."""
_PSI = "psi_"
_LIMITS = Limits()  # for older releases, which did not record their limits


def gate_of(release: Release, name: str) -> GateRecord:
    """Return a gate's recorded result; empty if the release does not have it."""
    unknown = GateRecord(name=name, verdict="")
    return next((gate for gate in release.gates if gate.name == name), unknown)


def drift(release: Release, *, direction_known: bool = False) -> pd.DataFrame:
    """Return the population stability index (PSI) of each measure, in descending order.

    With a description in words. Empty if there was no release to compare with.
    """
    warned, refused = _limits(release)
    return pd.DataFrame(
        [
            {
                "Measure": label(measure, direction_known=direction_known),
                "PSI": f"{value:.3f}",
                "In words": _words(measure, value, warned, refused),
            }
            for measure, value in _shifts(release)
        ]
    )


def drift_note(release: Release, *, direction_known: bool = False) -> str:
    """Return an explanation of the index and of the consequences of a shift."""
    warned, refused = _limits(release)
    *others, last = (
        label(measure, direction_known=direction_known).lower() for measure in BLOCKING_DRIFT
    )
    return (
        "PSI is the population stability index: how much the distribution of the customers over "
        f"the deciles of the previous version has changed; 0 means unchanged. Above {warned:g} "
        f"there is a warning. Above {refused:g} in {', '.join(others)} or {last}, a version is "
        "refused. Recency, frequency and totals grow with the days that the data covers, so they "
        "only warn."
    )


def shifted(release: Release, *, direction_known: bool = False) -> str:
    """Return which measures have shifted, without statistical terms; empty if none has."""
    warned, _ = _limits(release)
    found = [
        (label(name, direction_known=direction_known), value)
        for name, value in _shifts(release)
        if value > warned
    ]
    if not found:
        return ""
    shifts = ", ".join(f"{name.lower()} ({value:.2f})" for name, value in found)
    return f"Shifted since the previous version: {shifts}; up to {warned:g} counts as unchanged."


def agreed(release: Release) -> float | None:
    """Return the agreement with the previous segments, at most 1; None without previous ones."""
    return gate_of(release, AGREEMENT).numbers.get("adjusted_rand_index")


def agreement(release: Release) -> str:
    """Return how many customers stayed in their segment; empty without a previous release."""
    found = agreed(release)
    if found is None:
        return ""
    least = gate_of(release, AGREEMENT).numbers["least"]
    return (
        "The segments that the previous model and this one give to held-out customers agree at "
        f"**{found:z.3f}** (adjusted Rand index): 1 is the same segments, 0 is chance. "
        f"Below {least:g}, a version is refused."
    )


def _words(measure: str, value: float, warned: float, refused: float) -> str:
    if value <= warned:
        return "Unchanged"
    if measure not in BLOCKING_DRIFT:
        return "Has shifted, as expected when the data covers other days"
    return "Has shifted" if value <= refused else "Different population"


def _shifts(release: Release) -> list[tuple[str, float]]:
    """Return (measure, PSI) in descending order."""
    found = [
        (name.removeprefix(_PSI), value)
        for name, value in gate_of(release, DRIFT).numbers.items()
        if name.startswith(_PSI)
    ]
    return sorted(found, key=lambda pair: -pair[1])


def _limits(release: Release) -> tuple[float, float]:
    """Return the PSI above which a shift is a warning, and above which a version is refused."""
    numbers = gate_of(release, DRIFT).numbers
    return (
        numbers.get("warned_above", _LIMITS.drift_warned),
        numbers.get("refused_above", _LIMITS.drift_refused),
    )
