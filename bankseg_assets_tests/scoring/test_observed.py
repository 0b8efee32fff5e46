"""Ranges that customers have, and notes on values outside them."""

from bankseg_assets.presentation.formatting import LAKH
from bankseg_assets.scoring.explain import plausibility_notes
from bankseg_assets.scoring.observed import (
    observed_ranges,
    outside,
    range_in_data,
)
from bankseg_assets_tests.small_model import small_model

DAYS = dict.fromkeys(range(1, 83), 100)
SEEN = {"recency": (1.0, 82.0), "frequency": (1.0, 5.0), "monetary": (0.0, 490_000.0)}


def test_range_of_days_is_that_of_the_data() -> None:
    assert observed_ranges({"recency": DAYS}) == {"recency": (1.0, 82.0)}


def test_range_ends_where_eleven_customers_are() -> None:
    """The longest absence of all is one person's."""
    assert observed_ranges({"recency": DAYS | {500: 10}}) == {"recency": (1.0, 82.0)}
    assert observed_ranges({"recency": DAYS | {500: 9, 90: 2}}) == {"recency": (1.0, 90.0)}


def test_range_of_few_customers_is_a_power_of_ten() -> None:
    found = observed_ranges({"recency": {3: 20, 82: 1}, "monetary": {-20: 3, 40: 30}})
    assert found["recency"] == (0.0, 100.0)
    assert found["monetary"] == (-10.0, 10.0)


def test_range_of_money_has_two_digits() -> None:
    ((low, high),) = observed_ranges({"monetary": {-100: 500, 100: 2000, 262: 500}}).values()
    assert (low, high) == (-150.0, 520_000.0)


def test_range_without_customers_is_unknown() -> None:
    assert observed_ranges({"average_balance": {}, "age": {3: 0}}) == {}
    assert range_in_data(small_model(), "recency") is None
    assert plausibility_notes(small_model(), {"recency": 99.0}) == []


def test_range_is_within_what_the_form_accepts() -> None:
    model = small_model(observed={"recency": (0.0, 1000.0), "frequency": (0.0, 10.0)})
    assert range_in_data(model, "recency") == (0, 100)
    assert range_in_data(model, "frequency") == (1, 10)
    assert range_in_data(model, "income") is None


def test_value_beyond_the_data_is_noted() -> None:
    model = small_model(observed=SEEN, number_format=LAKH)
    assert plausibility_notes(model, {"recency": 0.0, "frequency": 1.0, "monetary": 1e6}) == [
        "Days: 0 days, while customers in the data have 1 to 82.",
        "Sum: INR 10,00,000, while customers in the data have 0 to 4,90,000.",
    ]
    assert plausibility_notes(model, {"recency": 82.0, "monetary": 490_000.0}) == []


def test_average_beyond_the_data_is_noted() -> None:
    """Each value occurs, but not both together."""
    model = small_model(observed=SEEN | {"average_amount": (10.0, 90_000.0)})
    assert outside(model, {"frequency": 1.0, "monetary": 400_000.0}).keys() == {"average_amount"}
    assert plausibility_notes(model, {"frequency": 1.0, "monetary": 400_000.0}) == [
        "Average amount: INR 400,000, while customers in the data have 10 to 90,000."
    ]
    assert outside(model, {"frequency": 5.0, "monetary": 400_000.0}) == {}
    assert outside(model, {"frequency": 1.0, "monetary": 5e6}).keys() == {"monetary"}


def test_unknown_value_is_not_outside() -> None:
    assert outside(small_model(observed=SEEN), {"recency": float("nan")}) == {}
