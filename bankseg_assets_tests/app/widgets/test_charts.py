"""Tests of the charts: colours are repeated as text."""

import pytest

from app.panels.profiles import overview
from app.widgets.charts import number_axis, probability_bars, segment_map
from app.widgets.numbers import Numbers
from bankseg_assets.presentation.formatting import LAKH
from bankseg_assets.scoring.bundle import bundle_from
from bankseg_assets_tests.app.publishing import model

SEGMENTS = bundle_from(model()).segments


def test_bars_are_labelled_with_probabilities() -> None:
    bars = probability_bars(["A segment with a long name", "Another"], [0.9, 0.1]).data[0]
    assert list(bars.text) == ["90.0%", "10.0%"]
    assert bars.y[0] == "A segment with a<br>long name"


def test_treemap_labels_have_both_shares() -> None:
    rectangles = segment_map(SEGMENTS).data[0]
    assert list(rectangles.values) == [0.5, 0.3, 0.2]
    assert rectangles.text[2] == "20.0% of<br>customers<br>50.0% of<br>the money"
    assert rectangles.labels[1] == "<b>Frequent<br>spenders</b>"


def test_treemap_hides_the_size_of_small_segments() -> None:
    first, *others = SEGMENTS
    small = first.model_copy(update={"share_of_customers": 0.0, "share_of_money": 0.0})
    rectangles = segment_map([small, *others]).data[0]
    assert rectangles.text[0] == "0.0% of<br>customers<br>0.0% of<br>the money"


@pytest.mark.parametrize("shares", [(-0.5, 0.3, 1.2), (0.0, 0.0, 0.0), (None, 0.5, 0.5)])
def test_meaningless_money_shares_are_not_drawn(
    shares: tuple[float | None, ...],
) -> None:
    segments = [
        segment.model_copy(update={"share_of_money": share})
        for segment, share in zip(SEGMENTS, shares, strict=True)
    ]
    rectangles = segment_map(segments).data[0]
    assert rectangles.text[0] == "50.0% of<br>customers"
    assert set(rectangles.marker.colors) == {0}
    assert overview(segments).columns.tolist() == ["Segment", "Customers"]


def test_axis_formats_large_numbers() -> None:
    axis = number_axis("Rows", [610_000, 250_000], Numbers("INR", LAKH))
    assert axis["tickvals"] == [0, 200_000, 400_000, 600_000]
    assert axis["ticktext"] == ["0", "2 lakh", "4 lakh", "6 lakh"]
    assert number_axis("Rows", [610_000], Numbers())["ticktext"][-1] == "600,000"


def test_axis_leaves_small_numbers_to_plotly() -> None:
    assert "tickvals" not in number_axis("Silhouette", [0.4, 0.7], Numbers())
    assert "tickvals" not in number_axis("Rows", [], Numbers())
