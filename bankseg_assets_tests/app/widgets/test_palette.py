"""Tests of the colours: enough contrast, and one palette in charts and theme."""

import tomllib
from pathlib import Path
from typing import get_args

import pytest

from app.widgets.palette import (
    BELOW_AND_ABOVE,
    BUTTON_INK,
    INK,
    PALETTE,
    SHADE,
    Look,
    between,
    hue,
)

CONFIG = Path(__file__).parents[3] / ".streamlit" / "config.toml"
THEME = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"]
LEAST = 4.5  # WCAG 2.2, AA, of text
LOOKS = get_args(Look)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours: WCAG 2.2, 1.4.3."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return sum(factor * x for factor, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("look", LOOKS)
def test_texts_of_the_theme_contrast_with_the_page(look: Look) -> None:
    theme = THEME[look]
    texts = ("textColor", "linkColor", "primaryColor", "greenColor", "orangeColor", "redColor")
    for name in texts:
        assert contrast(theme[name], theme["backgroundColor"]) >= LEAST, name
    assert contrast(theme["textColor"], theme["secondaryBackgroundColor"]) >= LEAST
    assert contrast(BUTTON_INK[look], theme["primaryColor"]) >= LEAST
    assert INK[look] == theme["textColor"]


@pytest.mark.parametrize("look", LOOKS)
def test_texts_contrast_with_every_shade_of_a_chart(look: Look) -> None:
    shades = [between(hue(look), step / 10) for step in range(11)]
    for shade in (*shades, *BELOW_AND_ABOVE[look], SHADE[look]):
        assert contrast(INK[look], shade) >= LEAST, shade


def test_theme_and_charts_have_the_same_colours() -> None:
    assert tuple(THEME["chartCategoricalColors"]) == PALETTE
