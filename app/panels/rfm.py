"""The RFM grid: recency by frequency, with money as colour."""

import textwrap
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from app.widgets.numbers import Numbers
from app.widgets.palette import HUE
from bankseg_assets.presentation.disclosure import hidden_cells
from bankseg_assets.presentation.formatting import percent

HIDDEN = "fewer than 11"
SMALL_COUNT = "<11"
GREY = "#c9cfd6"
FRAME = {"color": "#d55e00", "width": 4}

_CELLS: dict[str, Any] = {
    "texttemplate": "%{text}",
    "textfont": {"color": "#111111", "size": 12},
    "showscale": False,
    "hoverinfo": "skip",
    "xgap": 2,
    "ygap": 2,
}

Cell = tuple[int, int]
"""Scores of recency and frequency."""


class Names(NamedTuple):
    """Labels of the grid's axes and colour."""

    last: str = "Last transaction"
    transactions: str = "Transactions"
    money: str = "Money"


def names_of(direction_known: bool) -> Names:
    """Return the labels; of spending if the direction of amounts is known."""
    if direction_known:
        return Names("Last spending transaction", "Spending transactions", "Spending")
    return Names()


def thresholds(row: Mapping[str, Any], measure: str, unit: str) -> str:
    """Return the value range of a score: "1 to 12 days", "4 transactions or more".

    Without a unit: "4 or more".
    """
    low, high = row[f"{measure}_from"], row[f"{measure}_to"]
    if pd.isna(high):
        text = f"{low:.0f} {unit} or more"
    elif pd.isna(low):
        text = f"up to {high:.0f} {unit}"
    elif low == high:
        text = f"{low:.0f} {unit.removesuffix('s') if low == 1 else unit}"
    else:
        text = f"{low:.0f} to {high:.0f} {unit}"
    return " ".join(text.split())


def heat_grid(
    cells: pd.DataFrame,
    numbers: Numbers,
    chosen: Cell | None = None,
    *,
    direction_known: bool = False,
) -> go.Figure:
    """Return the grid: recent customers on top, frequent on the right; `chosen` has a frame."""
    found = {(row["recency_score"], row["frequency_score"]): row for row in _rows(cells)}
    title = names_of(direction_known).transactions
    down = scores(cells, "recency")
    across = dict(reversed(scores(cells, "frequency").items()))
    money = [[_money(found.get((r, f))) for f in across] for r in down]
    heat = go.Heatmap(
        z=[[None if value is None else max(value, 0) ** 0.5 for value in line] for line in money],
        text=[[_text(found.get((r, f)), numbers) for f in across] for r in down],
        colorscale=HUE,
        **_CELLS,
    )
    hidden = [[_is_hidden(found.get((r, f))) for f in across] for r in down]
    few = go.Heatmap(
        z=[[1 if one else None for one in line] for line in hidden],
        text=[[f"<b>{SMALL_COUNT}</b>" if one else "" for one in line] for line in hidden],
        colorscale=[GREY, GREY],
        **_CELLS,
    )
    layout = go.Layout(
        height=110 + 74 * len(down),
        margin={"l": 0, "r": 0, "t": 8, "b": 40},
        hovermode="closest",
        hoverdistance=-1,  # for a click anywhere in a cell, its point is the nearest
        xaxis={
            "title": title,
            **_axis([_wrapped(name) for name in across.values()]),
        },
        yaxis=_axis([_wrapped(name, 6) for name in down.values()]),  # the caption has its title
    )
    layout.yaxis.autorange = "reversed"
    figure = go.Figure([heat, few, _points(list(down), list(across))], layout)
    if chosen and chosen[0] in down and chosen[1] in across:
        x, y = list(across).index(chosen[1]), list(down).index(chosen[0])
        figure.add_shape(x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, line=FRAME)
    return figure


def _points(down: list[int], across: list[int]) -> go.Scatter:
    """Return an invisible point per cell, because a heat map does not report clicks."""
    places = [(x, y) for y in range(len(down)) for x in range(len(across))]
    unseen = {"marker": {"opacity": 0}}
    return go.Scatter(
        x=[x for x, _ in places],
        y=[y for _, y in places],
        customdata=[[down[y], across[x]] for x, y in places],
        mode="markers",
        marker={"size": 56, "symbol": "square", "opacity": 0},
        selected=unseen,
        unselected=unseen,
        hoverinfo="none",
    )


