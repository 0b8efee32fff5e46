"""Figures over the releases in words, for the page and for files."""

import datetime
from collections.abc import Sequence

from bankseg_assets.campaigns.release_figures import EARLIER, Arrived, ReleaseFigures
from bankseg_assets.campaigns.trend_series import Series, whole
from bankseg_assets.presentation.formatting import (
    PLAIN,
    change,
    change_in_points,
    day,
    money,
    number,
    percent,
    short,
)

UNKNOWN = "—"
SHARES = ("active", "repeat")
WHOLE = 100
"""Money per customer of so much or more is shown without decimals."""
DWARFED = 5
"""A first delivery of so many times the largest later one is not drawn: it would hide them."""


def measure_titles(found: Sequence[ReleaseFigures], money: str) -> dict[str, str]:
    """Return measure -> title, of those that any version has; `money`: the name of the sums."""
    titles = {
        "customers": "Customers",
        "money": money,
        "each": f"{money} per customer",
        "active": f"Active in the last {found[-1].active_days} days",
        "repeat": "More than one transaction",
    }
    of_all = whole(found)
    return {
        name: title
        for name, title in titles.items()
        if any(value is not None for value in of_all.values(name))
    }


def written(measure: str, value: float | None, currency: str, style: str = PLAIN) -> str:
    """Return a value of a measure; `UNKNOWN` if it is unknown or hidden.

    >>> written("money", -1_234_567, "INR"), written("each", 12.3, "INR")
    ('INR -1.23 million', 'INR 12.30')
    """
    if value is None:
        return UNKNOWN
    if measure in SHARES:
        return percent(value)
    if measure == "customers":
        return number(value, style)
    if measure == "money":
        return f"{currency} {short(value, style)}"
    return money(value if abs(value) < WHOLE else round(value), currency, style)


def latest(one: Series, measure: str) -> float | None:
    """Return the value in the last version that has the segment, group or cohort."""
    return one.values(measure)[one.last]


def changed(one: Series, measure: str) -> str:
    """Return the change from its first known value to its last; empty if there is none."""
    known = [value for value in one.values(measure) if value is not None]
    if len(known) < 2 or latest(one, measure) is None:  # noqa: PLR2004 - two to compare
        return ""
    change_of = change_in_points if measure in SHARES else change
    return change_of(known[-1], known[0])


def life(one: Series, found: Sequence[ReleaseFigures]) -> str:
    """Return since when and until when a series was there; empty if always."""
    parts = []
    if one.first > 0:
        parts.append(f"since version {found[one.first].number}")
    if one.last < len(found) - 1:
        parts.append(f"until version {found[one.last].number}")
    return ", ".join(parts)


def series_title(one: Series, every: Sequence[Series], found: Sequence[ReleaseFigures]) -> str:
    """Return its name, with its time where two had the same name, one after the other."""
    is_only = sum(other.name == one.name for other in every) == 1
    return one.name if is_only else f"{one.name} ({life(one, found)})"


def snapshot(one: ReleaseFigures) -> str:
    """Return the snapshot of a release in words."""
    return day(one.snapshot_date) if one.snapshot_date else UNKNOWN


def version(one: ReleaseFigures) -> str:
    """Return the number of a release with its snapshot."""
    return f"Version {one.number}, {snapshot(one)}"


def with_arrivals(
    found: Sequence[ReleaseFigures],
) -> tuple[list[tuple[ReleaseFigures, Arrived]], bool]:
    """Return the versions with what came in, and whether the first is left out of charts.

    It has all earlier files: where it is far larger than the rest, their bars would be invisible.
    """
    known = [(one, one.arrived) for one in found if one.arrived is not None]
    rest = max((arrived.accepted or 0 for _, arrived in known[1:]), default=0)
    is_large = len(known) > 2 and (known[0][1].accepted or 0) > DWARFED * max(rest, 1)  # noqa: PLR2004
    return known, is_large and rest > 0


def month_name(name: str, cohorts: Sequence[Series]) -> str:
    """Return a cohort's month for people; that of all earlier ones names the first that is not."""
    if name != EARLIER:
        return f"{datetime.date.fromisoformat(f'{name}-01'):%b %Y}"
    others = [one.name for one in cohorts if one.name != EARLIER]
    return f"Before {month_name(others[0], cohorts)}" if others else "Earlier"


def left_out(others: Sequence[ReleaseFigures], currency: str) -> str:
    """Return how many versions are left out and why; empty if none is."""
    if not others:
        return ""
    demo = sum(one.is_demo for one in others)
    money = sum(not one.is_demo and one.currency not in ("", currency) for one in others)
    reasons = {"of demo data": demo, "in another currency": money}
    reasons["with another customer key"] = len(others) - demo - money
    parts = [f"{count} {why}" for why, count in reasons.items() if count]
    return f"Versions that cannot be compared are left out: {', '.join(parts)}."
