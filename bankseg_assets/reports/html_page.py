"""Building blocks of HTML reports: a frame that opens offline, sections, tables."""

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

DASH = "–"  # noqa: RUF001 - a dash is meant


def document(title: str, body: str, *, script: str = "") -> str:
    """Return the page; `body` and `script` must already be escaped."""
    scripts = f"<script>{script}</script>" if script else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>bankseg: {html.escape(title)}</title><style>{_STYLE}</style>"
        f"{scripts}</head><body>{body}</body></html>\n"
    )


def section(title: str, caption: str, body: str) -> str:
    """Return a figure with title and caption."""
    return (
        f"<h2>{html.escape(title)}</h2><figure><div class='wide'>{body}</div>"
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def html_table(rows: Rows) -> str:
    """Return the rows as an HTML table; None is shown as a dash."""
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{html.escape(str(name).replace('_', ' '))}</th>" for name in rows[0])
    body = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(_shown(value))}</td>" for value in row.values())
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(value: Any) -> str:
    if value is None:
        return DASH
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
