"""Tables and the chart of the forecasts."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.widgets.charts import BAR_HEIGHT, number_axis, wrapped
from app.widgets.measures import money_name
from app.widgets.numbers import Numbers
from app.widgets.palette import OTHER, TOP, colour
from bankseg_assets.presentation.formatting import percent, three_digits
from bankseg_assets.scoring.documents import Segment

FORECASTS = {
    "model": "Model (BG/NBD, Gamma-Gamma)",
    "past": "The past repeated",
    "segment": "Mean of the segment",
}
UNKNOWN = "—"
TEST_NOTE = (
    "Fitted on the first two thirds of the span, compared with the last third. Total: forecast "
    "over actual sum, 100% is right. Error: mean absolute error per customer. Ranking: rank "
    "correlation with what followed, 1 is perfect and 0 is chance. The segments of this test are "
    "groups by recency and number of days."
)


def used(document: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    """Return the quality of the forecast that is shown; what: `days` or `spend`."""
    quality: Mapping[str, Any] = document[f"{what}_quality"][document[f"{what}_by"]]
    return quality


def forecasts_by_segment(profiles: pd.DataFrame, segments: Sequence[Segment]) -> pd.DataFrame:
    """Return the rows of the profiles with a forecast, the most first; empty if none is known.

    With the present names, as the bank may rename a segment.
    """
    if profiles.empty or "total_spend_next_90" not in profiles:
        return pd.DataFrame()
    names = {one.segment: one.name for one in segments}
    known = profiles.dropna(subset="total_spend_next_90").query("customers > 0")
    found = known.sort_values("total_spend_next_90", ascending=False)
    return found.assign(
        segment_name=found["segment"].map(names).fillna(found["segment_name"]),
        each=found["total_spend_next_90"] / found["customers"],
    )


def segments_table(found: pd.DataFrame, numbers: Numbers, *, direction_known: bool) -> pd.DataFrame:
    """Return what each segment will spend, of `forecasts_by_segment`."""
    money = money_name(direction_known)
    return pd.DataFrame(
        [
            {
                "Segment": row["segment_name"],
                "Customers": numbers.number(row["customers"]),
                f"{money}, next 90 days": numbers.short_money(row["total_spend_next_90"]),
                "Per customer": numbers.money(round(row["each"])),
                "Still active": UNKNOWN
                if pd.isna(row["mean_p_alive"])
                else percent(row["mean_p_alive"]),
            }
            for _, row in found.iterrows()
        ]
    )


def segment_bars(found: pd.DataFrame, segments: Sequence[Segment], numbers: Numbers) -> go.Figure:
    """Return a bar of what each segment will spend, in its colour, of `forecasts_by_segment`."""
    colour_of = {one.segment: colour(one) for one in segments}
    totals = [float(total) for total in found["total_spend_next_90"]]
    bars = go.Bar(
        x=totals,
        y=[wrapped(name) for name in found["segment_name"]],
        orientation="h",
        text=[
            f"{numbers.short_money(total)}<br>{numbers.money(round(each))} each"
            for total, each in zip(totals, found["each"], strict=True)
        ],
        textposition="outside",
        cliponaxis=False,
        marker_color=[colour_of.get(number, OTHER) for number in found["segment"]],
        hoverinfo="skip",
    )
    layout = go.Layout(
        height=20 + BAR_HEIGHT * len(totals),
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        # The text of the longest bar has space beside it, also on a phone.
        xaxis={"range": [0, 1.9 * max([*totals, 1e-9])], "visible": False, "fixedrange": True},
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True},
    )
    return go.Figure(bars, layout)


def test_table(
    document: Mapping[str, Any], numbers: Numbers, *, direction_known: bool
) -> pd.DataFrame:
    """Return the errors of each forecast; empty if they were not measured."""
    money = money_name(direction_known)
    names = {"days": "Days with transactions", "spend": f"{money}, {numbers.currency}"}
    return pd.DataFrame(
        [
            {
                "Forecast of": names[what],
                "By": f"{label}{' (shown)' if by == document[f'{what}_by'] else ''}",
                "Total": UNKNOWN
                if found["total_error"] is None
                else f"{numbers.number(round(100 * (1 + found['total_error'])))}%",
                "Error": numbers.number(three_digits(found["mae"])),
                "Ranking": UNKNOWN
                if found["rank_correlation"] is None
                else f"{found['rank_correlation']:z.2f}",
            }
            for what in names
            for by, label in FORECASTS.items()
            if (found := document[f"{what}_quality"].get(by))
        ]
    )


def calibration_table(deciles: Sequence[Sequence[float]], numbers: Numbers) -> pd.DataFrame:
    """Return mean forecast and mean actual value of each tenth of the customers."""
    return pd.DataFrame(
        [
            {
                "Tenth": str(place),
                "Forecast": numbers.money(three_digits(forecast)),
                "Actual": numbers.money(three_digits(actual)),
            }
            for place, (forecast, actual) in enumerate(deciles, 1)
        ]
    )


def calibration(deciles: Sequence[Sequence[float]], numbers: Numbers) -> go.Figure:
    """Return a pair of bars for each tenth of the customers."""
    tenths = [str(place) for place in range(1, len(deciles) + 1)]
    forecasts, actual = [one for one, _ in deciles], [one for _, one in deciles]
    bars = [
        go.Bar(x=tenths, y=forecasts, name="Forecast", marker_color=OTHER),
        go.Bar(x=tenths, y=actual, name="Actual", marker_color=TOP),
    ]
    axis = number_axis(numbers.currency, [*forecasts, *actual], numbers)
    layout = go.Layout(
        height=320,
        margin={"l": 0, "r": 0, "t": 24, "b": 24},
        xaxis={"type": "category", "fixedrange": True, "title": "tenth of the customers"},
        yaxis=axis | {"automargin": True},
        legend={"orientation": "h", "y": 1.2},
    )
    return go.Figure(bars, layout)
