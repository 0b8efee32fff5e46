"""Tests of the axes of charts."""

import pytest

from bankseg_assets.presentation.axes import axis_ticks, line_range, round_step


@pytest.mark.parametrize(("least", "step"), [(1, 1), (1.1, 2), (3, 5), (51, 100), (0.03, 0.05)])
def test_step_is_the_next_round_number(least: float, step: float) -> None:
    assert round_step(least) == pytest.approx(step)


def test_ticks_are_around_values_and_zero() -> None:
    assert axis_ticks([-12.0, 31.0]) == [-20.0, -10.0, 0.0, 10.0, 20.0, 30.0, 40.0]
    assert axis_ticks([]) == [-1.0, 0.0, 1.0]


def test_line_has_space_also_without_a_change() -> None:
    assert line_range([100.0, 200.0]) == (85.0, 215.0)
    assert line_range([100.0, 100.0]) == (95.0, 105.0)
    assert line_range([0.0]) == (-1.0, 1.0)
