"""PNG plots for Dagster metadata, by matplotlib: plotly needs a browser to write PNG."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from bankseg_assets.presentation.disclosure import is_small, shown_count

INK = "#1f4e79"
ACCENT = "#c55a11"
ROW_INCHES = 0.4  # of a heat map with many rows


def line_plot(
    x: Sequence[float],
    y: Sequence[float],
    *,
    title: str,
    x_label: str,
    y_label: str,
    mark: float | None,
) -> str:
    """Return a line plot as Markdown; `mark` is an x value to highlight."""
    figure, axes = _figure(title, x_label, y_label)
    axes.plot(x, y, marker="o", color=INK)
    if mark is not None:
        axes.axvline(mark, color=ACCENT, linestyle="--", label=f"chosen: {mark:g}")
        axes.legend()
    return markdown_image(figure, title)


def bar_plot(
    names: Sequence[str], values: Sequence[float], *, title: str, x_label: str, y_label: str
) -> str:
    """Return a horizontal bar plot with value labels as Markdown, the first name on top.

    Whole numbers are counts: those of one to ten are not drawn, and labelled "<11".
    """
    figure, axes = _figure(title, x_label, y_label)
    lengths = [0 if _is_small_count(value) else value for value in values]
    bars = axes.barh(list(names), lengths, color=INK)
    texts = [shown_count(v) if _is_small_count(v) else f"{v:z,.3g}" for v in values]
    axes.bar_label(bars, labels=texts, padding=3)
    axes.margins(x=0.15)
    axes.invert_yaxis()
    return markdown_image(figure, title)


def matrix_plot(
    matrix: Sequence[Sequence[int]], names: Sequence[str], *, title: str, x_label: str, y_label: str
) -> str:
    """Return a heat map of counts as Markdown; colour is the share of the row.

    Counts of one to ten are labelled "<11" and coloured as zero: the shade would disclose them.
    """
    shares = [
        [0.0 if is_small(cell) else cell / max(sum(row), 1) for cell in row] for row in matrix
    ]
    texts = [[shown_count(cell) for cell in row] for row in matrix]
    labels = {"title": title, "x_label": x_label, "y_label": y_label}
    return heat_plot(shares, texts, x_names=names, y_names=names, **labels)


def heat_plot(
    shades: Sequence[Sequence[float]],
    texts: Sequence[Sequence[str]],
    *,
    x_names: Sequence[str],
    y_names: Sequence[str],
    title: str,
    x_label: str,
    y_label: str,
) -> str:
    """Return a heat map as Markdown, each cell with its text on a shade from 0 (white) to 1
    (dark)."""
    figure, axes = _figure(title, x_label, y_label)
    figure.set_figheight(max(figure.get_figheight(), ROW_INCHES * len(y_names)))
    axes.imshow(shades, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(x_names)), x_names, rotation=30, ha="right")
    axes.set_yticks(range(len(y_names)), y_names)
    for i, row in enumerate(texts):
        for j, text in enumerate(row):
            ink = "white" if shades[i][j] > 0.5 else "black"  # noqa: PLR2004 - half: the darker side
            axes.text(j, i, text, ha="center", va="center", color=ink, fontsize=8)
    return markdown_image(figure, title)


def reliability_plot(bins: Sequence[Mapping[str, float]], *, title: str) -> str:
    """Return a reliability diagram (accuracy by confidence) as Markdown.

    bins: `confidence`, `accuracy` and `customers` of each. A point's area is its customers;
    calibrated probabilities lie on the diagonal.
    """
    figure, axes = _figure(
        title, "probability of the predicted segment", "share of correct predictions"
    )
    most = max((row["customers"] for row in bins), default=1)
    axes.plot([0, 1], [0, 1], color=ACCENT, linestyle="--", label="perfectly calibrated")
    axes.scatter(
        [row["confidence"] for row in bins],
        [row["accuracy"] for row in bins],
        s=[20 + 180 * row["customers"] / most for row in bins],
        color=INK,
    )
    axes.set_xlim(0, 1.03)
    axes.set_ylim(0, 1.03)
    axes.legend()
    return markdown_image(figure, title)


def _is_small_count(value: float) -> TypeGuard[int]:
    return isinstance(value, int) and is_small(value)


def _figure(title: str, x_label: str, y_label: str) -> tuple[Any, Any]:
    # Figure instead of pyplot: pyplot keeps all figures of the process alive and needs a display.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure, axes


def markdown_image(figure: Any, alternative: str) -> str:
    """Return a figure as Markdown with alternative text."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return f"![{alternative}](data:image/png;base64,{encoded})"
