"""Each segment, RFM group and cohort over the releases, as a series of figures."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Literal

from bankseg_assets.campaigns.audiences import SEGMENT
from bankseg_assets.campaigns.release_figures import COHORT, EARLIER, Figures, ReleaseFigures

MONTHS_OF_RELEASES = 2
"""In so many, each release is a period; in more, each month is."""
Kind = Literal["all", "segment", "group", "cohort"]
Key = int | str


def money_per_customer(one: Figures) -> float | None:
    """Return the money per customer; None if either is unknown."""
    return one.money / one.customers if one.money is not None and one.customers else None


MEASURES: Mapping[str, Callable[[Figures], float | None]] = MappingProxyType(
    {
        "customers": lambda one: one.customers,
        "money": lambda one: one.money,
        "each": money_per_customer,
        "active": lambda one: one.active_share,
        "repeat": lambda one: one.repeat_share,
    }
)
"""Measure -> its value in some figures; None where it is unknown or hidden."""


@dataclass(frozen=True)
class Series:
    """A segment, group or cohort with its figures in each release; None where it was not there."""

    kind: Kind
    name: str
    figures: tuple[Figures | None, ...]

    def values(self, measure: str) -> list[float | None]:
        """Return a measure in each release; None if it is unknown, hidden, or was not there."""
        return [None if one is None else MEASURES[measure](one) for one in self.figures]

    @property
    def first(self) -> int:
        """The place of the first release that has it."""
        return next(place for place, one in enumerate(self.figures) if one is not None)

    @property
    def last(self) -> int:
        """The place of the last release that has it."""
        return max(place for place, one in enumerate(self.figures) if one is not None)


def whole(found: Sequence[ReleaseFigures]) -> Series:
    """Return the series of all customers."""
    return Series("all", "All customers", tuple(one.whole for one in found))


def series(
    found: Sequence[ReleaseFigures], kind: Kind, names: Mapping[int, str] = MappingProxyType({})
) -> list[Series]:
    """Return the series of a kind: those of the newest release by money, then those that ended.

    Cohorts are in the order of their months. `names`: id -> present name of a segment; another
    segment has the last name that the platform gave it.
    """
    ids = {one.name: one.id for of in found for one in of.figures if one.id is not None}
    by_release = [_by_key(one, kind, ids) for one in found]
    keys = dict.fromkeys(key for figures in by_release for key in figures)
    every = [
        Series(kind, _name(key, by_release, names), tuple(one.get(key) for one in by_release))
        for key in keys
    ]
    if kind == COHORT:
        return sorted(every, key=lambda one: (one.name != EARLIER, one.name))
    return sorted(every, key=_by_money)


def periods(found: Sequence[ReleaseFigures], most: int) -> list[int]:
    """Return the places of at most so many releases: all, or the newest of each snapshot's month.

    Within two months, and without snapshots as of older releases: the newest ones.
    """
    every = range(len(found))
    of_months = {found[place].snapshot_date[:7]: place for place in every}  # the last one counts
    if len(found) <= most or len(of_months) <= MONTHS_OF_RELEASES:
        return list(every)[-most:]
    return sorted(of_months.values())[-most:]


def cohort_periods(found: Sequence[ReleaseFigures], most: int) -> list[int]:
    """Return the `periods` of the releases with cohorts; older ones have none."""
    places = [place for place, one in enumerate(found) if one.cohorts]
    return [places[period] for period in periods([found[place] for place in places], most)]


def days(found: Sequence[ReleaseFigures]) -> list[datetime.date] | None:
    """Return the snapshot of each release, for an axis of time.

    None if a snapshot is unknown or earlier than the previous one, or if all are equal. A refit
    repeats a snapshot, so that its effect is a step.
    """
    if not all(one.snapshot_date for one in found):
        return None
    snapshots = [datetime.date.fromisoformat(one.snapshot_date) for one in found]
    is_axis = snapshots == sorted(snapshots) and len(set(snapshots)) > 1
    return snapshots if is_axis else None


def refits(found: Sequence[ReleaseFigures]) -> list[int]:
    """Return the places of the releases whose model is another than before."""
    return [
        place
        for place, (before, after) in enumerate(pairwise(found), 1)
        if before.model and after.model and before.model != after.model
    ]


def _by_key(found: ReleaseFigures, kind: Kind, ids: Mapping[str, int]) -> dict[Key, Figures]:
    """Return the figures of a kind: of a segment by its id, of others by their name.

    `ids`: name -> id, for a segment of an older release, which has none.
    """
    if kind == COHORT:
        return {one.name: one for one in found.cohorts}
    figures = [one for one in found.figures if one.kind == kind]
    if kind != SEGMENT:
        return {one.name: one for one in figures}
    # Without a name, the model of the release could not be read.
    return {
        ids.get(one.name, one.name) if one.id is None else one.id: one
        for one in figures
        if one.name
    }


def _name(key: Key, by_release: Sequence[Mapping[Key, Figures]], names: Mapping[int, str]) -> str:
    if isinstance(key, int) and key in names:
        return names[key]
    return next(figures[key].name for figures in reversed(by_release) if key in figures)


def _by_money(one: Series) -> tuple[int, float, str]:
    """Sort by the last release that has it, then by money, then by name."""
    newest = one.figures[one.last]
    assert newest is not None
    return (-one.last, -(newest.money or 0.0), one.name)
