"""Render the EDA report: one self-contained HTML page with plotly embedded."""

import html
from collections.abc import Mapping
from typing import Any

from bankseg_assets.presentation.disclosure import shown_count
from bankseg_assets.reports.html_page import DASH, Rows, document, html_table, section

_FEW = f"{DASH} replaces values of fewer than 11 customers."

_NO_BARS = "No data: no row has a value, or every bar has fewer than 11 customers."

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def eda_page(tables: Mapping[str, Rows], *, currency: str) -> str:
    """Return the HTML page; every chart has a caption, and a table or printed values."""
    overview = tables["overview"][0]
    sections = [
        _heading(overview, currency, is_spending="directions" in tables),
        *_directions(tables, currency),
        section(
            "Missing values",
            f"Rows without a value. The rows are kept: these values are optional. {_FEW}",
            html_table(tables["missing_values"]),
        ),
        section(
            "Amounts",
            f"Transactions by amount ({currency}, logarithmic bins).",
            _bars(
                tables["amount_distribution"], "from", "rows", f"Amount from ({currency})", log=True
            ),
        ),
        section(
            "Balances",
            f"Transactions by account balance ({currency}, logarithmic bins).",
            _bars(
                tables["balance_distribution"],
                "from",
                "rows",
                f"Balance from ({currency})",
                log=True,
            ),
        ),
        section(
            "Quantiles",
            f"Approximate, within 0.25 % of the exact values. {_FEW}",
            html_table(tables["quantiles"]),
        ),
        section(
            "Outliers",
            "Values outside Tukey's fences (1.5 IQR) of the logarithm; kept and flagged.",
            html_table(tables["outliers"]),
        ),
        section(
            "Correlations",
            "Pearson's r over transactions that have both values, money on a log scale; "
            f"{DASH} if a value is constant, or fewer than 11 customers have both.",
            html_table(tables["correlations"]),
        ),
        section(
            "Days",
            "Transactions by day.",
            _bars(tables["transactions_by_day"], "day", "rows", "Day"),
        ),
        section(
            "Weekdays", "Transactions by weekday.", _bars(_weekdays(tables), "weekday", "rows", "")
        ),
        section(
            "Hours",
            "Transactions by hour of the day.",
            _bars(tables["transactions_by_hour"], "hour", "rows", "Hour"),
        ),
        section(
            "Ages",
            "Transactions by the customer's age at the time, if known.",
            _bars(tables["age_distribution"], "age", "rows", "Age (years)"),
        ),
        section("Genders", "As delivered.", html_table(tables["genders"])),
        section(
            "Locations", "The twenty with the most transactions.", html_table(tables["locations"])
        ),
        section(
            "Transactions per customer",
            "Customers by their number of transactions; 10 means 10 or more.",
            _bars(tables["frequencies"], "frequency", "customers", "Transactions"),
        ),
        section("Identity conflicts", _conflicts(overview), ""),
        section(
            "Quarantined",
            "Rows that broke a rule, and repeated rows; each is in quarantined_transactions. "
            f"{DASH} replaces counts of 1 to 10.",
            html_table(tables["quarantine_reasons"]),
        ),
    ]
    return document("EDA report", "".join(sections), script=_plotly_script())


def _heading(overview: Mapping[str, Any], currency: str, *, is_spending: bool) -> str:
    money, first, last = (overview[name] for name in ("amount_total", "first_day", "last_day"))
    days = f", {first} to {last}" if first != last else f", all of {first}" if first else ""
    total = "" if money is None else f", {html.escape(currency)} {money:,.0f} in all"
    customers = html.escape(shown_count(overview["customers"]))
    return (
        "<h1>Exploratory data analysis</h1><p>"
        f"{overview['transactions']:,} {'spending ' if is_spending else ''}transactions of "
        f"{customers} customers{days}{total}. "
        "Distributions omit cells that may have fewer than 11 customers.</p>"
    )


def _directions(tables: Mapping[str, Rows], currency: str) -> list[str]:
    if not tables.get("directions"):
        return []
    caption = (
        f"Transactions and their sum ({currency}) by direction. All other figures of this report "
        "cover spending and transactions of unknown direction; income appears only here, and its "
        "sum is rounded to two digits. "
        f"{_FEW}"
    )
    return [section("Spending and income", caption, html_table(tables["directions"]))]


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


def _weekdays(tables: Mapping[str, Rows]) -> list[dict[str, Any]]:
    return [
        {**row, "weekday": _WEEKDAYS[row["weekday"] - 1]}
        for row in tables["transactions_by_weekday"]
    ]


def _bars(rows: Rows, x: str, y: str, x_label: str, *, log: bool = False) -> str:
    import plotly.graph_objects as go

    if not rows:
        return f"<p>{_NO_BARS}</p>"
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
    page: str = figure.to_html(full_html=False, include_plotlyjs=False)
    return page


def _plotly_script() -> str:
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script
