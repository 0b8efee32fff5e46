"""One fact on the platform's health, with a colour and the next step."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

from bankseg_assets.presentation.formatting import quantity
from bankseg_assets.storage.documents import Document

Level = Literal["green", "amber", "red"]
LEVELS: tuple[Level, ...] = ("green", "amber", "red")
_UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"))


class Finding(Document):
    """A fact. green: fine; amber: works, but someone should look; red: does not do its work."""

    topic: str
    level: Level
    fact: str
    next_step: str = ""
    """Empty if nothing is to be done."""


def worst(found: Iterable[Finding]) -> Level:
    """Return the worst level."""
    return max((one.level for one in found), key=LEVELS.index, default="green")


def span(age: timedelta) -> str:
    """Return a duration in its largest unit.

    >>> span(timedelta(seconds=20)), span(timedelta(minutes=90)), span(timedelta(days=40))
    ('under a minute', '1 hour', '40 days')
    """
    for size, unit in _UNITS:
        if (count := age.total_seconds() // size) >= 1:
            return quantity(count, unit)
    return "under a minute"
