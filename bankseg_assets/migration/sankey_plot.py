"""Sankey diagram of migration, drawn by matplotlib for Dagster metadata and the docs."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bankseg_assets.migration.flows import Flow
from bankseg_assets.migration.report import shown_money
from bankseg_assets.migration.sankey_layout import GAP, Band, Node, sankey
from bankseg_assets.presentation.disclosure import shown_rounded
from bankseg_assets.reports.plots import markdown_image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STAGES = ("before", "new data, old model", "new data, new model")
LAST = len(STAGES) - 1
NODE_WIDTH = 0.06  # share of the distance between two columns
LABEL_INCHES = 0.3  # of two lines: the gap between two nodes without height
HEAD_INCHES = 0.4  # of the title
ABOVE, BELOW = 0.09, 1.02  # ends of the axis, as shares of the height
LEAST_LABELLED = 0.035  # share of the height: the height of a text
NO_SEGMENT = "#999999"


def sankey_plot(
    found: Sequence[Flow],
    *,
    colours: tuple[Sequence[int], Sequence[int]],
    title: str,
    currency: str,
) -> str:
    """Return a Sankey diagram as Markdown: moves by customers, then moves by the model.

    See `sankey_figure`.
    """
    figure = sankey_figure(found, colours=colours, title=title, currency=currency)
    return markdown_image(figure, title)


def sankey_figure(
    found: Sequence[Flow],
    *,
    colours: tuple[Sequence[int], Sequence[int]],
    title: str,
    currency: str,
) -> "Figure":
    """Return the diagram, as high as its labels need, also those of segments of few customers.

    `colours`: the colour numbers of the old and the new model's segments. Counts are rounded to
    ten, and flows of fewer than 11 customers are not drawn. Moves are darker than unchanged
    customers.
    """
    from matplotlib.figure import Figure

    drawing = sankey(found)
    height = max((node.top + node.height for node in drawing.nodes), default=1.0)
    most = max(Counter(node.column for node in drawing.nodes).values(), default=1)
    inches = HEAD_INCHES + LABEL_INCHES * (BELOW + ABOVE) * (1 / GAP + most - 1)
    figure = Figure(figsize=(10, inches), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.axis("off")
    axes.set_xlim(-0.6, 2.6)
    axes.set_ylim(BELOW * height, -ABOVE * height)
    for column, name in enumerate(STAGES):
        axes.text(column, -0.04 * height, name, ha="center", style="italic", fontsize=9)
    for band in drawing.bands:
        colour = _colour(colours[0], band.flow.from_segment)
        labelled = band.height > LEAST_LABELLED * height
        _draw_band(axes, band, colour, currency if labelled else None)
    for node in drawing.nodes:
        _draw_node(axes, node, _colour(colours[node.column == LAST], node.segment))
    return figure


def _draw_band(axes: Any, band: Band, colour: str, currency: str | None) -> None:
    way = np.linspace(0, 1, 50)
    top = band.start + (band.end - band.start) * (3 - 2 * way) * way**2
    x = band.column + NODE_WIDTH / 2 + (1 - NODE_WIDTH) * way
    shade = 0.65 if band.flow.moved else 0.25
    axes.fill_between(x, top, top + band.height, color=colour, alpha=shade, linewidth=0)
    if currency is not None:
        count, money = shown_rounded(band.flow.customers), shown_money([band.flow])
        # The bands do not overlap where they begin, and neither do their labels.
        y = band.start + band.height / 2
        axes.text(x[0], y, f" {count} ({currency} {money})", va="center", fontsize=7.5)


def _draw_node(axes: Any, node: Node, colour: str) -> None:
    left = node.column - NODE_WIDTH / 2
    axes.barh(node.top, NODE_WIDTH, node.height, left=left, align="edge", color=colour)
    count = shown_rounded(node.customers)
    # The middle column has the same names as the left one.
    known = node.column == 1 and node.segment is not None
    text = f" {count} " if known else f" {node.name} \n {count} "
    side, place = ("left", left + NODE_WIDTH) if node.column == LAST else ("right", left)
    axes.text(place, node.top + node.height / 2, text, ha=side, va="center", fontsize=8)


def _colour(colours: Sequence[int], segment: int | None) -> str:
    return NO_SEGMENT if segment is None else f"C{colours[segment]}"
