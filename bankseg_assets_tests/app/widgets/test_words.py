"""Tests of readable names."""

import pytest

from app.widgets.words import words


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("amount_high", "Amount, high"),
        ("log_balance", "Balance (logarithm)"),
        ("birth_date", "Birth date"),
    ],
)
def test_words_of_internal_names(name: str, said: str) -> None:
    assert words(name) == said
