"""PNG plots for Dagster's metadata: matplotlib, because plotly needs a browser to make a PNG."""

import base64
import io
from collections.abc import Sequence
from typing import Any, TypeGuard

from bankseg_assets.suppression import is_small, shown_count

INK = "#1f4e79"
ACCENT = "#c55a11"


def line_plot(
    x: Sequence[float],
    y: Sequence[float],
    *,
    title: str,
    x_label: str,
    y_label: str,
    mark: float | None,
) -> str:
    """Return a line plot as Markdown; `mark` is an x that is pointed out."""
    figure, axes = _figure(title, x_label, y_label)
    axes.plot(x, y, marker="o", color=INK)
    if mark is not None:
        axes.axvline(mark, color=ACCENT, linestyle="--", label=f"chosen: {mark:g}")
        axes.legend()
    return _markdown(figure, title)


def bar_plot(
    names: Sequence[str], values: Sequence[float], *, title: str, x_label: str, y_label: str
) -> str:
    """Return a horizontal bar plot as Markdown, the first name on top, values written on.

    Whole numbers are counts: those of one to ten are not drawn, and written as "<11".
    """
    figure, axes = _figure(title, x_label, y_label)
    lengths = [0 if _is_small_count(value) else value for value in values]
    bars = axes.barh(list(names), lengths, color=INK)
    texts = [shown_count(v) if _is_small_count(v) else f"{v:,.3g}" for v in values]
    axes.bar_label(bars, labels=texts, padding=3)
    axes.margins(x=0.15)
    axes.invert_yaxis()
    return _markdown(figure, title)


def matrix_plot(
    matrix: Sequence[Sequence[int]], names: Sequence[str], *, title: str, x_label: str, y_label: str
) -> str:
    """Return a matrix of counts as Markdown; colour is the share of the row.

    Counts of one to ten are written as "<11", and have the colour of none: its shade would tell.
    """
    figure, axes = _figure(title, x_label, y_label)
    shares = [
        [0.0 if is_small(cell) else cell / max(sum(row), 1) for cell in row] for row in matrix
    ]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set_yticks(range(len(names)), names)
    for i, row in enumerate(matrix):
        for j, cell in enumerate(row):
            ink = "white" if shares[i][j] > 0.5 else "black"  # noqa: PLR2004 - half: the darker side
            axes.text(j, i, shown_count(cell), ha="center", va="center", color=ink, fontsize=8)
    return _markdown(figure, title)


def _is_small_count(value: float) -> TypeGuard[int]:
    return isinstance(value, int) and is_small(value)


def _figure(title: str, x_label: str, y_label: str) -> tuple[Any, Any]:
    # Figure, not pyplot: pyplot keeps every figure of the process alive and wants a display.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure, axes


def _markdown(figure: Any, alternative: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return f"![{alternative}](data:image/png;base64,{encoded})"
