"""Heat tables: the segments by their measures, correlations, and the confusion matrix."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.panels.profiles import AVERAGE, UNKNOWN
from app.widgets.charts import wrapped
from app.widgets.measures import label
from app.widgets.numbers import Numbers
from app.widgets.palette import BELOW_AND_ABOVE, INK, Look, hue
from bankseg_assets.presentation.disclosure import is_small
from bankseg_assets.presentation.formatting import number
from bankseg_assets.scoring.documents import Segment

ROW_HEIGHT = 44
NARROW = 11  # characters: a sixth of a phone's width
REACH = 4.0
"""Of the colour scale: an index of 400 or more, and of 25 or less, have the strongest colours."""


def segment_heat(
    segments: Sequence[Segment], *, look: Look = "light", direction_known: bool = False
) -> go.Figure:
    """Return the index of each segment and measure, on one scale around the average of 100."""
    measures = list(dict.fromkeys(name for one in segments for name in one.index))
    values = [[one.index.get(name) for name in measures] for one in segments]
    return heat(
        [[_side(value) for value in line] for line in values],
        [[UNKNOWN if one is None else number(round(one)) for one in line] for line in values],
        rows=[wrapped(one.name) for one in segments],
        columns=[
            wrapped(label(name, direction_known=direction_known), NARROW) for name in measures
        ],
        scale=BELOW_AND_ABOVE[look],
        limits=(-1, 1),
        look=look,
    )


def correlation_heat(
    pairs: Sequence[Mapping[str, Any]], name_of: Callable[[str], str], *, look: Look = "light"
) -> go.Figure:
    """Return Pearson's correlations as a triangle; `name_of`: the label of a measure."""
    known = {(one["a"], one["b"]): one["pearson"] for one in pairs}
    measures = list(dict.fromkeys(name for pair in known for name in pair))
    columns = measures[:-1]
    values = [
        [known.get((a, b), known.get((b, a))) if a in measures[:down] else None for a in columns]
        for down, b in enumerate(measures)
        if down
    ]
    return heat(
        values,
        [["" if one is None else f"{one:z.2f}" for one in line] for line in values],
        rows=[wrapped(name_of(name)) for name in measures[1:]],
        columns=[wrapped(name_of(name), NARROW) for name in columns],
        scale=BELOW_AND_ABOVE[look],
        limits=(-1, 1),
        look=look,
    )


def confusion_heat(
    matrix: Sequence[Sequence[int]],
    segments: Sequence[Segment],
    numbers: Numbers,
    *,
    look: Look = "light",
) -> go.Figure:
    """Return the confusion matrix: true segments (rows) by predicted ones (columns).

    Colours are shares of the row. Counts of 1 to 10 are shown as <11, and coloured as none.
    """
    sizes = [max(sum(row), 1) for row in matrix]
    return heat(
        [
            [0.0 if is_small(cell) else cell / size for cell in row]
            for row, size in zip(matrix, sizes, strict=True)
        ],
        [[numbers.count(int(cell)).replace("<", "&lt;") for cell in row] for row in matrix],
        rows=[wrapped(one.name) for one in segments],
        columns=[wrapped(one.name, NARROW) for one in segments],
        scale=hue(look),
        limits=(0, 1),
        look=look,
    )


def _side(index: float | None) -> float | None:
    """Return how far an index is from the average on a logarithmic scale: -1 to 1."""
    if index is None:
        return None
    share = max(index / AVERAGE, 1 / REACH)
    return float(np.clip(np.log(share) / np.log(REACH), -1, 1))


def heat(
    values: Sequence[Sequence[float | None]],
    texts: Sequence[Sequence[str]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    scale: Sequence[str],
    limits: tuple[float, float],
    look: Look,
) -> go.Figure:
    """Return a heat map with a text in each cell; `values`: None has no colour."""
    low, high = limits
    cells = go.Heatmap(
        z=values,
        text=texts,
        # By position: two segments may have the same name.
        x=list(range(len(columns))),
        y=list(range(len(rows))),
        texttemplate="%{text}",
        textfont={"color": INK[look], "size": 13},
        colorscale=list(scale),
        zmin=low,
        zmax=high,
        showscale=False,
        hoverinfo="skip",
        xgap=2,
        ygap=2,
    )
    axis = {"fixedrange": True, "showgrid": False, "zeroline": False, "automargin": True}
    layout = go.Layout(
        height=70 + ROW_HEIGHT * len(rows),
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode=False,
        xaxis=axis
        # Names that do not fit beside each other, as on a phone, stand upright.
        | {"side": "top", "tickvals": list(range(len(columns))), "ticktext": columns}
        | {"autotickangles": [0, -90]},
        yaxis=axis
        | {"autorange": "reversed", "tickvals": list(range(len(rows))), "ticktext": rows},
    )
    return go.Figure(cells, layout)
