"""Values outside the ranges of the form."""

import pytest

from app.entry import within_ranges
from bankseg_assets.scoring import InputError
from bankseg_assets_tests.app.publishing import INPUTS


def test_values_on_the_bounds_are_accepted() -> None:
    values = {"frequency": 1, "average_amount": 2_000_000}
    assert within_ranges(INPUTS, values) == values


def test_every_value_outside_its_range_gets_a_sentence() -> None:
    with pytest.raises(InputError) as refused:
        within_ranges(INPUTS, {"frequency": 0, "average_amount": 2_500_000})
    assert str(refused.value) == (
        "Number of transactions must be from 1 to 500 transactions; found 0. "
        "Average amount of a transaction must be from 0 to 2,000,000 INR; found 2,500,000."
    )


@pytest.mark.parametrize(("value", "found"), [(None, "nothing"), (float("nan"), "nan")])
def test_what_is_no_number_is_refused(value: float | None, found: str) -> None:
    with pytest.raises(InputError, match=f"found {found}"):
        within_ranges(INPUTS, {"frequency": value, "average_amount": 1})
