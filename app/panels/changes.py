"""Segment migration as a Sankey diagram and a table."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from app.panels.flow_layout import FONT, labelled, lay_out
from app.widgets.charts import wrapped
from app.widgets.measures import money_name
from app.widgets.numbers import Numbers
from app.widgets.palette import INK, OTHER
from bankseg_assets.migration.flows import BOTH, CUSTOMER, GONE, MODEL
from bankseg_assets.presentation.disclosure import SMALLEST_CELL, rounded_count
from bankseg_assets.presentation.formatting import day
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.published_model import segments_of

KINDS = {"both": "Both together", "customer": "The customer moved", "model": "The model moved"}
LEFT, RIGHT = 0.001, 0.999  # of the diagram; Plotly ignores 0 and 1
MARGIN = 16  # pixels above and below it
POINT = (
    "·\N{NO-BREAK SPACE}"  # it stays with the number, and is left out before one on its own line
)
EARLIER = " (previous version)"
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


def with_names(
    flows: pd.DataFrame, before: Mapping[int, str], after: Mapping[int, str]
) -> pd.DataFrame:
    """Return the flows with the present names of the segments, as the bank may rename them.

    `before`, `after`: segment -> name in the previous and in the shown version.
    """
    arrival = {CUSTOMER: before, MODEL: after, BOTH: after}
    starts = zip(flows["from_segment"], flows["from_name"], strict=True)
    ends = zip(flows["kind"], flows["to_segment"], flows["to_name"], strict=True)
    return flows.assign(
        from_name=[_name(before, number, name) for number, name in starts],
        to_name=[_name(arrival[kind], number, name) for kind, number, name in ends],
    )


def names_before(previous: Release | None) -> dict[int, str]:
    """Return segment -> name in the previous version; empty if its model cannot be read."""
    found = segments_of(previous) if previous else {}
    return {number: segment.name for number, segment in found.items()}


def _name(names: Mapping[int, str], number: float | None, recorded: str) -> str:
    return recorded if pd.isna(number) else names.get(int(number or 0), recorded)


def distinct_names(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the flows, with another name for an earlier segment that a different one is named as.

    Otherwise "from X to X" would read as customers who stayed. Older releases have such names.
    """
    same = flows["moved"] & (flows["from_name"] == flows["to_name"])
    earlier = flows["from_name"].isin(set(flows.loc[same, "from_name"]))
    names = flows["from_name"].where(~earlier, flows["from_name"] + EARLIER)
    return flows.assign(from_name=names)


def _sizes(flows: pd.DataFrame, side: str) -> dict[str, int]:
    """Return name -> customers of the segments on one side, in their order, new ones last."""
    ordered = flows.sort_values(f"{side}_segment", na_position="last", kind="stable")
    return {
        str(name): int(count)
        for name, count in ordered.groupby(f"{side}_name", sort=False)["customers"].sum().items()
    }


def _labels(sizes: Mapping[str, int], numbers: Numbers) -> list[str]:
    """Return the labels of one side's segments; empty for the smallest of many."""
    shown = labelled(list(sizes.values()))
    return [
        wrapped(_label(name, count, numbers)).replace(f"<br>{POINT}", "<br>") if is_shown else ""
        for (name, count), is_shown in zip(sizes.items(), shown, strict=True)
    ]


def _label(name: str, count: int, numbers: Numbers) -> str:
    return f"{name} {POINT}{numbers.number(count)}"


def _lines(label: str) -> int:
    return label.count("<br>") + 1 if label else 0


def sankey(
    flows: pd.DataFrame, colours: dict[str, str], numbers: Numbers, ink: str = INK["light"]
) -> go.Figure:
    """Return a Sankey diagram of the flows of one kind; `ink`: the colour of the names.

    Each name has its number of customers. Both sides are in the order of the segments. Where there
    are many, the smallest have their names in the table and on hover.
    """
    flows = distinct_names(flows)
    sides = [_sizes(flows, side) for side in ("from", "to")]
    labels = [_labels(sizes, numbers) for sizes in sides]
    layout = lay_out(
        [
            list(zip(sizes.values(), map(_lines, texts), strict=True))
            for sizes, texts in zip(sides, labels, strict=True)
        ]
    )
    left, right = (list(sizes) for sizes in sides)
    places = {("from", name): i for i, name in enumerate(left)}
    places |= {("to", name): len(left) + i for i, name in enumerate(right)}
    return go.Figure(
        go.Sankey(
            arrangement="fixed",  # Plotly would move the nodes apart again, by `pad`
            textfont={"color": ink},
            node={
                "label": [*labels[0], *labels[1]],
                "color": [
                    colours.get(name.removesuffix(EARLIER), OTHER) for name in (*left, *right)
                ],
                "pad": layout.pad,
                # Without places, Plotly orders the names of each side as it likes.
                "x": [LEFT] * len(left) + [RIGHT] * len(right),
                "y": [middle / layout.height for side in layout.middles for middle in side],
                "customdata": [
                    _label(name, count, numbers) for sizes in sides for name, count in sizes.items()
                ],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
            link={
                "source": [places["from", name] for name in flows["from_name"]],
                "target": [places["to", name] for name in flows["to_name"]],
                "value": flows["customers"].tolist(),
                "color": "rgba(140,150,163,0.35)",
                "customdata": [
                    f"{one} to {other}: {numbers.number(count)} customers"
                    for one, other, count in zip(
                        flows["from_name"], flows["to_name"], flows["customers"], strict=True
                    )
                ],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        ),
        go.Layout(
            height=round(layout.height) + 2 * MARGIN,
            margin={"l": 0, "r": 0, "t": MARGIN, "b": MARGIN},
            font={"size": FONT},
        ),
    )


def as_table(
    flows: pd.DataFrame, numbers: Numbers, *, direction_known: bool = False
) -> pd.DataFrame:
    """Return the moves by descending number of customers, then the customers who stayed."""
    money = money_name(direction_known)
    flows = distinct_names(flows)
    ordered = flows.sort_values(["moved", "customers"], ascending=False, ignore_index=True)
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


def compared(before: str, after: str, old: Release | None, new: Release) -> str:
    """Return which snapshots and versions are compared; `old` is None if it was removed."""
    earlier = f"version {old.number}" if old else "the previous version"
    this = f"version {new.number}"
    if before == after:
        return (
            f"Both {earlier} and {this} are of the snapshot of {day(after)}: files of the same "
            "days were added or corrected, or the model was fitted again."
        )
    return f"Snapshots of {day(before)} ({earlier}) and {day(after)} ({this})."
