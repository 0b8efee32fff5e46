"""The classic grid: recency by frequency, money as colour."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts import HUE
from app.numbers import Numbers

HIDDEN = "fewer than 11"
SCORES = 5


def thresholds(row: Mapping[str, Any], measure: str, unit: str) -> str:
    """Return the values behind a score: "1 to 12 days", "4 transactions or more"."""
    low, high = row[f"{measure}_from"], row[f"{measure}_to"]
    if pd.isna(low) and pd.isna(high):
        return "none"
    if pd.isna(high):
        return f"{low:.0f} {unit} or more"
    if pd.isna(low):
        return f"up to {high:.0f} {unit}"
    if low == high:
        return f"{low:.0f} {unit.removesuffix('s') if low == 1 else unit}"
    return f"{low:.0f} to {high:.0f} {unit}"


def heat_grid(cells: pd.DataFrame, numbers: Numbers) -> go.Figure:
    """Return the grid of RFM_GRID: just active above, often on the right."""
    found = {(row["recency_score"], row["frequency_score"]): row for row in _rows(cells)}
    across = sorted(cells["frequency_score"].unique())
    down = sorted(cells["recency_score"].unique(), reverse=True)
    rows = {r: next(row for key, row in found.items() if key[0] == r) for r in down}
    columns = {f: next(row for key, row in found.items() if key[1] == f) for f in across}
    money = [[_money(found.get((r, f))) for f in across] for r in down]
    texts = [[_text(found.get((r, f)), numbers) for f in across] for r in down]
    heat = go.Heatmap(
        z=[[None if value is None else value**0.5 for value in line] for line in money],
        x=[thresholds(columns[f], "frequency", "transactions") for f in across],
        y=[thresholds(rows[r], "recency", "days ago") for r in down],
        text=texts,
        texttemplate="%{text}",
        textfont={"color": "#111111", "size": 12},
        colorscale=HUE,
        showscale=False,
        hoverinfo="skip",
        xgap=2,
        ygap=2,
    )
    layout = go.Layout(
        height=110 + 74 * len(down),
        margin={"l": 0, "r": 0, "t": 8, "b": 40},
        xaxis={"title": "Transactions", "fixedrange": True, "type": "category"},
        yaxis={
            "title": "Last transaction",
            "autorange": "reversed",
            "fixedrange": True,
            "type": "category",
            "automargin": True,
        },
    )
    return go.Figure(heat, layout)


def as_table(cells: pd.DataFrame, numbers: Numbers) -> pd.DataFrame:
    """Return the grid as rows for people."""
    ordered = cells.sort_values(["recency_score", "frequency_score"], ascending=[False, True])
    return pd.DataFrame(
        [
            {
                "Last transaction": thresholds(row, "recency", "days ago"),
                "Transactions": thresholds(row, "frequency", "transactions"),
                "Customers": _count(row["customers"], numbers),
                "Money": HIDDEN if pd.isna(row["monetary"]) else numbers.money(row["monetary"]),
                "Mostly": row["rfm_group"] or "",
            }
            for row in _rows(ordered)
            if row["customers"] != 0
        ]
    )


def cross_table(groups: pd.DataFrame, numbers: Numbers) -> pd.DataFrame:
    """Return named groups by segments: customers in both."""
    shown = groups.assign(count=[_count(value, numbers) for value in groups["customers"]])
    wide = shown.pivot_table(
        index="rfm_group", columns="segment_name", values="count", aggfunc="first", sort=False
    )
    return wide.fillna("0").reset_index().rename(columns={"rfm_group": "Group"})


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _money(row: Any) -> float | None:
    return None if row is None or pd.isna(row["monetary"]) else float(row["monetary"])


def _text(row: Any, numbers: Numbers) -> str:
    if row is None or row["customers"] == 0:
        return ""
    group = row["rfm_group"] or ""
    return f"<b>{_count(row['customers'], numbers)}</b><br>{group}"


def _count(value: float, numbers: Numbers) -> str:
    return HIDDEN if pd.isna(value) else numbers.number(value)
