"""Tests of the heat tables."""

import pytest

from app.panels.heat import confusion_heat, correlation_heat, segment_heat
from app.widgets.numbers import Numbers
from app.widgets.palette import BELOW_AND_ABOVE, INK, Look
from app.widgets.words import words
from bankseg_assets.scoring.bundle import bundle_from
from bankseg_assets_tests.app.publishing import model

SEGMENTS = bundle_from(model()).segments


def test_segments_are_on_one_scale_around_the_average() -> None:
    (heat,) = segment_heat(SEGMENTS).data
    assert [list(line) for line in heat.text] == [["70", "30"], ["210", "83"], ["70", "600"]]
    assert (heat.zmin, heat.zmax) == (-1, 1)
    first, second, third = (list(line) for line in heat.z)
    assert first[1] < first[0] < 0 < second[0]
    assert third[1] == 1  # six times the average is as strong as four times


def test_unknown_index_has_no_colour() -> None:
    unknown = [one.model_copy(update={"index": {"frequency": None}}) for one in SEGMENTS]
    (heat,) = segment_heat(unknown).data
    assert {value for line in heat.z for value in line} == {None}
    assert {text for line in heat.text for text in line} == {"—"}


def test_negative_index_is_below_the_average() -> None:
    """Refunds can exceed the purchases of a segment."""
    refunds = [SEGMENTS[0].model_copy(update={"index": {"monetary": -120.0}})]
    assert segment_heat(refunds).data[0].z[0][0] == -1


def test_correlations_are_a_triangle() -> None:
    pairs = [
        {"a": "log_amount", "b": "log_balance", "pearson": 0.25},
        {"a": "log_amount", "b": "age", "pearson": -0.001},
        {"a": "log_balance", "b": "age", "pearson": None},
    ]
    figure = correlation_heat(pairs, words)
    (heat,) = figure.data
    assert [list(line) for line in heat.text] == [["0.25", ""], ["0.00", ""]]
    assert list(figure.layout.yaxis.ticktext) == ["Balance<br>(logarithm)", "Age"]


def test_confusion_is_named_and_hides_small_counts() -> None:
    figure = confusion_heat([[50, 0, 3], [0, 30, 0], [1, 0, 18]], SEGMENTS, Numbers())
    (heat,) = figure.data
    assert list(heat.text[0]) == ["50", "0", "&lt;11"]
    assert list(heat.z[0]) == [50 / 53, 0, 0]
    assert list(figure.layout.yaxis.ticktext) == [
        *("Small spenders", "Frequent spenders", "Big spenders"),
    ]


@pytest.mark.parametrize("look", ["light", "dark"])
def test_heat_has_the_colours_of_the_page(look: Look) -> None:
    (heat,) = segment_heat(SEGMENTS, look=look).data
    assert heat.textfont.color == INK[look]
    assert [colour for _, colour in heat.colorscale] == BELOW_AND_ABOVE[look]
