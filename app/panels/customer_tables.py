"""Tables and the chart about one customer."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from app.panels.profiles import profile
from app.widgets.charts import number_axis
from app.widgets.measures import money_name
from app.widgets.numbers import Numbers
from app.widgets.palette import OTHER, TOP
from bankseg_assets.contracts.tables import HORIZONS
from bankseg_assets.lookup.customer import Customer
from bankseg_assets.lookup.history import PastSegment
from bankseg_assets.lookup.months import Month
from bankseg_assets.lookup.portrait import position, shown_measures
from bankseg_assets.presentation.formatting import day
from bankseg_assets.scoring.documents import Segment

NOT_THERE = "not among the customers"
INTERVAL_NOTE = "In brackets: four of five such customers are within."


def measures_table(
    segment: Segment, customer: Customer, numbers: Numbers, *, direction_known: bool
) -> pd.DataFrame:
    """Return the customer's measures beside the segment's, those that are known."""
    values = shown_measures(segment, customer.measures)
    known = segment.model_copy(update={"medians": {name: segment.medians[name] for name in values}})
    table = profile(known, numbers, values, direction_known=direction_known)
    places = [position(segment, name, value) for name, value in values.items()]
    if any(places):
        table["In the segment"] = [place.capitalize() or "—" for place in places]
    return table


def history_table(
    found: Sequence[PastSegment], numbers: Numbers, *, direction_known: bool
) -> pd.DataFrame:
    """Return a row for each release, the newest first."""
    money = money_name(direction_known)
    return pd.DataFrame(
        [
            {
                "Version": str(past.release.number),
                "Snapshot": _snapshot(past.customer),
                "Segment": _then(past),
                "RFM group": past.customer.rfm_group if past.customer else "—",
                money: _money(past.customer, numbers),
            }
            for past in reversed(found)
        ]
    )


def forecasts_table(
    known: Mapping[str, float], numbers: Numbers, *, direction_known: bool
) -> pd.DataFrame:
    """Return a row for each horizon, with intervals where they are known; empty if none is."""

    def cell(name: str, write: Callable[[float], str]) -> str:
        if name not in known:
            return "—"
        low, high = known.get(f"{name}_low"), known.get(f"{name}_high")
        within = "" if low is None or high is None else f" ({write(low)} to {write(high)})"
        return f"{write(known[name])}{within}"

    def days(value: float) -> str:
        return numbers.number(round(value, 1))

    def money(value: float) -> str:
        return numbers.number(round(value))

    return pd.DataFrame(
        [
            {
                "Next": f"{horizon} days",
                "Days with transactions": cell(f"days_next_{horizon}", days),
                f"{money_name(direction_known)}, {numbers.currency}": cell(
                    f"spend_next_{horizon}", money
                ),
            }
            for horizon in HORIZONS
            if f"days_next_{horizon}" in known
        ]
    )


def forecast_caption(known: Mapping[str, float], notes: Sequence[str]) -> str:
    """Return what the intervals mean, if there are any, and the notes on the forecasts."""
    has_intervals = any(name.endswith("_low") for name in known)
    return " ".join([*([INTERVAL_NOTE] if has_intervals else []), *notes])


def months_table(found: Sequence[Month], numbers: Numbers, *, has_income: bool) -> pd.DataFrame:
    """Return a row for each month; income apart where the data distinguish it."""
    columns = {
        "Month": [f"{one.month:%B %Y}" for one in found],
        "Transactions": [numbers.number(one.transactions) for one in found],
        money_name(has_income): [numbers.money(float(one.amount)) for one in found],
    }
    if has_income:
        columns["Income"] = [numbers.money(float(one.income)) for one in found]
    return pd.DataFrame(columns)


def months_chart(found: Sequence[Month], numbers: Numbers, *, has_income: bool) -> go.Figure:
    """Return bars of the money by month, with the number of transactions above each."""
    months = [f"{one.month:%b %Y}" for one in found]
    amounts = [float(one.amount) for one in found]
    incomes = [float(one.income) for one in found] if has_income else []
    bars = [
        go.Bar(
            x=months,
            y=amounts,
            name=money_name(has_income),
            text=[numbers.number(one.transactions) for one in found],
            textposition="outside",
            cliponaxis=False,
            marker_color=TOP,
            hoverinfo="skip",
        )
    ]
    if has_income:
        bars.append(go.Bar(x=months, y=incomes, name="Income", marker_color=OTHER))
    layout = go.Layout(
        height=260,
        margin={"l": 0, "r": 0, "t": 24, "b": 24},
        xaxis={"type": "category", "fixedrange": True},
        yaxis=number_axis(numbers.currency, [*amounts, *incomes], numbers) | {"automargin": True},
        showlegend=has_income,
        legend={"orientation": "h", "y": 1.2},
        bargap=0.5,
    )
    return go.Figure(bars, layout)


def last_seen(customer: Customer, numbers: Numbers) -> str:
    """Return how long ago the last transaction was, in words; empty if it is unknown."""
    days = customer.measures.get("recency")
    return "" if days is None else f"{numbers.quantity(days, 'days')} ago"


def _snapshot(customer: Customer | None) -> str:
    if customer is None or customer.snapshot_date is None:
        return "—"
    return day(customer.snapshot_date)


def _then(past: PastSegment) -> str:
    if past.customer is None:
        return NOT_THERE.capitalize()
    return f"{past.name}{' (moved)' if past.moved else ''}"


def _money(customer: Customer | None, numbers: Numbers) -> str:
    amount = customer.measures.get("monetary") if customer else None
    return "—" if amount is None else numbers.money(amount)
