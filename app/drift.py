"""How far a release's customers, and their segments, are from those of the release before."""

from typing import Any

import pandas as pd

from app.measures import label
from bankseg_assets.gates import BLOCKING_DRIFT, Limits
from bankseg_assets.releases import Release

DRIFT, AGREEMENT = "data_has_not_drifted", "customers_stay_in_their_segment"
_PSI = "psi_"
_LIMITS = Limits()  # of a release of before its own were recorded with it


def drift(release: Release) -> pd.DataFrame:
    """Return the population stability index of each measure, the greatest first, in words too.

    Empty where there was no release to compare with.
    """
    numbers = _gate(release, DRIFT).get("numbers", {})
    warned = float(numbers.get("warned_above", _LIMITS.drift_warned))
    refused = float(numbers.get("refused_above", _LIMITS.drift_refused))
    found = {
        name.removeprefix(_PSI): float(value)
        for name, value in numbers.items()
        if name.startswith(_PSI)
    }
    return pd.DataFrame(
        [
            {
                "Measure": label(measure),
                "PSI": f"{value:.3f}",
                "Told above": f"{warned:g}",
                "Refused above": f"{refused:g}" if measure in BLOCKING_DRIFT else "never",
                "In words": _words(measure, value, warned, refused),
            }
            for measure, value in sorted(found.items(), key=lambda pair: -pair[1])
        ]
    )


def agreement(release: Release) -> str:
    """Say how many customers stayed in their segment; empty without a release before."""
    numbers = _gate(release, AGREEMENT).get("numbers", {})
    if "adjusted_rand_index" not in numbers:
        return ""
    return (
        f"The model before and this one put held-out customers into segments that agree at "
        f"**{numbers['adjusted_rand_index']:.3f}** (adjusted Rand index): 1 is everybody together "
        f"with the same others as before, 0 is chance. Below {numbers['least']:g}, a version is "
        "refused."
    )


def _words(measure: str, value: float, warned: float, refused: float) -> str:
    if value <= warned:
        return "As before"
    if measure not in BLOCKING_DRIFT:
        return "Has shifted, as it does when the data covers other days"
    return "Has shifted" if value <= refused else "Another population"


def _gate(release: Release, name: str) -> dict[str, Any]:
    return next((dict(gate) for gate in release.gates if gate["name"] == name), {})
