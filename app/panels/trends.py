"""Figures over the versions for the page Trends: small lines, bars, a heat map, and tables."""

import datetime
from collections.abc import Sequence
from html import escape

import pandas as pd
import plotly.graph_objects as go

from app.panels.heat import heat
from app.widgets.numbers import Numbers
from app.widgets.palette import OTHER, Look, hue
from bankseg_assets.campaigns.release_figures import Arrived, ReleaseFigures
from bankseg_assets.campaigns.trend_series import Series, cohort_periods, days, refits
from bankseg_assets.campaigns.trend_words import (
    SHARES,
    UNKNOWN,
    latest,
    month_name,
    series_title,
    snapshot,
    version,
    written,
)
from bankseg_assets.presentation.axes import line_range
from bankseg_assets.presentation.disclosure import shown_count
from bankseg_assets.presentation.formatting import percent
from bankseg_assets.presentation.phrases import whole_percent

HEIGHT = 120
MOST_COLUMNS = 6
"""Versions in the heat map: so many percentages fit beside each other on a phone."""
MOST_ROWS = 12
"""Months in the heat map; the table has all."""


def line(
    one: Series,
    measure: str,
    found: Sequence[ReleaseFigures],
    numbers: Numbers,
    *,
    colour: str,
) -> go.Figure:
    """Return a small line over the versions, with gaps where a value is unknown or hidden.

    Its own scale: a small segment's changes would vanish on that of a large one. Dotted lines are
    where the model was fitted.
    """
    places, values = axis_places(found), one.values(measure)
    known = [value for value in values if value is not None]
    lone = [
        value is not None
        and (place == 0 or values[place - 1] is None)
        and (place == len(values) - 1 or values[place + 1] is None)
        for place, value in enumerate(values)
    ]
    drawn = go.Scatter(
        x=places,
        y=values,
        mode="lines+markers",
        # A value between two gaps has no line.
        marker={"size": [6 if is_lone else 0 for is_lone in lone], "color": colour, "opacity": 1},
        line={"width": 2, "color": colour},
        hovertext=[
            f"{version(of)}<br>{written(measure, value, numbers.currency, numbers.style)}"
            for of, value in zip(found, values, strict=True)
        ],
        hoverinfo="text",
        connectgaps=False,
    )
    figure = go.Figure(drawn, _small_layout(found, places))
    if known:
        low, high = min(known), max(known)
        ends = (
            [low, high]
            if written(measure, low, numbers.currency, numbers.style)
            != written(measure, high, numbers.currency, numbers.style)
            else [high]
        )
        figure.update_yaxes(
            range=line_range(known),
            tickvals=ends,
            ticktext=[_tick(measure, value, numbers) for value in ends],
        )
    for place in refits(found):
        figure.add_vline(x=places[place], line={"width": 1, "dash": "dot", "color": OTHER})
    return figure


def bars(
    rows: Sequence[int | None],
    found: Sequence[ReleaseFigures],
    numbers: Numbers,
    *,
    colour: str,
) -> go.Figure:
    """Return a small bar for each version; None, 1 to 10 rows, has no length."""
    places = list(range(len(found)))
    drawn = go.Bar(
        x=places,
        y=[count or 0 for count in rows],
        marker_color=colour,
        hovertext=[
            f"{version(of)}<br>{escape(shown_count(count, numbers.style))} rows"
            for of, count in zip(found, rows, strict=True)
        ],
        hoverinfo="text",
    )
    most = max((count or 0 for count in rows), default=0)
    figure = go.Figure(drawn, _small_layout(found, places))
    figure.update_yaxes(
        range=[0, 1.15 * max(most, 1)],
        tickvals=[most] if most else [],
        ticktext=[numbers.short(most)],
    )
    return figure


