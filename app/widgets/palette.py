"""Colours of segments, charts and text, the same on every page and after retraining."""

from collections.abc import Sequence

from bankseg_assets.scoring.documents import Segment

# Colour-blind safe (Okabe and Ito, Color Universal Design, 2008) and visible on white and on black;
# their black and yellow are not.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#8c96a3")


TOP, OTHER = "#2a78d6", "#8c96a3"  # both contrast with a white and with a black page
HUE = ["#e3edf8", "#5b9be0"]  # one hue, for colour-blind eyes; light, under dark text
ON_HUE = "#111111"
HUE_ON_DARK = ["#1b2a3a", "#2f6fb5"]  # under light text: no glare on a dark page
LOSS = PALETTE[1]
INK = {"light": "#1d2733", "dark": "#e3e8ee"}
"""Text on the page, as in `.streamlit/config.toml`: charts with their own text do not know it."""


def colour(segment: Segment) -> str:
    """Return the colour of a segment by its number, which is stable after retraining."""
    number = segment.segment if segment.colour is None else segment.colour
    return PALETTE[number % len(PALETTE)]


def colours(segments: Sequence[Segment]) -> dict[str, str]:
    """Return segment name -> colour."""
    return {segment.name: colour(segment) for segment in segments}
