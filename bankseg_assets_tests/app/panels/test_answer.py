"""What a slider of "What if …?" offers."""

from app.panels.answer import supposable

DAYS = {"minimum": 0, "maximum": 1000}
MONEY = {"minimum": 0, "maximum": 1e8}


def test_small_numbers_are_all_offered() -> None:
    assert supposable(DAYS, 0.0) == list(range(11))
    assert supposable(DAYS, 3.0) == list(range(1, 31))


def test_large_ones_have_two_digits_and_the_present_value_stays() -> None:
    found = supposable(MONEY, 123456.78)
    assert found[:3] == [13000, 14000, 15000]
    assert found[-1] == 1_200_000
    assert [one for one in found if 110_000 <= one < 140_000] == [
        110_000,
        120_000,
        123456.78,
        130_000,
    ]


def test_below_zero_as_much_is_offered_as_above() -> None:
    found = supposable({"minimum": -1e8, "maximum": 1e8}, -123.0)
    assert (found[0], found[-1]) == (-1200, 1200)
    assert {-900, -123, 0, 900} <= set(found)


def test_a_single_possible_value_is_offered_alone() -> None:
    assert supposable({"minimum": 1, "maximum": 1}, 1.0) == [1]
    assert supposable({"minimum": 0, "maximum": 0}, 0.0) == [0]


def test_nothing_beyond_the_models_range_is_offered() -> None:
    assert supposable(DAYS, 900.0)[-1] == 1000
