"""Tables and the chart of the forecasts."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.widgets.charts import number_axis
from app.widgets.measures import money_name
from app.widgets.numbers import Numbers
from app.widgets.palette import OTHER, TOP
from bankseg_assets.presentation.formatting import percent, three_digits

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


def segments_table(
    profiles: pd.DataFrame, numbers: Numbers, *, direction_known: bool
) -> pd.DataFrame:
    """Return what each segment will spend, the most first; empty if it is not known."""
    if profiles.empty or "total_spend_next_90" not in profiles:
        return pd.DataFrame()
    money = money_name(direction_known)
    shown = profiles.dropna(subset="total_spend_next_90").query("customers > 0")
    return pd.DataFrame(
        [
            {
                "Segment": row["segment_name"],
                "Customers": numbers.number(row["customers"]),
                f"{money}, next 90 days": numbers.short_money(row["total_spend_next_90"]),
                "Per customer": numbers.money(round(row["total_spend_next_90"] / row["customers"])),
                "Still active": UNKNOWN
                if pd.isna(row["mean_p_alive"])
                else percent(row["mean_p_alive"]),
            }
            for _, row in shown.sort_values("total_spend_next_90", ascending=False).iterrows()
        ]
    )


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
                else f"{found['rank_correlation']:.2f}",
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
