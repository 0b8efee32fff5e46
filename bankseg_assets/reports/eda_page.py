"""The EDA report: one HTML page with plotly inside, so that it opens without a network."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
h1, h2 { color: #1f4e79; } table { border-collapse: collapse; margin: 1rem 0; }
td, th { border-bottom: 1px solid #ccc; padding: .25rem .75rem; text-align: right; }
td:first-child, th:first-child { text-align: left; } .wide { overflow-x: auto; }
figure { margin: 0; } figcaption { color: #444; }
"""

_DASH = "–"  # noqa: RUF001 - a dash is meant
_FEW = f"{_DASH} stands for what rests on fewer than 11 customers."

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def eda_page(tables: Mapping[str, Rows], *, currency: str) -> str:
    """Return the page. Every chart has a caption and every figure a table or a value on it."""
    overview = tables["overview"][0]
    sections = [
        _heading(overview, currency),
        _section(
            "Missing values",
            f"Rows without a value. The rows are kept: no later step needs all of them. {_FEW}",
            _html_table(tables["missing_values"]),
        ),
        _section(
            "Amounts",
            f"Transactions by amount ({currency}, logarithmic bins).",
            _bars(
                tables["amount_distribution"], "from", "rows", f"Amount from ({currency})", log=True
            ),
        ),
        _section(
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
        _section(
            "Quantiles",
            f"Within 0.25 % of the exact ones. {_FEW}",
            _html_table(tables["quantiles"]),
        ),
        _section(
            "Outliers",
            "Kept and flagged: outside Tukey's fences (1.5 IQR) of log(1 + value).",
            _html_table(tables["outliers"]),
        ),
        _section(
            "Correlations",
            "Pearson's r of transactions that have both values.",
            _html_table(tables["correlations"]),
        ),
        _section(
            "Days",
            "Transactions by day.",
            _bars(tables["transactions_by_day"], "day", "rows", "Day"),
        ),
        _section(
            "Weekdays", "Transactions by weekday.", _bars(_weekdays(tables), "weekday", "rows", "")
        ),
        _section(
            "Hours",
            "Transactions by hour of the day.",
            _bars(tables["transactions_by_hour"], "hour", "rows", "Hour"),
        ),
        _section(
            "Ages",
            "Transactions by the customer's age at the time, where the birth date is known.",
            _bars(tables["age_distribution"], "age", "rows", "Age (years)"),
        ),
        _section("Genders", "As delivered.", _html_table(tables["genders"])),
        _section(
            "Locations", "The twenty with most transactions.", _html_table(tables["locations"])
        ),
        _section(
            "Transactions a customer",
            "Customers by their number of transactions; 10 means 10 or more.",
            _bars(tables["frequencies"], "frequency", "customers", "Transactions"),
        ),
        _section("Identity conflicts", _conflicts(overview), ""),
        _section(
            "Set aside",
            "Rows that broke a rule, and repeated rows; each is in quarantined_transactions. "
            f"{_DASH} stands for 1 to 10 rows.",
            _html_table(tables["quarantine_reasons"]),
        ),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>bankseg: EDA report</title><style>{_STYLE}</style>"
        f"<script>{_plotly_script()}</script></head><body>{''.join(sections)}</body></html>\n"
    )


def _heading(overview: Mapping[str, Any], currency: str) -> str:
    return (
        "<h1>Exploratory data analysis</h1><p>"
        f"{overview['transactions']:,} transactions of {overview['customers']:,} customers, "
        f"{overview['first_day']} to {overview['last_day']}, {html.escape(currency)} "
        f"{overview['amount_total']:,.0f} in all. "
        "Distributions leave out cells that fewer than 11 customers may have made.</p>"
    )


def _conflicts(overview: Mapping[str, Any]) -> str:
    share = overview["identity_conflict_share_of_repeat"]
    if share is None:
        return "Too few customers for a share that tells of nobody."
    return (
        f"Of {overview['repeat_customers']:,} customers with two or more transactions, "
        f"{share:.1%} have rows that disagree in birth "
        "date or gender. A high share means that the customer key does not name persons: see the "
        "customer key in the delivery contract."
    )


def _section(title: str, caption: str, body: str) -> str:
    return (
        f"<h2>{html.escape(title)}</h2><figure><div class='wide'>{body}</div>"
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def _html_table(rows: Rows) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in rows[0])
    body = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(_shown(value))}</td>" for value in row.values())
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(value: Any) -> str:
    if value is None:
        return _DASH
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _weekdays(tables: Mapping[str, Rows]) -> list[dict[str, Any]]:
    return [
        {**row, "weekday": _WEEKDAYS[row["weekday"] - 1]}
        for row in tables["transactions_by_weekday"]
    ]


def _bars(rows: Rows, x: str, y: str, x_label: str, *, log: bool = False) -> str:
    import plotly.graph_objects as go

    # Categories, not numbers, for logarithmic bins: equal bars for equal ratios.
    names = [f"{row[x]:,.3g}" if log else row[x] for row in rows]
    figure = go.Figure(go.Bar(x=names, y=[row[y] for row in rows], marker_color="#1f4e79"))
    figure.update_layout(
        template="plotly_white",
        height=320,
        margin={"l": 60, "r": 20, "t": 20, "b": 50},
        xaxis_title=x_label,
        yaxis_title=y,
        xaxis_type="category" if log else None,
    )
    page: str = figure.to_html(full_html=False, include_plotlyjs=False)
    return page


def _plotly_script() -> str:
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script
