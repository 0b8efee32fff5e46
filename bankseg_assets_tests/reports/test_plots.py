"""Plots are PNG images inside Markdown, so that they need no network and no browser."""

import base64
import re
import struct
from collections.abc import Callable

import pytest

from bankseg_assets.reports.plots import (
    bar_plot,
    heat_plot,
    line_plot,
    matrix_plot,
    reliability_plot,
)

LABELS = {"title": "Sizes", "x_label": "x", "y_label": "y"}


def line(mark: float | None = None) -> str:
    return line_plot([2, 3, 4], [9.0, 4.0, 1.0], mark=mark, **LABELS)


def bars(value: float = 1.0) -> str:
    return bar_plot(["Big spenders", "é <b>"], [value, 2_000_000.0], **LABELS)


def matrix(cell: int = 30) -> str:
    return matrix_plot([[cell, 0], [0, 0]], ["Big", "Small"], **LABELS)


def heat(shade: float = 0.5, text: str = "12", rows: int = 2) -> str:
    names = [f"row {number}" for number in range(rows)]
    return heat_plot(
        [[shade, 0.0]] * rows,
        [[text, "hidden"]] * rows,
        x_names=["a", "b"],
        y_names=names,
        **LABELS,
    )


def reliability(accuracy: float = 0.9) -> str:
    rows = [{"confidence": 0.9, "accuracy": accuracy, "customers": 400}]
    return reliability_plot(rows, title="Sizes")


def png(markdown: str) -> bytes:
    found = re.fullmatch(r"!\[Sizes\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)", markdown)
    assert found
    return base64.b64decode(found[1])


@pytest.mark.parametrize("plot", [line, bars, matrix, heat, reliability])
def test_plot_is_png_of_readable_size_with_title(plot: Callable[[], str]) -> None:
    image = png(plot())
    assert image.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", image[16:24])
    assert (width, height) == (512, 288)


@pytest.mark.slow
def test_plots_depend_on_data() -> None:
    assert png(line()) != png(line(mark=3))
    assert png(bars(1.0)) != png(bars(1e6))
    assert png(matrix(30)) != png(matrix(40))
    assert png(heat(0.5)) != png(heat(0.4))
    assert png(heat(text="12")) != png(heat(text="13"))
    assert png(reliability(0.9)) != png(reliability(0.5))


@pytest.mark.slow
def test_counts_of_one_to_ten_look_alike() -> None:
    def sizes(count: int) -> str:
        return bar_plot(["Few", "Many"], [count, 2_000], **LABELS)

    for plot in (matrix, sizes):
        few = {png(plot(count)) for count in range(1, 11)}
        assert len(few) == 1
        assert few.isdisjoint({png(plot(0)), png(plot(11))})


def test_non_counts_are_not_suppressed() -> None:
    assert png(bars(1.5)) != png(bars(2.5))


def test_same_figures_make_same_image() -> None:
    assert line(mark=3) == line(mark=3)


@pytest.mark.parametrize(
    "plot",
    [
        lambda: line_plot([], [], mark=None, **LABELS),
        lambda: bar_plot([], [], **LABELS),
        lambda: reliability_plot([], title="Sizes"),
    ],
)
def test_no_data_gives_empty_plot(plot: Callable[[], str]) -> None:
    assert png(plot()).startswith(b"\x89PNG")


def test_table_of_many_rows_is_drawn_higher() -> None:
    width, height = struct.unpack(">II", png(heat(rows=20))[16:24])
    assert (width, height) == (512, 640)


@pytest.mark.slow
def test_plot_of_one_segment_or_of_nothing_is_plot() -> None:
    """One bar, one cell, one customer, none at all: no warning, which would be an error here."""
    assert png(bar_plot(["All customers"], [50], **LABELS))
    assert png(bar_plot(["All customers"], [3], **LABELS))
    assert png(bar_plot(["Refunds", "Purchases"], [-2e6, 3e6], **LABELS))
    assert png(bar_plot([], [], **LABELS))
    assert png(matrix_plot([[265]], ["All customers"], **LABELS))
    assert png(matrix_plot([[0]], ["All customers"], **LABELS))
    assert png(heat_plot([[-0.5]], [["INR -5"]], x_names=["a"], y_names=["b"], **LABELS))
    assert png(line_plot([1], [0.0], mark=1, **LABELS))
    assert png(line_plot([], [], mark=None, **LABELS))
    assert png(reliability_plot([], title="Sizes"))
    only = [{"confidence": 1.0, "accuracy": 1.0, "customers": 265}]
    assert png(reliability_plot(only, title="Sizes"))
