"""Segment colours, the same on every page and after retraining."""

from collections.abc import Sequence

from bankseg_assets.scoring.documents import Segment

# Colour-blind safe (Okabe and Ito, Color Universal Design, 2008) and visible on white and on black;
# their black and yellow are not.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#8c96a3")


def colour(segment: Segment) -> str:
    """Return the colour of a segment by its number, which is stable after retraining."""
    number = segment.segment if segment.colour is None else segment.colour
    return PALETTE[number % len(PALETTE)]


def colours(segments: Sequence[Segment]) -> dict[str, str]:
    """Return segment name -> colour."""
    return {segment.name: colour(segment) for segment in segments}
