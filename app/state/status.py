"""Status badges of a release: freshness of data, population drift, stability of segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.panels.drift import AGREEMENT, DRIFT, STABLE, agreed, gate_of, shifted
from bankseg_assets.release.freshness import FAIL_AFTER, WARN_AFTER
from bankseg_assets.release.releases import Release

Colour = Literal["green", "orange", "red", "gray"]
_ICONS = {
    "green": ":material/check_circle:",
    "orange": ":material/warning:",
    "red": ":material/error:",
    "gray": ":material/help:",
}


@dataclass(frozen=True)
class Badge:
    """A colour, a short label, and an explanatory sentence."""

    colour: Colour
    words: str
    sentence: str


_FIRST = Badge("gray", "First version", "There is no previous version to compare with.")
_ALONE = Badge(
    "gray",
    "Not compared",
    "The previous version had demo data or other customers, so there is nothing to compare with.",
)
_DEMO = Badge("gray", "Demo data", "These are not real customers.")
_POPULATION: dict[str, tuple[Colour, str]] = {
    "passed": ("green", "Same population"),
    "warned": ("orange", "Population has shifted"),
    "refused": ("red", "Different population"),
}


def badges(
    release: Release, now: datetime | None = None, *, direction_known: bool = False
) -> list[Badge]:
    """Return the badges freshness, drift and stability; a first release has two badges.

    Demo data have one more.
    """
    compared = [_population(release, direction_known=direction_known), _stability(release)]
    found = [freshness(release, now or datetime.now(UTC)), *dict.fromkeys(compared)]
    return [_DEMO, *found] if release.is_demo else found


def freshness(release: Release, now: datetime) -> Badge:
    """Return the badge for the age of the release."""
    made = datetime.fromisoformat(release.created_at)
    age = now - made
    days = age.days
    age_text = "today" if days < 1 else "1 day ago" if days == 1 else f"{days} days ago"
    sentence = f"This version was made {age_text}, on {made:%-d %B %Y} at {made:%H:%M} UTC."
    if age < WARN_AFTER:
        return Badge("green", f"Made {age_text}", sentence)
    expected = f" A new one is expected every {WARN_AFTER.days} days; has data been delivered?"
    colour: Colour = "orange" if age < FAIL_AFTER else "red"
    return Badge(colour, f"Made {age_text}", sentence + expected)


def limits(notes: int) -> list[Badge]:
    """Return a badge with the number of notes on Overview; empty for no notes."""
    if not notes:
        return []
    words = "1 note on the data" if notes == 1 else f"{notes} notes on the data"
    return [Badge("orange", words, "The page Overview lists the limits of this data.")]


def show(
    release: Release,
    more: Sequence[Badge] = (),
    *,
    direction_known: bool = False,
    head: DeltaGenerator | None = None,
) -> None:
    """Draw the badges in the page's `head`, and below it the warnings: a phone has no hover.

    `more`: badges that refer to texts elsewhere.
    """
    found = badges(release, direction_known=direction_known)
    with head or st.container(horizontal=True):
        for badge in (*found, *more):
            st.badge(
                badge.words, icon=_ICONS[badge.colour], color=badge.colour, help=badge.sentence
            )
    warnings = [badge.sentence for badge in found if badge.colour in ("orange", "red")]
    if warnings:
        st.caption(" ".join(warnings))


def _alone(release: Release) -> Badge:
    """Return the badge of a release that was compared with none."""
    return _FIRST if release.number <= 1 else _ALONE


def _population(release: Release, *, direction_known: bool) -> Badge:
    gate = gate_of(release, DRIFT)
    if not gate.numbers:
        return _alone(release)
    sentence = (
        shifted(release, direction_known=direction_known)
        or "The customers are distributed as in the previous version."
    )
    colour, words = _POPULATION[gate.verdict]
    return Badge(colour, words, sentence)


def _stability(release: Release) -> Badge:
    agreement = agreed(release)
    if agreement is None:
        return _alone(release)
    sentence = (
        f"The segments of this version and the previous one agree at {agreement:z.2f}; 1 is the "
        "same segments, 0 is chance."
    )
    if gate_of(release, AGREEMENT).verdict == "refused":
        return Badge("red", "Segments have changed", sentence)
    if agreement < STABLE:
        return Badge("orange", "Segments have shifted", sentence)
    return Badge("green", "Stable segments", sentence)
