"""The RFM grid: recency by frequency, as coloured boxes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from app.widgets.numbers import Numbers
from app.widgets.palette import SHADE, Look, between, hue
from bankseg_assets.presentation.disclosure import hidden_cells
from bankseg_assets.presentation.formatting import percent
from bankseg_assets.presentation.markdown import escaped

HIDDEN = "fewer than 11"
SMALL_COUNT = "<11"
CUSTOMERS, MONEY, EACH = "customers", "money", "each"
SHOWN = (CUSTOMERS, MONEY, EACH)
"""What the cells show: the number of customers, their money, or the money of each."""

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


class Box(NamedTuple):
    """A cell of the grid as a person sees it; `fill`: a colour, empty for a cell of no one."""

    cell: Cell
    text: str
    fill: str
    where: str

    @property
    def is_empty(self) -> bool:
        """Whether no customer is in the cell."""
        return not self.fill


def boxes(
    cells: pd.DataFrame,
    numbers: Numbers,
    *,
    shows: str = CUSTOMERS,
    look: Look = "light",
    direction_known: bool = False,
) -> list[list[Box]]:
    """Return the rows of the grid: recent customers on top, frequent on the right.

    `shows`: one of SHOWN, as number and colour of each cell.
    """
    found = {(row["recency_score"], row["frequency_score"]): row for row in _rows(cells)}
    down = scores(cells, "recency", "days ago")
    across = dict(reversed(scores(cells, "frequency", "transactions").items()))
    values = {cell: _value(found.get(cell), shows) for cell in found}
    most = max((value for value in values.values() if value is not None), default=0.0)
    last = names_of(direction_known).last

    def box(cell: Cell) -> Box:
        row, value = found.get(cell), values.get(cell)
        where = f"{last}: {down[cell[0]]}; {across[cell[1]]}"
        if value is not None:
            # The square root, or one cell would make all others look alike.
            strength = (max(value, 0.0) / most) ** 0.5 if most > 0 else 0.0
            return Box(cell, _text(row, value, shows, numbers), between(hue(look), strength), where)
        if _is_hidden(row):
            return Box(cell, f"**{escaped(SMALL_COUNT)}**", SHADE[look], where)
        return Box(cell, "–", "", where)  # noqa: RUF001

    return [[box((recency, frequency)) for frequency in across] for recency in down]


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


def cross_table(groups: pd.DataFrame, names: Mapping[int, str], numbers: Numbers) -> pd.DataFrame:
    """Return a cross table of customers: named groups by segments; `names`: of the segments."""
    shown = groups.assign(
        count=[_count(value, numbers) for value in groups["customers"]],
        segment_name=[
            names.get(number, name)
            for number, name in zip(groups["segment"], groups["segment_name"], strict=True)
        ],
    )
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


def _value(row: Any, shows: str) -> float | None:
    if row is None or _is_hidden(row) or row["customers"] == 0:
        return None
    money, customers = float(row["monetary"]), float(row["customers"])
    return {CUSTOMERS: customers, MONEY: money, EACH: money / customers}[shows]


def _is_hidden(row: Any) -> bool:
    return row is not None and bool(pd.isna(row["customers"]))


def _text(row: Any, value: float, shows: str, numbers: Numbers) -> str:
    figure = numbers.number(value) if shows == CUSTOMERS else numbers.short(value)
    return f"**{figure}**  \n:small[{escaped(_share(row))}]"


def _share(row: Any) -> str:
    """Return the most common group with its share: a cell has customers of several groups."""
    group = row["rfm_group"] or ""
    share = row["group_share"]
    return f"{group} {percent(share)}" if group and share is not None and share < 1 else group


def _count(value: float, numbers: Numbers) -> str:
    return HIDDEN if pd.isna(value) else numbers.number(value)
