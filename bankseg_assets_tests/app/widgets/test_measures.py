"""What measures are called, and how their values are written."""

import pytest

from app.widgets.measures import is_money, label, written
from app.widgets.numbers import Numbers
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
def test_a_value_has_its_unit_unless_the_label_says_it(measure: str, shown: str) -> None:
    assert written(measure, 2500, Numbers("INR")) == shown


def test_a_value_is_grouped_as_the_contract_says() -> None:
    numbers = Numbers("INR", LAKH)
    assert written("monetary", 1234567, numbers) == "INR 12,34,567"
    assert written("age", 1234567, numbers) == "12,34,567 years"


def test_an_unknown_measure_gets_a_readable_label() -> None:
    assert label("average_tenure") == "Average tenure"


def test_the_contract_tells_which_measures_are_money() -> None:
    assert is_money("average_balance")
    assert not is_money("frequency")