def cohort_heat(
    cohorts: Sequence[Series], found: Sequence[ReleaseFigures], *, look: Look
) -> go.Figure:
    """Return the share of active customers: months of the first transaction by versions."""
    columns = cohort_periods(found, MOST_COLUMNS)
    shown = newest_cohorts(cohorts)
    values = [[one.values("active")[place] for place in columns] for one in shown]
    there = [[one.figures[place] is not None for place in columns] for one in shown]
    return heat(
        values,
        [
            [
                "" if not is_there else UNKNOWN if value is None else _narrow(value)
                for value, is_there in zip(line, are_there, strict=True)
            ]
            for line, are_there in zip(values, there, strict=True)
        ],
        rows=[month_name(one.name, cohorts) for one in shown],
        columns=[_column(found[place]) for place in columns],
        scale=hue(look),
        limits=(0, 1),
        look=look,
    )


def newest_cohorts(cohorts: Sequence[Series]) -> list[Series]:
    """Return the cohorts of the heat map, the newest last."""
    return list(cohorts[-MOST_ROWS:])


def figures_table(
    every: Sequence[Series], measure: str, found: Sequence[ReleaseFigures], numbers: Numbers
) -> pd.DataFrame:
    """Return a row for each version, the newest first, and a column for each series."""
    columns = {
        "Version": [str(one.number) for one in found],
        "Snapshot": [snapshot(one) for one in found],
    }
    columns |= {
        series_title(one, every, found): [
            written(measure, value, numbers.currency, numbers.style)
            for value in one.values(measure)
        ]
        for one in every
    }
    return pd.DataFrame(columns).iloc[::-1].reset_index(drop=True)


def cohort_table(
    cohorts: Sequence[Series],
    measures: dict[str, str],
    numbers: Numbers,
) -> pd.DataFrame:
    """Return a row for each month with its figures in the last version that has it."""
    return pd.DataFrame(
        [
            {
                "First transaction": month_name(one.name, cohorts),
                **{
                    title: written(name, latest(one, name), numbers.currency, numbers.style)
                    for name, title in measures.items()
                },
            }
            for one in cohorts
        ]
    )


def deliveries_table(
    known: Sequence[tuple[ReleaseFigures, Arrived]], numbers: Numbers
) -> pd.DataFrame:
    """Return a row for each version with what came in, the newest first."""
    return pd.DataFrame(
        [
            {
                "Version": str(one.number),
                "Snapshot": snapshot(one),
                "New files": numbers.number(arrived.files),
                "Rows accepted": shown_count(arrived.accepted, numbers.style),
                "Rows quarantined": shown_count(arrived.quarantined, numbers.style),
                "Duplicates": shown_count(arrived.duplicates, numbers.style),
            }
            for one, arrived in reversed(known)
        ]
    )


def axis_places(found: Sequence[ReleaseFigures]) -> list[datetime.date] | list[int]:
    """Return the place of each version on the axis: its snapshot, or its number in the list."""
    return days(found) or list(range(len(found)))


def _narrow(share: float) -> str:
    """Return a share in at most four characters: a sixth of a phone's width.

    >>> _narrow(0.001), _narrow(0.42), _narrow(0.999)
    ('&lt;1%', '42%', '&gt;99%')
    """
    return escape(whole_percent(share).replace("under ", "<").replace("over ", ">"))


def _small_layout(
    found: Sequence[ReleaseFigures], places: Sequence[datetime.date] | Sequence[int]
) -> go.Layout:
    ends = [0, len(found) - 1] if len(found) > 1 else [0]
    return go.Layout(
        height=HEIGHT,
        margin={"l": 0, "r": 24, "t": 4, "b": 0},
        showlegend=False,
        dragmode=False,
        hovermode="closest",
        xaxis={
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
            "tickvals": [places[end] for end in ends],
            "ticktext": [_column(found[end]) for end in ends],
        },
        yaxis={"fixedrange": True, "zeroline": False, "automargin": True},
    )


def _tick(measure: str, value: float, numbers: Numbers) -> str:
    return percent(value) if measure in SHARES else numbers.short(value)


def _column(one: ReleaseFigures) -> str:
    """Return a short name of a version: its snapshot, in two lines."""
    if not one.snapshot_date:
        return f"version {one.number}"
    return f"{datetime.date.fromisoformat(one.snapshot_date):%-d %b<br>%Y}"
