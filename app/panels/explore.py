"""Charts of the EDA report's tables, and a map of the customers in component space."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from app.panels.profiles import UNKNOWN
from app.widgets.charts import number_axis
from app.widgets.measures import is_money, label
from app.widgets.numbers import Numbers
from app.widgets.palette import TOP
from app.widgets.words import words
from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets.presentation.formatting import day, percent
from bankseg_assets.scoring.bundle import Bundle

TABLES = {
    "transactions_by_day": ("Days", "day"),
    "transactions_by_weekday": ("Weekdays", "weekday"),
    "transactions_by_hour": ("Hours of the day", "hour"),
    "amount_distribution": ("Amounts", "from"),
    "balance_distribution": ("Balances", "from"),
    "age_distribution": ("Ages", "age"),
    "genders": ("Genders", "gender"),
    "locations": ("Places", "location"),
    "frequencies": ("Transactions a customer", "frequency"),
}
MEASURES = {"rows": "Transactions", "amount": "Money", "customers": "Customers"}
_OF_SPENDING = {
    "rows": "Spending transactions",
    "amount": "Spending",
    "frequency": "Spending transactions a customer",
}
_HEADS = {
    "column": "Column",
    "missing": "Missing",
    "share": "Share",
    "flag": "Flag",
    "direction": "Direction",
    "rows": "Transactions",
    "measure": "Measure",
    "a": "Measure",
    "b": "And",
    "pearson": "Correlation (Pearson)",
    "from": "From",
    "day": "Day",
    "weekday": "Weekday",
    "hour": "Hour",
    "age": "Age",
    "gender": "Gender",
    "location": "Place",
    "frequency": "Transactions a customer",
    "amount": "Money",
    "customers": "Customers",
}
"""Labels of the columns of the report's tables."""
_NAMED = ("column", "flag", "measure", "a", "b", "direction")
"""Columns with names of the platform, not values of the bank."""
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
AXIS_MEASURES = 2  # named at an axis
CELLS = 40  # of the map, per axis

Floats = npt.NDArray[np.float64]


