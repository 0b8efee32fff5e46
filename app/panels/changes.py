"""Who moved from which segment to which: a Sankey and its table."""

import pandas as pd
import plotly.graph_objects as go

from app.widgets.numbers import Numbers
from bankseg_assets.migration.flows import GONE
from bankseg_assets.presentation.disclosure import SMALLEST_CELL, rounded_count

KINDS = {"both": "Both together", "customer": "The customer moved", "model": "The model moved"}
EXPLAINED = {
    "both": "From the segment then to the segment now.",
    "customer": "New data, old model: what these customers did since.",
    "model": "Same data, new model: nothing happened but that the segments were drawn anew.",
}


def shown(flows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the flows of a kind as people may see them: 11 customers or more, to the nearest ten.

    Money is to three digits. Exact ones would tell, with the exact sizes of the segments, the one
    flow that is hidden. Who is gone goes no further.
    """
    few = flows["customers"] < SMALLEST_CELL
    found = flows[(flows["kind"] == kind) & ~few & (flows["from_name"] != GONE)]
    return found.assign(
        customers=[rounded_count(int(count)) for count in found["customers"]],
        money=[float(f"{money:.3g}") for money in found["money"]],
    )


def sankey(flows: pd.DataFrame, colours: dict[str, str], ink: str = "#262730") -> go.Figure:
    """Return the flows of one kind, from left to right; `ink` is the colour of the names."""
    left = list(dict.fromkeys(flows["from_name"]))
    right = list(dict.fromkeys(flows["to_name"]))
    places = {("from", name): i for i, name in enumerate(left)}
    places |= {("to", name): len(left) + i for i, name in enumerate(right)}
    return go.Figure(
        go.Sankey(
            textfont={"color": ink},
            node={
                "label": [*left, *right],
                "color": [colours.get(name, "#8c96a3") for name in (*left, *right)],
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
    """Return who moved, most customers first, then who stayed."""
    money = "Spending" if direction_known else "Money"
    ordered = flows.sort_values(["moved", "customers"], ascending=False)
    # Who is new has not moved, and has not stayed either: only a segment has a number.
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
