"""Find the smallest change of one measure that moves a customer to another segment.

For each known measure the posterior is computed on a fine grid of values, with the other inputs
fixed, and the nearest value of another segment is refined. Distances are Euclidean in the model's
standardised features, so that days, transactions and money are comparable.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bankseg_assets.scoring.bundle import (
    Bundle,
    transformed,
)
from bankseg_assets.scoring.explain.plausible_values import (
    SMALLEST_COIN,
    WHOLE,
    limits,
    log_offset,
    spread,
)
from bankseg_assets.scoring.explain.wording import written
from bankseg_assets.scoring.observed import outside
from bankseg_assets.scoring.posterior import Known, known_features, known_of, log_posterior
from bankseg_assets.stats.arrays import Array

POINTS = 1_500  # grid points over ten powers of ten: a step is 1.5 %, and narrower bands are missed
REFINED = 256  # grid points within a step; two refinements come within 2e-7 of the border
FEWEST_DIGITS = 3  # rounding of the reported sum: at most 1 % more than needed
MOST_DIGITS = 15


@dataclass(frozen=True)
class Change:
    """A new value of one measure and the segment that it leads to.

    distance: from the present to the new value, in standardised features.
    """

    name: str
    label: str
    before: float
    after: float
    segment: int
    distance: float
    sentence: str


def smallest_change(
    bundle: Bundle, known: Mapping[str, npt.ArrayLike], to: int | None = None
) -> list[Change]:
    """Return the smallest sufficient change of each known measure, in ascending order.

    Only values, and averages of them, that customers in the data have are proposed.

    to: the target segment; None for any but the present one. Whole numbers stay whole, and money is
    rounded away from the present value, so that the reported value does lead to the segment. Raises
    InputError as `posterior`.
    """
    given = known_of(bundle, known)
    now = int(_segments(bundle, given, 1)[0])
    if to == now or len(bundle.segments) == 1:
        return []
    nearest = [
        min(changes, key=lambda change: change.distance)
        for name in bundle.measures
        if name in given and (changes := _changes(bundle, given, name, now, to))
    ]
    return sorted(nearest, key=lambda change: change.distance)


def _changes(bundle: Bundle, given: Known, name: str, now: int, to: int | None) -> list[Change]:
    """Return the nearest change upwards and the nearest downwards, if any."""
    search = _Search(bundle, given, name, now, to)
    present = float(given[name][0])
    grid = search.grid()
    values = {other: float(given[other][0]) for other in bundle.measures if other in given}
    accepted = outside(bundle, values).keys() - {name}
    found = []
    for ordered in (grid[grid > present], grid[grid < present][::-1]):
        after = search.nearest(present, ordered)
        if after is not None and outside(bundle, values | {name: after}).keys() <= accepted:
            found.append(_change(bundle, given, name, present, after))
    return found


@dataclass(frozen=True)
class _Search:
    bundle: Bundle
    given: Known
    name: str
    now: int
    to: int | None

    def grid(self) -> Array:
        low, high = limits(self.bundle, self.name)
        if self.name in WHOLE:
            return np.arange(np.ceil(low), high + 1)
        return self._spread(low, high, POINTS)

    def nearest(self, present: float, ordered: Array) -> float | None:
        """Return the first value in the target segment, going away from the present one."""
        place = self._first(ordered)
        if place is None:
            return None
        if self.name in WHOLE:
            return float(ordered[place])
        inside, outside = (present, *ordered)[place], ordered[place]
        for _ in range(2):
            steps = self._spread(inside, outside, REFINED)
            place = self._first(steps) or len(steps) - 1
            inside, outside = steps[place - 1], steps[place]
        return self._rounded(float(outside), upwards=bool(outside > present))

    def _rounded(self, border: float, *, upwards: bool) -> float | None:
        """Return the value beyond the border, in the target segment, with the fewest digits."""
        digits = np.arange(FEWEST_DIGITS, MOST_DIGITS)
        size = np.floor(np.log10(max(abs(border), SMALLEST_COIN)))
        units = np.maximum(10.0 ** (size - digits + 1), SMALLEST_COIN)
        multiples = np.ceil(border / units) if upwards else np.floor(border / units)
        values = np.round(multiples * units, 2)
        low, high = limits(self.bundle, self.name)
        allowed = values[(values >= low) & (values <= high)]
        place = self._first(allowed)
        return None if place is None else float(allowed[place])

    def _first(self, values: Array) -> int | None:
        supposed = {other: np.repeat(column, len(values)) for other, column in self.given.items()}
        found = _segments(self.bundle, supposed | {self.name: values}, len(values))
        wanted = (found != self.now) if self.to is None else (found == self.to)
        return int(wanted.argmax()) if wanted.any() else None

    def _spread(self, first: float, last: float, count: int) -> Array:
        """Return values between two bounds, evenly spaced on the model's logarithmic scale."""
        return spread(first, last, count, log_offset(self.bundle, self.name))


def _segments(bundle: Bundle, known: Known, count: int) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = log_posterior(bundle, known, count).argmax(axis=1)
    return found


def _change(bundle: Bundle, given: Known, name: str, before: float, after: float) -> Change:
    changed = {**given, name: np.array([after])}
    segment = int(_segments(bundle, changed, 1)[0])
    label = bundle.label(name)
    new, old = written(bundle, name, after), written(bundle, name, before)
    return Change(
        name=name,
        label=label,
        before=before,
        after=after,
        segment=segment,
        distance=float(np.linalg.norm(_features(bundle, changed) - _features(bundle, given))),
        sentence=f"{label}: {new} instead of {old} makes it {bundle.segments[segment].name}.",
    )


def _features(bundle: Bundle, given: Known) -> Array:
    """Return the standardised features that can be computed from one customer's known inputs."""
    measures = {name: given[name] for name in bundle.measures if name in given}
    return np.array(
        [
            transformed(bundle, bundle.features[place], measures)[0] / bundle.scale[place]
            for place in known_features(bundle, measures)
        ]
    )
