"""The figures of all releases as an HTML page that opens offline."""

from collections.abc import Mapping, Sequence
from typing import Any

from bankseg_assets.campaigns.release_figures import ReleaseFigures
from bankseg_assets.campaigns.trend_series import Series, cohort_periods, days, series, whole
from bankseg_assets.campaigns.trend_words import (
    UNKNOWN,
    changed,
    latest,
    life,
    measure_titles,
    month_name,
    series_title,
    snapshot,
    version,
    written,
)
from bankseg_assets.presentation.disclosure import shown_count
from bankseg_assets.presentation.formatting import PLAIN
from bankseg_assets.reports.html_page import render
from bankseg_assets.reports.line_svg import line_svg

MOST_COLUMNS = 12
"""Releases in the table of cohorts."""
_NOTE = f"{UNKNOWN} stands for figures of fewer than 11 customers, and for what would reveal them."


def trend_page(
    found: Sequence[ReleaseFigures],
    names: Mapping[int, str],
    *,
    style: str = PLAIN,
    money: str = "Money",
    note: str = "",
) -> bytes:
    """Return the page of some releases, oldest first, of at least one.

    `names`: id -> present name of a segment. `money`: the name of the sums. `note`: a sentence on
    releases that are left out.
    """
    titles = measure_titles(found, money)
    sections = [
        _of_all(found, titles, style),
        _figures(found, series(found, "segment", names), titles, style, "Segments"),
        _figures(found, series(found, "group"), titles, style, "RFM groups"),
        _cohorts(found, series(found, "cohort"), titles, style),
        _deliveries(found, style),
    ]
    first, last = version(found[0]), version(found[-1])
    summary = f"{first} to {last}." if len(found) > 1 else f"{last}."
    page = render(
        "trends.html.j2",
        summary=f"{summary} {note}".strip(),
        sections=[section for section in sections if section["tables"]],
    )
    return page.encode()


def _of_all(
    found: Sequence[ReleaseFigures], titles: Mapping[str, str], style: str
) -> dict[str, Any]:
    """Return the section of all customers: a small line for each measure."""
    one = whole(found)
    cards = [_card(found, one, measure, style) | {"name": name} for measure, name in titles.items()]
    rows = [
        {"Version": version(of)}
        | {
            name: written(measure, one.values(measure)[place], of.currency, style)
            for measure, name in titles.items()
        }
        for place, of in reversed(list(enumerate(found)))
    ]
    return {
        "title": one.name,
        "charts": [{"title": "", "cards": cards}] if len(found) > 1 else [],
        "tables": [{"title": "Figures of each version", "rows": rows}],
        "note": "",
    }


def _figures(
    found: Sequence[ReleaseFigures],
    every: Sequence[Series],
    titles: Mapping[str, str],
    style: str,
    title: str,
) -> dict[str, Any]:
    """Return a section with small lines and a table for each measure."""
    return {
        "title": title,
        "charts": [
            {"title": name, "cards": [_card(found, one, measure, style) for one in every]}
            for measure, name in titles.items()
            if len(found) > 1
        ],
        "tables": [
            {"title": f"{name} in each version", "rows": _rows(found, every, measure, style)}
            for measure, name in titles.items()
            if every
        ],
        "note": _NOTE,
    }


def _card(found: Sequence[ReleaseFigures], one: Series, measure: str, style: str) -> dict[str, str]:
    value = written(measure, latest(one, measure), found[-1].currency, style)
    remarks = [changed(one, measure), life(one, found)]
    return {
        "name": one.name,
        "value": value,
        "remark": ", ".join(filter(None, remarks)),
        "svg": line_svg(one.values(measure), _places(found), f"{one.name}: {value} at last"),
    }


def _places(found: Sequence[ReleaseFigures]) -> list[float]:
    snapshots = days(found)
    if snapshots is None:
        return [float(place) for place in range(len(found))]
    return [float(one.toordinal()) for one in snapshots]


def _rows(
    found: Sequence[ReleaseFigures], every: Sequence[Series], measure: str, style: str
) -> list[dict[str, str]]:
    """Return a row for each release, the newest first."""
    return [
        {"Version": version(of)}
        | {
            series_title(one, every, found): written(
                measure, one.values(measure)[place], of.currency, style
            )
            for one in every
        }
        for place, of in reversed(list(enumerate(found)))
    ]


def _cohorts(
    found: Sequence[ReleaseFigures],
    cohorts: Sequence[Series],
    titles: Mapping[str, str],
    style: str,
) -> dict[str, Any]:
    """Return the section of first months: the share of active customers by release."""
    columns = cohort_periods(found, MOST_COLUMNS)
    active = [
        {"First transaction": month_name(one.name, cohorts)}
        | {
            snapshot(found[place]): written("active", one.values("active")[place], "")
            if one.figures[place]
            else ""
            for place in columns
        }
        for one in cohorts
    ]
    newest = [
        {"First transaction": month_name(one.name, cohorts)}
        | {
            title: written(measure, latest(one, measure), found[-1].currency, style)
            for measure, title in titles.items()
        }
        for one in cohorts
    ]
    return {
        "title": "By the month of the first transaction",
        "charts": [],
        "tables": [
            {"title": f"{titles['active']}, at each snapshot", "rows": active},
            {"title": "All figures, newest version", "rows": newest},
        ]
        if cohorts and "active" in titles
        else [],
        "note": "The first month of the data also has customers who came before it.",
    }


def _deliveries(found: Sequence[ReleaseFigures], style: str) -> dict[str, Any]:
    rows = [
        {
            "Version": version(one),
            "New files": str(one.arrived.files),
            "Rows accepted": shown_count(one.arrived.accepted, style),
            "Rows quarantined": shown_count(one.arrived.quarantined, style),
            "Duplicates": shown_count(one.arrived.duplicates, style),
        }
        for one in reversed(found)
        if one.arrived is not None
    ]
    return {
        "title": "What came in",
        "charts": [],
        "tables": [{"title": "Rows of the new files", "rows": rows}] if rows else [],
        "note": "Of older versions it is not known." if len(rows) < len(found) else "",
    }
