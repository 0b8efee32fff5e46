"""Render HTML reports that open offline from Jinja2 templates, which escape all text."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

Rows = Sequence[Mapping[str, Any]]

DASH = "–"  # noqa: RUF001 - a dash is meant


def render(template: str, **values: Any) -> str:
    """Return the page of a template in `reports/templates`."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("bankseg_assets.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["shown"] = _shown
    return environment


def _shown(value: Any) -> str:
    if value is None:
        return DASH
    if isinstance(value, float):
        return f"{value:z,.4g}" if abs(value) < 1 else f"{value:z,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
