"""Render the EDA report: one self-contained HTML page with plotly embedded."""

from collections.abc import Mapping
from typing import Any

from bankseg_assets.presentation.disclosure import shown_count
from bankseg_assets.presentation.phrases import window_note
from bankseg_assets.reports.html_page import Rows, render

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def eda_page(tables: Mapping[str, Rows], *, currency: str) -> str:
    """Return the HTML page; every chart has a caption, and a table or printed values."""
    overview = tables["overview"][0]
    return render(
        "eda_report.html.j2",
        tables=tables,
        currency=currency,
        summary=_summary(overview, currency, is_spending="directions" in tables),
        conflicts=_conflicts(overview),
        weekdays=_weekdays(tables["transactions_by_weekday"]),
        bar_chart=_bar_chart,
        plotly_script=_plotly_script(),
    )


def _summary(overview: Mapping[str, Any], currency: str, *, is_spending: bool) -> str:
    money, first, last = (overview[name] for name in ("amount_total", "first_day", "last_day"))
    days = f", {first} to {last}" if first != last else f", all of {first}" if first else ""
    total = "" if money is None else f", {currency} {money:z,.0f} in all"
    customers = shown_count(overview["customers"])
    summary = (
        f"{overview['transactions']:,} {'spending ' if is_spending else ''}transactions of "
        f"{customers} customers{days}{total}."
    )
    return f"{summary} {window_note(overview)}".strip()


def _conflicts(overview: Mapping[str, Any]) -> str:
    share = overview["identity_conflict_share_of_repeat"]
    if share is None:
        return "Too few customers: a share would disclose individuals."
    if not overview["repeat_customers"]:
        return "No customer has two or more transactions, so no rows can disagree."
    return (
        f"Of {overview['repeat_customers']:,} customers with two or more transactions, "
        f"{share:.1%} have rows that disagree in birth "
        "date or gender. A high share means that the customer key does not identify persons: see "
        "the customer key in the delivery contract."
    )


def _weekdays(rows: Rows) -> Rows:
    return [{**row, "weekday": _WEEKDAYS[row["weekday"] - 1]} for row in rows]


def _bar_chart(rows: Rows, x: str, y: str, x_label: str, *, log: bool) -> str:
    """Return the HTML of a chart, with its texts escaped by plotly."""
    import plotly.graph_objects as go

    # A category axis for logarithmic bins: equal widths for equal ratios.
    names = [f"{row[x]:,.3g}" if log else row[x] for row in rows]
    figure = go.Figure(go.Bar(x=names, y=[row[y] for row in rows], marker_color="#1f4e79"))
    figure.update_layout(
        template="plotly_white",
        height=320,
        margin={"l": 60, "r": 20, "t": 20, "b": 50},
        xaxis_title=x_label,
        yaxis_title=y,
        # A single day has no width on a time axis.
        xaxis_type="category" if log or len(rows) == 1 else None,
    )
    chart: str = figure.to_html(full_html=False, include_plotlyjs=False)
    return chart


def _plotly_script() -> str:
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script