def _axis(names: list[str]) -> dict[str, Any]:
    places = list(range(len(names)))
    names_at = {"tickvals": places, "ticktext": names}
    # No grid lines: they would show through empty cells.
    lines = {"showgrid": False, "zeroline": False}
    return {**names_at, **lines, "fixedrange": True, "automargin": True}


def clicked(event: Mapping[str, Any]) -> Cell | None:
    """Return the clicked cell from the chart's selection event; None without a click."""
    points = event["selection"]["points"]
    if not points or "customdata" not in points[0]:
        return None
    recency, frequency = points[0]["customdata"]
    return int(recency), int(frequency)


def scores(cells: pd.DataFrame, measure: str, unit: str = "") -> dict[int, str]:
    """Return score -> value range, best score first; scores without customers are left out."""
    rows = cells.drop_duplicates(f"{measure}_score").sort_values(f"{measure}_score")
    return {
        int(row[f"{measure}_score"]): thresholds(row, measure, unit)
        for row in _rows(rows)[::-1]
        if not (pd.isna(row[f"{measure}_from"]) and pd.isna(row[f"{measure}_to"]))
    }


def row_of(cells: pd.DataFrame, cell: Cell) -> dict[str, Any] | None:
    """Return the row of a cell; None if it is empty or hidden."""
    for row in _rows(cells):
        if (row["recency_score"], row["frequency_score"]) == cell:
            return None if pd.isna(row["customers"]) or row["customers"] == 0 else row
    return None


def as_table(
    cells: pd.DataFrame, numbers: Numbers, *, direction_known: bool = False
) -> pd.DataFrame:
    """Return the grid as a formatted table."""
    names = names_of(direction_known)
    ordered = cells.sort_values(["recency_score", "frequency_score"], ascending=[False, True])
    return pd.DataFrame(
        [
            {
                names.last: thresholds(row, "recency", "days ago"),
                names.transactions: thresholds(row, "frequency", "transactions"),
                "Customers": _count(row["customers"], numbers),
                names.money: HIDDEN if pd.isna(row["monetary"]) else numbers.money(row["monetary"]),
                "Most common group": _share(row),
            }
            for row in _rows(ordered)
            if row["customers"] != 0
        ]
    )


def cross_table(groups: pd.DataFrame, numbers: Numbers) -> pd.DataFrame:
    """Return a cross table of customers: named groups by segments."""
    shown = groups.assign(count=[_count(value, numbers) for value in groups["customers"]])
    wide = shown.pivot_table(
        index="rfm_group", columns="segment_name", values="count", aggfunc="first", sort=False
    )
    return wide.fillna("0").reset_index().rename(columns={"rfm_group": "Group"})


def group_table(customers: Mapping[str, int], numbers: Numbers) -> pd.DataFrame:
    """Return named groups by descending number of customers.

    Small counts are hidden together with a second group, because the total would reveal one.
    """
    counts = dict(sorted(customers.items(), key=lambda one: (-one[1], one[0])))
    hidden = hidden_cells([list(counts.values())], columns=False)[0] if counts else []
    return pd.DataFrame(
        {
            "Group": list(counts),
            "Customers": [
                HIDDEN if few else numbers.number(count)
                for few, count in zip(hidden, counts.values(), strict=True)
            ],
        }
    )


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _money(row: Any) -> float | None:
    empty = row is None or _is_hidden(row) or row["customers"] == 0
    return None if empty else float(row["monetary"])


def _is_hidden(row: Any) -> bool:
    return row is not None and bool(pd.isna(row["customers"]))


def _text(row: Any, numbers: Numbers) -> str:
    if row is None or _is_hidden(row) or row["customers"] == 0:
        return ""
    # Small, so that the names fit into a cell on a phone.
    group = f"<span style='font-size:10px'>{_wrapped(_share(row))}</span>"
    return f"<b>{numbers.number(row['customers'])}</b><br>{group}"


def _share(row: Any) -> str:
    """Return the most common group with its share: a cell has customers of several groups."""
    group = row["rfm_group"] or ""
    share = row["group_share"]
    return f"{group} {percent(share)}" if group and share is not None and share < 1 else group


def _wrapped(name: str, width: int = 10) -> str:
    return "<br>".join(textwrap.wrap(name, width, break_long_words=False))


def _count(value: float, numbers: Numbers) -> str:
    return HIDDEN if pd.isna(value) else numbers.number(value)