def knows_direction(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> bool:
    """Return whether a report is of spending only; false for older reports."""
    return "directions" in tables


def called(name: str, *, direction_known: bool) -> str:
    """Return the label of a column of the report's tables."""
    if direction_known and name in _OF_SPENDING:
        return _OF_SPENDING[name]
    return _HEADS.get(name, name)


def measures_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns of a table that can be drawn."""
    return [name for name in MEASURES if rows and name in rows[0]]


def never_delivered(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the labels of columns without any value."""
    missing = tables.get("missing_values", ())
    return ", ".join(words(row["column"]).lower() for row in missing if row["share"] == 1)


def gaps(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return which days of the data have no transactions; empty if none or unknown.

    Days of fewer than 11 customers are not in the table, and count as such.
    """
    days = sorted(date.fromisoformat(str(row["day"])) for row in rows)
    missing = [
        (one + timedelta(days=1), other - timedelta(days=1))
        for one, other in pairwise(days)
        if other - one > timedelta(days=1)
    ]
    if not missing:
        return ""
    count = sum((last - first).days + 1 for first, last in missing)
    longest = max(missing, key=lambda gap: gap[1] - gap[0])
    first, last = map(day, longest)
    prefix = "" if len(missing) == 1 else "the longest gap is "
    where = first if first == last else f"{first} to {last}"
    return (
        f"No transactions, or those of fewer than 11 customers, on {count} of the "
        f"{(days[-1] - days[0]).days + 1} days: {prefix}"
        f"{where}. Is a file missing? Customers seem inactive in a gap."
    )


def axis_title(bundle: Bundle, component: int, ordinal: str) -> str:
    """Return what a principal component means: the measures that it increases or decreases with.

    The measures whose features have the largest weights, at most AXIS_MEASURES; each in a line of
    its own, which fits on a phone.
    """
    found = list(bundle.component_weights(component).items())
    texts = [
        _direction(name, weight, direction_known=bundle.direction_known)
        for name, weight in found[:AXIS_MEASURES]
        if abs(weight) > abs(found[0][1]) / 2
    ]
    return f"{ordinal} component → {',<br>'.join(texts)}"


def _direction(measure: str, weight: float, *, direction_known: bool) -> str:
    """Return an end of an axis: "more transactions", "lower average amount"."""
    text = label(measure, direction_known=direction_known).lower()
    if is_money(measure):
        return f"{'higher' if weight > 0 else 'lower'} {text}"
    return f"{'more' if weight > 0 else 'fewer'} {text.removeprefix('number of ')}"


def bars(
    rows: Sequence[Mapping[str, Any]],
    table: str,
    measure: str,
    numbers: Numbers,
    *,
    direction_known: bool = False,
) -> go.Figure:
    """Return a bar chart with a bar per row of a table."""
    axis = TABLES[table][1]
    if axis == "weekday":
        names: list[Any] = [_WEEKDAYS[row[axis] - 1] for row in rows]
    elif axis == "from":
        names = [numbers.short(row[axis]) for row in rows]
    else:
        names = [row[axis] for row in rows]
    unit = f" ({numbers.currency})" if measure == "amount" else ""
    heights = [row[measure] for row in rows]
    layout = go.Layout(
        height=380,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={"fixedrange": True, "type": "category" if axis == "from" else None},
        yaxis=number_axis(
            called(measure, direction_known=direction_known) + unit, heights, numbers
        ),
    )
    write = numbers.money if measure == "amount" else numbers.number
    drawn = go.Bar(
        x=names,
        y=heights,
        marker_color=TOP,
        hovertext=[write(height) for height in heights],
        hovertemplate="%{x}: %{hovertext}<extra></extra>",
    )
    return go.Figure(drawn, layout)


def as_table(
    rows: Sequence[Mapping[str, Any]], numbers: Numbers, *, direction_known: bool = False
) -> pd.DataFrame:
    """Return the rows with labels and formatted values: names first, quantiles in order."""
    frame = pd.DataFrame(rows)
    ordered = sorted(frame.columns, key=lambda name: (name in MEASURES, _quantile(name)))
    return pd.DataFrame(
        {
            called(str(name), direction_known=direction_known): [
                _text(name, value, numbers) for value in frame[name]
            ]
            for name in ordered
        }
    )


def transposed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the transposed table, which is narrow enough for a phone."""
    turned = frame.set_index(frame.columns[0]).T
    return turned.rename_axis(columns=None).rename_axis(frame.columns[0]).reset_index()


def _quantile(name: str) -> int:
    return int(name[1:]) if name[:1] == "p" and name[1:].isdigit() else -1


def _text(name: str, value: Any, numbers: Numbers) -> str:
    if value is None or value != value:  # noqa: PLR0124 - pandas turns None into NaN
        return UNKNOWN
    write: dict[str, Callable[[Any], str]] = {
        "share": percent,
        "pearson": "{:z.2f}".format,
        "weekday": lambda day: _WEEKDAYS[day - 1],
        "amount": numbers.money,
        **dict.fromkeys(_NAMED, words),
    }
    return write.get(name, str if isinstance(value, str) else numbers.number)(value)


def density(
    points: Floats,
    segments: npt.NDArray[np.int64],
    names: Sequence[str],
    colours: Sequence[str],
    titles: Sequence[str] = ("First component", "Second component"),
) -> go.Figure:
    """Return the map of customers: a dot per cell with at least 11, in its segment's colour.

    points (n, 2 or more): the first two components are drawn, with `titles`. Cells with fewer
    customers are hidden for privacy.
    """
    x, y = points[:, 0], points[:, 1]
    low, high = np.percentile(points[:, :2], [0.5, 99.5], axis=0)
    side = np.where(high > low, (high - low) / CELLS, 1.0)  # a component may be constant
    cells = pd.DataFrame(
        {
            "x": np.floor((x - low[0]) / side[0]).astype(int),
            "y": np.floor((y - low[1]) / side[1]).astype(int),
            "segment": segments,
        }
    )
    cells = cells[cells["x"].between(0, CELLS) & cells["y"].between(0, CELLS)]
    counted = cells.groupby(["x", "y", "segment"]).size().rename("customers").reset_index()
    largest = counted.sort_values("customers").groupby(["x", "y"]).tail(1)
    largest = largest[largest["customers"] >= SMALLEST_CELL]
    size = 3 + 13 * np.sqrt(largest["customers"] / max(largest["customers"].max(), 1))
    traces = [
        go.Scatter(
            x=low[0] + (part["x"] + 0.5) * side[0],
            y=low[1] + (part["y"] + 0.5) * side[1],
            mode="markers",
            marker={"size": size[part.index], "color": colours[number]},
            name=names[number],
            hoverinfo="name",
        )
        for number in range(len(names))
        if len(part := largest[largest["segment"] == number])
    ]
    layout = go.Layout(
        height=520,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={"title": titles[0], "fixedrange": True},
        yaxis={"title": titles[1], "fixedrange": True},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    return go.Figure(traces, layout)
