"""Segment migration as a Sankey diagram and a table."""

import pandas as pd
import plotly.graph_objects as go

from app.widgets.measures import money_name
from app.widgets.numbers import Numbers
from app.widgets.palette import INK, OTHER
from bankseg_assets.migration.flows import GONE
from bankseg_assets.presentation.disclosure import SMALLEST_CELL, rounded_count

KINDS = {"both": "Both together", "customer": "The customer moved", "model": "The model moved"}
EXPLAINED = {
    "both": "From the previous segment to the current one.",
    "customer": "New data, previous model: changes in the behaviour of the customers.",
    "model": "Same data, new model: only the boundaries of the segments changed.",
}


def shown(flows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the flows of a kind for display: at least 11 customers, to the nearest ten.

    Money is rounded to three digits. Exact counts, with the exact sizes of the segments, would
    reveal a single hidden flow. Customers who are gone are left out.
    """
    few = flows["customers"] < SMALLEST_CELL
    found = flows[(flows["kind"] == kind) & ~few & (flows["from_name"] != GONE)]
    return found.assign(
        customers=[rounded_count(int(count)) for count in found["customers"]],
        money=[float(f"{money:.3g}") for money in found["money"]],
    )


def sankey(flows: pd.DataFrame, colours: dict[str, str], ink: str = INK["light"]) -> go.Figure:
    """Return a Sankey diagram of the flows of one kind; `ink`: the colour of the names."""
    left = list(dict.fromkeys(flows["from_name"]))
    right = list(dict.fromkeys(flows["to_name"]))
    places = {("from", name): i for i, name in enumerate(left)}
    places |= {("to", name): len(left) + i for i, name in enumerate(right)}
    return go.Figure(
        go.Sankey(
            textfont={"color": ink},
            node={
                "label": [*left, *right],
                "color": [colours.get(name, OTHER) for name in (*left, *right)],
                "pad": 18,
                "hovertemplate": "%{label}<extra></extra>",
            },
            link={
                "source": [places["from", name] for name in flows["from_name"]],
                "target": [places["to", name] for name in flows["to_name"]],
                "value": flows["customers"].tolist(),
                "color": "rgba(140,150,163,0.35)",
            },
        ),
        go.Layout(height=420, margin={"l": 0, "r": 0, "t": 16, "b": 16}, font={"size": 13}),
    )


def as_table(
    flows: pd.DataFrame, numbers: Numbers, *, direction_known: bool = False
) -> pd.DataFrame:
    """Return the moves by descending number of customers, then the customers who stayed."""
    money = money_name(direction_known)
    ordered = flows.sort_values(["moved", "customers"], ascending=False)
    # New customers have neither moved nor stayed: they have no previous segment number.
    stayed = ~ordered["moved"] & ordered["from_segment"].notna() & ordered["to_segment"].notna()
    return pd.DataFrame(
        {
            "From": ordered["from_name"],
            "To": [
                f"{name} (stayed)" if there else name
                for there, name in zip(stayed, ordered["to_name"], strict=True)
            ],
            "Customers": [numbers.number(n) for n in ordered["customers"]],
            money: [numbers.money(round(float(n))) for n in ordered["money"]],
        }
    )
