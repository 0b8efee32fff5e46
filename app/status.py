"""Three badges with words: is the data fresh, is it the same population, are segments stable."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import streamlit as st

from bankseg_assets.releases import Release

Colour = Literal["green", "orange", "red", "gray"]
# As the freshness policy of the assets (bankseg_assets.assets.common).
WARN_AFTER, FAIL_AFTER = timedelta(days=7), timedelta(days=31)
_ICONS = {
    "green": ":material/check_circle:",
    "orange": ":material/warning:",
    "red": ":material/error:",
    "gray": ":material/help:",
}


@dataclass(frozen=True)
class Badge:
    """A colour, a few words, and a sentence that explains them."""

    colour: Colour
    words: str
    sentence: str


def badges(release: Release, now: datetime | None = None) -> list[Badge]:
    """Return freshness, drift and stability of a release; one for both where it is the first."""
    gates = {gate["name"]: gate for gate in release.gates}
    compared = [
        _of_gate(
            gates.get("data_has_not_drifted"),
            ("Same population", "Population has shifted", "Another population"),
        ),
        _of_gate(
            gates.get("customers_stay_in_their_segment"),
            ("Stable segments", "Segments have shifted", "Segments have changed"),
        ),
    ]
    return [freshness(release, now or datetime.now(UTC)), *dict.fromkeys(compared)]


def freshness(release: Release, now: datetime) -> Badge:
    """Say how long ago the release was made."""
    made = datetime.fromisoformat(release.created_at)
    age = now - made
    days = age.days
    told = "today" if days < 1 else "1 day ago" if days == 1 else f"{days} days ago"
    sentence = f"This version was made {told}, on {made:%-d %B %Y} at {made:%H:%M} UTC."
    if age < WARN_AFTER:
        return Badge("green", f"Made {told}", sentence)
    expected = f" A new one is expected every {WARN_AFTER.days} days; has data been delivered?"
    colour: Colour = "orange" if age < FAIL_AFTER else "red"
    return Badge(colour, f"Made {told}", sentence + expected)


def show(release: Release) -> None:
    """Draw the badges in a row."""
    with st.container(horizontal=True):
        for badge in badges(release):
            st.badge(
                badge.words, icon=_ICONS[badge.colour], color=badge.colour, help=badge.sentence
            )


def _of_gate(gate: Mapping[str, Any] | None, words: tuple[str, str, str]) -> Badge:
    if gate is None or not gate["numbers"]:
        return Badge("gray", "First version", "There is no version before to compare with.")
    verdicts: dict[str, tuple[Colour, str]] = {
        "passed": ("green", words[0]),
        "warned": ("orange", words[1]),
        "refused": ("red", words[2]),
    }
    colour, told = verdicts[gate["verdict"]]
    return Badge(colour, told, gate["sentence"])
