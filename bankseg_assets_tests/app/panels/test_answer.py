"""Tests of the bars of reasons, the verdict, and the slider values of "What if …?"."""

from app.panels.answer import reason_bars, slider_values, verdict
from bankseg_assets.scoring.explain import Reason

DAYS = (0, 1000)
MONEY = (0, 1e8)


def test_slider_values_include_all_small_numbers() -> None:
    assert slider_values(*DAYS, 0.0) == list(range(11))
    assert slider_values(*DAYS, 3.0) == list(range(1, 31))


def test_slider_values_have_two_digits() -> None:
    found = slider_values(*MONEY, 123456.78)
    assert found[:3] == [13000, 14000, 15000]
    assert found[-1] == 1_200_000
    assert [one for one in found if 110_000 <= one < 140_000] == [
        110_000,
        120_000,
        123456.78,
        130_000,
    ]


def test_slider_values_are_symmetric_around_zero() -> None:
    found = slider_values(-1e8, 1e8, -123.0)
    assert (found[0], found[-1]) == (-1200, 1200)
    assert {-900, -123, 0, 900} <= set(found)


def test_slider_values_of_a_single_value() -> None:
    assert slider_values(1, 1, 1.0) == [1]
    assert slider_values(0, 0, 0.0) == [0]


def test_slider_values_stay_in_the_range() -> None:
    assert slider_values(*DAYS, 900.0)[-1] == 1000


def test_slider_values_include_a_value_outside_the_range() -> None:
    assert slider_values(1, 5, 40.0) == [4, 5, 40]


def test_reason_bars_have_no_negative_zero() -> None:
    reasons = tuple(Reason("", "", "", value) for value in (1.23, -0.04, -2.0))
    assert list(reason_bars(reasons, "blue", "red").data[0].text) == ["+1.2", "0.0", "-2.0"]


def test_verdict_is_never_certain() -> None:
    """Six digits of the probability are kept, so that 1.0 is not a hundred per cent."""
    assert verdict(1.0, "Big", 0.0, is_sure=True) == "**>99.9%** probable. Second: Big, <0.1%."
    assert "hint" in verdict(0.5, "Big", 0.4, is_sure=False)
