"""Colours of segments, charts and text, the same on every page and after retraining."""

from collections.abc import Sequence
from typing import Literal

from bankseg_assets.scoring.documents import Segment

Look = Literal["light", "dark"]

# Colour-blind safe (Okabe and Ito, Color Universal Design, 2008) and visible on white and on black;
# their black and yellow are not.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#8c96a3")


TOP, OTHER = "#2a78d6", "#8c96a3"  # both contrast with a white and with a black page
HUE = ["#e3edf8", "#5b9be0"]  # one hue, for colour-blind eyes; light, under dark text
HUE_ON_DARK = ["#1b2a3a", "#2a66a8"]  # under light text: no glare on a dark page
LOSS = PALETTE[1]
BUTTON_INK = {"light": "#ffffff", "dark": "#12171e"}
"""Text on a primary button. Streamlit's is always white, which is pale on the blue of the dark."""
BELOW_AND_ABOVE = {
    "light": ["#e69f5c", "#fbe6cf", "#f3f6fa", "#cfe2f5", "#5b9be0"],
    "dark": ["#8a4b12", "#4a331d", "#1c242e", "#1f3f63", "#2a66a8"],
}
"""From far below an average to far above it; its text is INK."""
SHADE = {"light": "#c9cfd6", "dark": "#3a4654"}
"""Of what is hidden."""
INK = {"light": "#1d2733", "dark": "#e3e8ee"}
"""Text on the page, as in `.streamlit/config.toml`: charts with their own text do not know it."""


def hue(look: Look) -> list[str]:
    """Return the colour scale from little to much; its text is `INK[look]`."""
    return HUE if look == "light" else HUE_ON_DARK


def between(scale: Sequence[str], share: float) -> str:
    """Return the colour at a share of 1 between the first and the last of a scale.

    >>> between(["#000000", "#ff0040"], 0.5), between(["#000000", "#ff0040"], 1)
    ('#800020', '#ff0040')
    """
    low, high = ([int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in (scale[0], scale[-1]))
    mixed = [round(a + share * (b - a)) for a, b in zip(low, high, strict=True)]
    return "#" + "".join(f"{one:02x}" for one in mixed)


def colour(segment: Segment) -> str:
    """Return the colour of a segment by its number, which is stable after retraining."""
    number = segment.segment if segment.colour is None else segment.colour
    return PALETTE[number % len(PALETTE)]


def colours(segments: Sequence[Segment]) -> dict[str, str]:
    """Return segment name -> colour."""
    return {segment.name: colour(segment) for segment in segments}
