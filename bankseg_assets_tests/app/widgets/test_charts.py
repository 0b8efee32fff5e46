"""Tests of the charts: colours are repeated as text."""

import pytest

from app.panels.profiles import overview
from app.widgets.charts import number_axis, paired_bars, probability_bars
from app.widgets.numbers import Numbers
from app.widgets.palette import PALETTE
from bankseg_assets.presentation.formatting import LAKH
from bankseg_assets.scoring.bundle import bundle_from
from bankseg_assets_tests.app.publishing import model

SEGMENTS = bundle_from(model()).segments


def test_bars_are_labelled_with_probabilities() -> None:
    first = SEGMENTS[2].model_copy(update={"name": "A segment with a long name"})
    bars = probability_bars([first, SEGMENTS[0]], [0.9, 0.1]).data[0]
    assert list(bars.text) == ["90.0%", "10.0%"]
    assert bars.y[0] == "A segment with a<br>long name"
    assert list(bars.marker.color) == [PALETTE[2], PALETTE[0]]  # as on every page


def test_paired_bars_have_both_shares_in_the_segments_colour() -> None:
    customers, money = paired_bars(SEGMENTS).data
    assert customers.text[2] == "20.0% of customers"
    assert money.text[2] == "50.0% of the money"
    assert list(customers.marker.color) == list(money.marker.color) == list(PALETTE[:3])
    assert customers.y[1] == "Frequent spenders"


def test_paired_bars_hide_the_size_of_small_segments() -> None:
    first, *others = SEGMENTS
    small = first.model_copy(update={"share_of_customers": 0.0, "share_of_money": 0.0})
    customers, money = paired_bars([small, *others]).data
    assert (customers.text[0], money.text[0]) == ("0.0% of customers", "0.0% of the money")


@pytest.mark.parametrize("shares", [(-0.5, 0.3, 1.2), (0.0, 0.0, 0.0), (None, 0.5, 0.5)])
def test_meaningless_money_shares_are_not_drawn(
    shares: tuple[float | None, ...],
) -> None:
    segments = [
        segment.model_copy(update={"share_of_money": share})
        for segment, share in zip(SEGMENTS, shares, strict=True)
    ]
    (customers,) = paired_bars(segments).data
    assert customers.text[0] == "50.0% of customers"
    assert overview(segments).columns.tolist() == ["Segment", "Customers"]


def test_axis_formats_large_numbers() -> None:
    axis = number_axis("Rows", [610_000, 250_000], Numbers("INR", LAKH))
    assert axis["tickvals"] == [0, 200_000, 400_000, 600_000]
    assert axis["ticktext"] == ["0", "2 lakh", "4 lakh", "6 lakh"]
    assert number_axis("Rows", [610_000], Numbers())["ticktext"][-1] == "600,000"


def test_axis_leaves_small_numbers_to_plotly() -> None:
    assert "tickvals" not in number_axis("Silhouette", [0.4, 0.7], Numbers())
    assert "tickvals" not in number_axis("Rows", [], Numbers())
