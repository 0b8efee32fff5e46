"""The Sankey diagram is a PNG of the moves."""

import base64
import re
from decimal import Decimal
from itertools import pairwise

import pytest

from bankseg_assets.migration.flows import CustomerPath, flows
from bankseg_assets.migration.sankey_plot import sankey_figure, sankey_plot

NAMES = ("Big <b>", "Small")
COLOURS = (3, 1)


def png(moved: int, few: int = 3, colours: tuple[int, int] = COLOURS) -> bytes:
    paths = [
        CustomerPath(0, 0, 0, 500, Decimal(1)),
        CustomerPath(0, 1, 1, moved, Decimal(1)),
        CustomerPath(None, 1, 0, few, Decimal(1)),
        CustomerPath(1, None, None, 60, Decimal(1)),
    ]
    found = flows(paths, NAMES, NAMES, (0, 1))
    plot = sankey_plot(found, colours=(COLOURS, colours), title="Who moved", currency="INR")
    image = re.fullmatch(r"!\[Who moved\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)", plot)
    assert image
    return base64.b64decode(image[1])


@pytest.mark.slow
def test_sankey_plot_is_deterministic() -> None:
    assert png(200).startswith(b"\x89PNG")
    assert png(200) == png(200)
    assert png(200) != png(300)


def test_flows_of_one_to_ten_look_alike() -> None:
    assert png(200, few=1) == png(200, few=10)
    assert png(200, few=1) != png(200, few=11)


def test_one_segment_with_refunds_is_plot() -> None:
    only = ("All customers",)
    found = flows([CustomerPath(0, 0, 0, 500, Decimal(-2_000_000))], only, only, (0,))
    plot = sankey_plot(found, colours=((0,), (0,)), title="Who moved", currency="INR")
    assert plot.startswith("![Who moved]")


def test_no_flows_give_empty_plot() -> None:
    empty = sankey_plot([], colours=((), ()), title="Who moved", currency="INR")
    assert empty.startswith("![Who moved]")


def test_segments_have_given_colours() -> None:
    assert png(200, colours=(3, 1)) != png(200, colours=(3, 2))


@pytest.mark.parametrize("count", [2, 8, 12])
def test_labels_of_small_segments_do_not_overlap(count: int) -> None:
    names = [f"Segment {number}" for number in range(count)]
    paths = [
        CustomerPath(one, one, one, max(10**6 // 7**one, 20), Decimal(1)) for one in range(count)
    ]
    found = flows(paths, names, names, range(count))
    colours = (range(count), range(count))
    figure = sankey_figure(found, colours=colours, title="Who moved", currency="INR")
    figure.canvas.draw()
    (axes,) = figure.axes
    labels = [text for text in axes.texts if "Segment" in text.get_text()]
    assert len(labels) == 2 * count
    for side in ("right", "left"):
        boxes = [t.get_window_extent() for t in labels if t.get_horizontalalignment() == side]
        boxes.sort(key=lambda box: -box.y0)
        # Three pixels of a box are above the letters.
        assert all(above.y0 > below.y1 - 3 for above, below in pairwise(boxes))
