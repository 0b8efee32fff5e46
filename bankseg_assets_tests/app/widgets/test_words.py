"""A name of ours as people say it."""

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
def test_a_name_of_ours_is_said_in_words(name: str, said: str) -> None:
    assert words(name) == said
