"""Tests of labels and formatted values of measures."""

import pytest

from app.widgets.measures import is_money, label, written
from app.widgets.numbers import Numbers
from bankseg_assets.classifier.build_bundle import _QUESTIONS, _QUESTIONS_ON_SPENDING
from bankseg_assets.presentation.formatting import LAKH


@pytest.mark.parametrize(
    ("measure", "shown"),
    [
        ("monetary", "INR 2,500"),
        ("age", "2,500 years"),
        ("frequency", "2,500"),
        ("unheard_of", "2,500"),
    ],
)
def test_written_adds_the_unit_unless_in_the_label(measure: str, shown: str) -> None:
    assert written(measure, 2500, Numbers("INR")) == shown


def test_written_groups_digits_as_in_the_contract() -> None:
    numbers = Numbers("INR", LAKH)
    assert written("monetary", 1234567, numbers) == "INR 12,34,567"
    assert written("age", 1234567, numbers) == "12,34,567 years"


def test_label_of_an_unknown_measure() -> None:
    assert label("average_tenure") == "Average tenure"


def test_is_money_follows_the_table_contract() -> None:
    assert is_money("average_balance")
    assert not is_money("frequency")


@pytest.mark.parametrize("direction_known", [False, True])
def test_form_and_pages_have_one_name_for_a_measure(direction_known: bool) -> None:
    asked = _QUESTIONS_ON_SPENDING if direction_known else _QUESTIONS
    for measure, (name, *_) in asked.items():
        assert label(measure, direction_known=direction_known) == name
